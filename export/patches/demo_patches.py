"""The demo instrument's own patches, in `patches/`: written by `python -m export.patches.demo_patches`, or compared with
--check."""

import sys
from pathlib import Path

from drawstop.instrument_description import InstrumentDescription
from export.patches.write import MARKER, patch_files, write_patches

REPOSITORY = Path(__file__).parents[2]
FOLDER = REPOSITORY / "patches"
FILE = "instrument.ts"
"""The name that `drawstop demo` gives to its instrument."""


def demo_description() -> InstrumentDescription:
    """The description of the demo's instrument, from the shipped model and bank, without a bake."""
    from export.instrument.bake import describe
    from training.banks.bank import bank_fingerprint
    from training.banks.separated_bank import load_separated_bank
    from training.models.rave.model import RaveModel
    from training.shipped import SHIPPED_BANK, SHIPPED_RAVE

    model = RaveModel(SHIPPED_RAVE)
    bank = load_separated_bank(SHIPPED_BANK, model.fingerprint)
    return describe(model, [bank], Path(FILE).stem, bank_fingerprint(SHIPPED_BANK))


def stale(description: InstrumentDescription, folder: Path) -> list[str]:
    """Files of the folder that are missing, differ, or should not be there."""
    current = patch_files(description, FILE)
    present = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()} - {MARKER}
    differing = [
        path for path, data in current.items() if path not in present or (folder / path).read_bytes() != data
    ]
    return sorted([*differing, *(present - set(current))])


def main(arguments: list[str]) -> int:
    """Write or check the patches; gives the process's exit status."""
    description = demo_description()
    if "--check" not in arguments:
        write_patches(description, FILE, FOLDER)
        return 0
    outdated = stale(description, FOLDER)
    for name in outdated:
        sys.stderr.write(f"patches/{name} is stale: run `uv run just fix`\n")
    return int(bool(outdated))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
