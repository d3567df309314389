"""The folder of patches, and the package for Max and Pd: every file checked, then all of them at once."""

import json
import shutil
from pathlib import Path

from drawstop import __version__
from drawstop.base.description import InstrumentDescription
from drawstop.base.files import atomic_folder
from export.patches.max_help import help_patches
from export.patches.max_live import device_delay, live_device
from export.patches.max_play import play_patch
from export.patches.pd_help import help_canvases
from export.patches.pd_play import play_canvas
from export.patches.plan import Plan
from export.patches.readme import readme

MARKER = ".drawstop-patches.json"
"""Says that we wrote a folder, and which files; only such a folder is ever replaced."""
PACKAGE_MODELS = "misc"
"""Where a Max package keeps files that should be found by name."""


def patch_files(description: InstrumentDescription, file: str) -> dict[str, bytes]:
    """Every file of a folder of patches, by its path in it, for an instrument that lies there as `file`.

    Raises:
        DrawstopError: a file name or a description that patches can't be written for.
    """
    plan = Plan(description, file)
    name = plan.name
    files = {f"{name}.pd": play_canvas(plan, file).render()}
    files |= {f"help/{name}-{part}.pd": c.render() for part, c in help_canvases(plan, f"../{file}").items()}
    files |= {f"{name}.maxpat": play_patch(plan).maxpat(plan)}
    files |= {f"help/{name}-{part}.maxpat": patch.maxpat(plan) for part, patch in help_patches(plan).items()}
    files |= {"README.md": readme(plan)}
    device = {f"{name}.amxd": live_device(plan).amxd(plan, name, device_delay(plan))}
    return {path: text.encode() for path, text in files.items()} | device


def package_files(description: InstrumentDescription, file: str) -> dict[str, bytes]:
    """Every file of the package but the instrument, which lies in `misc/`, where Max looks for it."""
    plan = Plan(description, file)
    name, model = plan.name, f"{PACKAGE_MODELS}/{file}"
    places = {f"{name}.maxpat": f"patchers/{name}.maxpat", f"{name}.amxd": f"devices/{name}.amxd"}
    files = {places.get(path, path): data for path, data in patch_files(description, file).items()}
    texts = {f"{name}.pd": play_canvas(plan, model).render(), "README.md": readme(plan, package=True)}
    texts |= {f"help/{name}-{part}.pd": c.render() for part, c in help_canvases(plan, f"../{model}").items()}
    texts |= {"package-info.json": _package_info(plan)}
    return files | {path: text.encode() for path, text in texts.items()}


def write_patches(description: InstrumentDescription, file: str, out: Path) -> None:
    """Writes the folder of patches, whole or not at all.

    Raises:
        DrawstopError: bad input, or `out` holds files that we didn't write.
    """
    _write(patch_files(description, file), out, None)


def write_package(description: InstrumentDescription, instrument: Path, out: Path) -> None:
    """Writes the package with a copy of the instrument, whole or not at all. Raises as `write_patches`."""
    _write(package_files(description, instrument.name), out, instrument)


def _write(files: dict[str, bytes], out: Path, instrument: Path | None) -> None:
    _refuse_strangers(out)
    listed = sorted([*files, *([f"{PACKAGE_MODELS}/{instrument.name}"] if instrument else [])])
    with atomic_folder(out, marker=MARKER) as beside:
        for path, data in files.items():
            target = beside / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)
        if instrument is not None:
            target = beside / PACKAGE_MODELS / instrument.name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(instrument, target)
        (beside / MARKER).write_text(json.dumps({"files": listed}, indent=1) + "\n", encoding="utf-8")
