"""What becomes of exported RAVEs: each is baked with a random bank and verified, or refused, and a block rendered.

python -m bench.instrument.exports FOLDER: a line for every .ts below it (just old-raves).
"""

import argparse
import tempfile
from pathlib import Path

import torch

from bench.instrument.random_bank import random_bank
from drawstop.errors import DrawstopError
from export.instrument.bake import bake
from training.banks.bank import save_bank
from training.models.rave.load import load_script
from training.models.rave.model import RaveModel

BLOCKS = 8
STOPS = 2


def outcome(path: Path) -> str:
    """The instrument's checks and the level of what it plays of noise, or the line that a user is given.

    Without torch's optimiser, which takes seconds for each method and shape, and gives the same bits.
    """
    unoptimised = torch.jit.optimized_execution(False)  # type: ignore[attr-defined]
    with tempfile.TemporaryDirectory() as folder, unoptimised:
        try:
            save_bank(Path(folder) / "bank", random_bank(RaveModel(path), STOPS))
            baked = bake(path, [Path(folder) / "bank"], Path(folder) / "organ.ts")
        except DrawstopError as error:
            return f"refused: {str(error).replace(str(path), path.name)}"
        script = load_script(baked.path)
        play = next(each for each in baked.description.methods if each.name == "forward")
        sound = 0.1 * torch.randn(
            1, len(play.inlets), BLOCKS * 2048, generator=torch.Generator().manual_seed(0)
        )
        with torch.no_grad():
            level = float(script.forward(sound).square().mean().sqrt())
        passed = sum(check.passed for check in baked.checks)
        return f"plays: {passed} of {len(baked.checks)} checks passed, rms {level:.2g}"


def main() -> None:
    """Prints a line for each file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    torch.set_num_threads(1)
    folder = parser.parse_args().folder
    for path in sorted(folder.rglob("*.ts")):
        print(f"{path.relative_to(folder)}: {outcome(path)}", flush=True)


if __name__ == "__main__":
    main()
