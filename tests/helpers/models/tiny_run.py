"""Tiny RAVE training runs with random weights, made by acids-rave's own modules: config.gin and a checkpoint."""

import warnings
from collections.abc import Sequence
from pathlib import Path

import torch

SMALL = ("CAPACITY = 4", "LATENT_SIZE = 8", "RATIOS = [4, 4, 2]", "DILATIONS = [[1, 3], [1, 3], [1]]")


def write_tiny_run(folder: Path, configs: Sequence[str] = (), *, second_phase: bool = False) -> Path:
    """A v2, causal run in `folder`, as `rave train` would leave it; gives the folder.

    Its latent means have an rms near 1, as a trained one's; without that, the posterior's noise would drown them.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import cached_conv
        import gin
        import rave

        cached_conv.use_cached_conv(False)
        gin.clear_config()
        files = [f"configs/{name}.gin" for name in ("v2", "causal", *configs)]
        gin.parse_config_files_and_bindings(files, [*SMALL, "RAVE.n_channels = 1"])
        with torch.random.fork_rng():
            torch.manual_seed(0)
            model = rave.RAVE()
            operative = gin.operative_config_str()
            gin.clear_config()
            with torch.no_grad():
                sound = 0.1 * torch.randn(1, 1, 2**15)
                last = model.encoder.encoder.net[-1]
                means = model.encode(sound)[:, :8]
                last.weight_g[:8] /= means.square().mean().sqrt()
    model.latent_mean.fill_(0.5)
    model.encoder.set_warmed_up(second_phase)
    checkpoint = folder / "version_0" / "checkpoints" / "best.ckpt"
    checkpoint.parent.mkdir(parents=True)
    (folder / "config.gin").write_text(operative)
    state = {
        "epoch": 1,
        "global_step": 100,
        "pytorch-lightning_version": "1.9.0",
        "state_dict": model.state_dict(),
    }
    torch.save(state | {"callbacks": {"EMA": {}}, "optimizer_states": []}, checkpoint)
    return folder
