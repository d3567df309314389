"""Exports by acids-rave 2.1 and 2.2, small and random, as their own `rave export` writes them (just old-raves).

Runs in an environment of its own, which has one of those versions: python bench/instrument/old_raves.py FOLDER
"""

import argparse
import os
import subprocess
import sys
from pathlib import Path

NARROW = ("CAPACITY = 4", "LATENT_SIZE = 16")
ROWS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "v1": (("v1",), ()),
    "v1_causal": (("v1", "causal"), ()),
    "v2": (("v2",), ()),
    "v2_causal": (("v2", "causal"), ()),
    "v2_noise_causal": (("v2", "noise", "causal"), ()),
    "raspberry": (("raspberry",), ()),
    "wasserstein": (("v2", "wasserstein", "causal"), ("NOISE_AUGMENTATION = 8",)),
    "discrete": (("discrete",), ("NUM_QUANTIZERS = 4", "CODEBOOK_SIZE = 32")),
    "v3": (("v3",), ()),
}
"""Configurations of `rave train --config`, and bindings that keep the kinds and make them small. v3 came with 2.2."""
WAYS: dict[str, tuple[str, ...]] = {
    "offline": (),
    "streaming": ("--streaming",),
    "streaming_stereo": ("--streaming", "--stereo"),
    "streaming_resampled": ("--streaming", "--sr=88200"),
}
"""Options of `rave export`. Its stereo decodes twice what was encoded once."""
FIDELITY_DECAY = 0.6


def write_run(folder: Path, configs: tuple[str, ...], bindings: tuple[str, ...]) -> None:
    """A run with random weights, as `rave train` leaves it: config.gin and a checkpoint."""
    import cached_conv
    import gin
    import rave
    import torch

    cached_conv.use_cached_conv(False)
    torch.manual_seed(0)
    gin.parse_config_files_and_bindings([f"configs/{name}.gin" for name in configs], [*NARROW, *bindings])
    model = rave.RAVE()
    with torch.no_grad():
        if hasattr(model, "latent_pca"):
            model.latent_pca.copy_(torch.linalg.qr(torch.randn_like(model.latent_pca)).Q)
            unexplained = FIDELITY_DECAY ** torch.arange(1, model.latent_size + 1)
            model.fidelity.copy_((1 - unexplained) / (1 - unexplained[-1]))
    place = folder / "version_0" / "checkpoints"
    place.mkdir(parents=True, exist_ok=True)
    (folder / "config.gin").write_text(gin.operative_config_str())
    torch.save({"state_dict": model.state_dict(), "callbacks": {}}, place / "best.ckpt")


def export_one(folder: Path, row: str, way: str) -> None:
    """Writes the run and exports it with the version's own script; gin and absl are global, so each has its process."""
    from absl import flags

    from scripts import export  # isort: skip

    run = folder / way / row
    write_run(run, *ROWS[row])
    import gin

    gin.clear_config()
    flags.FLAGS(["export", f"--run={run}", "--fidelity=0.95", *WAYS[way]])
    export.main([])


def main() -> None:
    """All rows, each in a process; prints the path of each file, or why there is none."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--only", nargs=2, metavar=("ROW", "WAY"))
    arguments = parser.parse_args()
    if arguments.only:
        export_one(arguments.folder.resolve(), *arguments.only)
        return
    for row in ROWS:
        for way in WAYS:
            if way not in ("offline", "streaming") and row != "v2_causal":
                continue
            command = [sys.executable, __file__, str(arguments.folder), "--only", row, way]
            done = subprocess.run(
                command, capture_output=True, text=True, env=os.environ | {"OMP_NUM_THREADS": "1"}
            )
            files = list((arguments.folder / way / row).glob("*.ts"))
            last = done.stderr.strip().splitlines()[-1:] or ["no file"]
            print(f"{row} {way}: {files[0] if files and not done.returncode else last[0]}", flush=True)


if __name__ == "__main__":
    main()
