"""A tiny, random, variational RAVE, built from acids-rave's own configurations and exported by its own class.

    python tests/tiny_variational.py OUT.ts

A process of its own: gin's bindings, cached_conv's switches and the export script's side effects are global.
"""

import sys
import warnings

warnings.simplefilter("ignore")


def main(out: str) -> None:
    import cached_conv as cc
    import gin
    import torch
    from absl import flags

    flags.FLAGS(["export"], known_only=True)
    cc.use_cached_conv(True)
    cc.convs.MAX_BATCH_SIZE = 4
    import rave
    from scripts.export import VariationalScriptedRAVE

    gin.add_config_file_search_path(rave.__path__[0])
    small = ["CAPACITY = 4", "LATENT_SIZE = 8", "RATIOS = [4, 4, 2]", "DILATIONS = [[1, 3], [1, 3], [1]]"]
    with gin.unlock_config():
        gin.parse_config_files_and_bindings(["configs/v2.gin", "configs/causal.gin"], small)
    torch.manual_seed(0)
    model = rave.RAVE()
    model.latent_pca.copy_(torch.linalg.qr(torch.randn(8, 8)).Q)
    model.latent_mean.copy_(torch.randn(8))
    model.fidelity.copy_(torch.linspace(0.5, 1.0, 8))
    model.eval()
    for module in model.modules():
        if hasattr(module, "weight_g"):
            torch.nn.utils.remove_weight_norm(module)
    scripted = VariationalScriptedRAVE(pretrained=model, channels=1, fidelity=0.75)
    scripted.decode(scripted.encode(torch.zeros(1, 1, 2**14)))
    scripted.export_to_ts(out)


if __name__ == "__main__":
    main(sys.argv[1])
