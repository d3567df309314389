"""Writes the folder of patches, and the package for Max and Pd: all files are made and checked first, then written at once."""

import hashlib
import json
import shutil
from pathlib import Path

from drawstop import __version__
from drawstop.errors import DrawstopError
from drawstop.files import atomic_folder, sha256_file, write_json
from drawstop.instrument_description import InstrumentDescription
from export.patches.content import PatchContent
from export.patches.max.help_patches import help_patches
from export.patches.max.live_device import device_delay, live_device
from export.patches.max.play_patch import play_patch
from export.patches.pd.help_patches import help_canvases
from export.patches.pd.play_patch import play_canvas
from export.patches.readme import readme
from export.patches.supercollider import supercollider_file

MARKER = ".drawstop-patches.json"
"""Says that we wrote a folder, and each file's SHA-256; only such a folder, unchanged, is ever replaced."""
PACKAGE_MODELS = "misc"
"""Where a Max package keeps files that should be found by name."""


def patch_files(description: InstrumentDescription, file: str) -> dict[str, bytes]:
    """Every file of a folder of patches, by its path in it, for an instrument that lies there as `file`.

    Raises:
        DrawstopError: a file name or a description that patches can't be written for.
    """
    content = PatchContent(description, file)
    name = content.name
    files = {f"{name}.pd": play_canvas(content, file).render()}
    files |= {
        f"help/{name}-{part}.pd": c.render() for part, c in help_canvases(content, f"../{file}").items()
    }
    files |= {f"{name}.scd": supercollider_file(content, file)}
    files |= {f"{name}.maxpat": play_patch(content).maxpat(content)}
    files |= {
        f"help/{name}-{part}.maxpat": patch.maxpat(content) for part, patch in help_patches(content).items()
    }
    files |= {"README.md": readme(content)}
    device = {f"{name}.amxd": live_device(content).amxd(content, name, device_delay(content))}
    return {path: text.encode() for path, text in files.items()} | device


def package_files(description: InstrumentDescription, file: str) -> dict[str, bytes]:
    """Every file of the package but the instrument, which lies in `misc/`, where Max looks for it."""
    content = PatchContent(description, file)
    name, model = content.name, f"{PACKAGE_MODELS}/{file}"
    moved = {f"{name}.maxpat": f"patchers/{name}.maxpat", f"{name}.amxd": f"devices/{name}.amxd"}
    files = {moved.get(path, path): data for path, data in patch_files(description, file).items()}
    texts = {f"{name}.pd": play_canvas(content, model).render()}
    texts |= {f"{name}.scd": supercollider_file(content, model)}
    texts |= {"README.md": readme(content, package=True)}
    texts |= {
        f"help/{name}-{part}.pd": c.render() for part, c in help_canvases(content, f"../{model}").items()
    }
    texts |= {"package-info.json": _package_info(content)}
    return files | {path: text.encode() for path, text in texts.items()}


def write_patches(description: InstrumentDescription, file: str, out: Path) -> None:
    """Write the folder of patches, whole or not at all. An instrument that lies there as `file` stays.

    Raises:
        DrawstopError: bad input, or `out` holds anything else that we didn't write.
    """
    instrument = out / file
    _write(
        patch_files(description, file),
        out,
        {file: instrument} if instrument.is_file() else {},
        unchecked=file,
    )


def write_package(description: InstrumentDescription, instrument: Path, out: Path) -> None:
    """Write the package with a copy of the instrument, whole or not at all. Raises as `write_patches`."""
    copied = f"{PACKAGE_MODELS}/{instrument.name}"
    _write(package_files(description, instrument.name), out, {copied: instrument}, unchecked=copied)


def _write(files: dict[str, bytes], out: Path, copies: dict[str, Path], unchecked: str) -> None:
    _refuse_changed(out, unchecked)
    with atomic_folder(out, marker=MARKER) as beside:
        for path, data in files.items():
            _in_its_folder(beside / path).write_bytes(data)
        for path, source in copies.items():
            shutil.copyfile(source, _in_its_folder(beside / path))
        write_json(beside / MARKER, {path: hashlib.sha256(data).hexdigest() for path, data in files.items()})


def _refuse_changed(out: Path, unchecked: str) -> None:
    """Raise DrawstopError naming a file in our folder that isn't as we wrote it: it holds somebody's work."""
    marker = out / MARKER
    if not marker.is_file():
        return  # atomic_folder refuses a folder that isn't ours, unless it is empty
    try:
        written = dict(json.loads(marker.read_text("utf-8")))
    except (ValueError, TypeError) as error:
        raise DrawstopError(f"{marker} is damaged; give another folder with -o") from error
    for path in sorted(path for path in out.rglob("*") if not path.is_dir() and path != marker):
        name = path.relative_to(out).as_posix()
        if name != unchecked and sha256_file(path) != written.get(name):
            raise DrawstopError(f"{path} was changed or isn't ours to replace; give another folder with -o")


def _in_its_folder(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def _package_info(content: PatchContent) -> str:
    """The text of package-info.json, which Max shows; the keys are Cycling '74's."""
    info = {
        "author": "Drawstop",
        "description": f"The instrument {content.file}: {', '.join(stop.name for stop in content.stops)}. Needs nn~.",
        "max_version_min": "8.0",
        "name": content.name,
        "tags": ["audio", "effect", "nn~"],
        "version": __version__,
    }
    return json.dumps(info, indent=1) + "\n"
