"""The scenes of a performance and their file: read at the start and whenever it is saved, written when a scene is stored."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from drawstop.errors import DrawstopError
from realtime.controllers.parameters import ParameterStore
from realtime.controllers.scenes.file import ScenesFile
from realtime.controllers.scenes.scene import Scene
from realtime.controllers.scenes.scenes import Scenes
from realtime.inputs.file_watcher import FileWatcher


class LiveScenes:
    """Scenes that follow their file, and the thread that writes it.

    Args:
        parameters: moved by the scenes.
        path: the scenes file; it may not exist yet.
        show_line: takes lines for the user, from any thread.

    Attributes:
        scenes: the scenes of the performance.

    Raises:
        DrawstopError: the file can't be read.
    """

    def __init__(self, parameters: ParameterStore, path: Path, show_line: Callable[[str], None]) -> None:
        self._file, self._show_line = ScenesFile(path), show_line
        self._writer = ThreadPoolExecutor(1, "scenes")
        self._watcher = FileWatcher(path, self._reload)
        content = self._file.read()
        self.scenes = Scenes(
            parameters, content.scenes, corners=content.corners, on_change=self._save, show_line=show_line
        )

    def check(self) -> None:
        """Read the file again if it has changed."""
        self._watcher.check()

    def close(self) -> None:
        """Wait until everything is written."""
        self._writer.shutdown()

    def _reload(self) -> None:
        try:
            content = self._file.read()
        except DrawstopError as error:
            self._show_line(f"{error}; the scenes stay as they were")
        else:
            self.scenes.replace(content.scenes, content.corners)

    def _save(self, slug: str, scene: Scene | None, index: int) -> None:
        """Called in the thread that stores a scene, such as a MIDI input's, which must not wait for a disk."""
        self._writer.submit(self._write, slug, scene, index)

    def _write(self, slug: str, scene: Scene | None, index: int) -> None:
        try:
            self._file.save(slug, scene, index)
        except DrawstopError as error:
            self._show_line(str(error))
