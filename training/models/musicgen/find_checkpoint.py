"""A MusicGen's checkpoint by its folder or name, in audiocraft's format or in that of transformers."""

from pathlib import Path

from training.models.musicgen.checkpoint import LM_FILE, SHORT_NAMES, Checkpoint, audiocraft_checkpoint
from training.models.musicgen.transformers_folder import is_transformers_folder, read_transformers


def find_checkpoint(name: str | Path) -> Checkpoint:
    """A checkpoint by its folder or its name on the hub; a folder that has both formats is read in audiocraft's.

    Raises:
        DrawstopError: as `audiocraft_checkpoint` and `read_transformers`.
    """
    name = SHORT_NAMES.get(str(name), str(name))
    folder = Path(name)
    if is_transformers_folder(folder) and not (folder / LM_FILE).is_file():
        return read_transformers(folder)
    return audiocraft_checkpoint(name)
