"""Opens a model by a path or name: a RAVE's file, its training run, a MusicGen's folder or name."""

from pathlib import Path
from typing import TYPE_CHECKING

from training.models.protocols import LayeredModel
from training.models.rave.export_run import CONFIG, export_run
from training.models.rave.model import RaveModel

if TYPE_CHECKING:
    from training.models.musicgen.model import MusicGenModel


def open_rave(path: Path, site: str) -> RaveModel:
    """A RAVE at one of its sites, from its `.ts`, or from a run's folder, which acids-rave exports first."""
    return RaveModel(export_run(path) if path.is_dir() else path, site)


def open_layered(path: Path, device: str = "auto") -> LayeredModel:
    """A model whose layers can be read: a RAVE (on the CPU), or a MusicGen. Raises DrawstopError for what is neither."""
    if is_musicgen(path):
        from training.models.musicgen.layer_model import MusicGenLayers

        return MusicGenLayers(open_musicgen(path, device))
    return open_rave(path, "latent")


def open_musicgen(path: Path, device: str = "auto") -> "MusicGenModel":
    """A MusicGen from a folder or by its name on the hub. Raises DrawstopError."""
    from training.models.musicgen.model import MusicGenModel

    return MusicGenModel(str(path), device)


def is_musicgen(path: Path) -> bool:
    """Says whether a path can't be a RAVE: a folder without a RAVE's run, or a name without a file (small, facebook/…)."""
    if path.is_dir():
        return (path / "state_dict.bin").is_file() or not list(path.rglob(CONFIG))
    return not path.exists() and path.suffix != ".ts"
