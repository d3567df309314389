"""Scenes in their order, found by name, slug or number."""

from collections.abc import Callable, Iterable

from drawstop.errors import DrawstopError
from realtime.controllers.scenes.scene import Scene, scene_slug

MOST_SCENES = 1024
"""More than any set has; a client that stores without end is stopped here."""

SceneListener = Callable[[str, Scene | None, int], None]
"""Called when a scene is stored (its slug, the scene, its index) or removed (None in place of the scene)."""


def ignore_change(slug: str, scene: Scene | None, index: int) -> None:
    """The listener of scenes that aren't saved: does nothing."""


class SceneList:
    """Scenes in their order. Not safe to use from several threads.

    Args:
        scenes: the scenes at the start; of two with one slug, the later one counts.
        on_change: called after every change.
    """

    def __init__(self, scenes: Iterable[Scene], on_change: SceneListener = ignore_change) -> None:
        self._scenes = {scene.slug: scene for scene in scenes}
        self._on_change = on_change

    def replace(self, scenes: Iterable[Scene]) -> None:
        """Use other scenes, without calling `on_change`."""
        self._scenes = {scene.slug: scene for scene in scenes}

    @property
    def all(self) -> tuple[Scene, ...]:
        """Every scene, in order."""
        return tuple(self._scenes.values())

    def get(self, slug: str) -> Scene | None:
        """The scene with a slug, if there is one."""
        return self._scenes.get(slug)

    def index(self, slug: str) -> int:
        """A scene's number, from 0; for a slug that isn't in the list, the number that a new scene gets."""
        return list(self._scenes).index(slug) if slug in self._scenes else len(self._scenes)

    def find(self, which: str | int) -> Scene:
        """The scene with a name, slug or number. Raises DrawstopError if there is none."""
        if isinstance(which, int):
            if 0 <= which < len(self._scenes):
                return self.all[which]
            raise DrawstopError(f"no scene has the number {which}; there are {len(self._scenes)}, from 0")
        scene = self._scenes.get(which) or self._scenes.get(scene_slug(which))
        if scene is None:
            known = ", ".join(self._scenes) or "none; store one first"
            raise DrawstopError(f"no scene is called {which!r}; there are: {known}")
        return scene

    def require_room(self, slug: str) -> None:
        """Refuse a new scene if there are too many."""
        if slug not in self._scenes and len(self._scenes) >= MOST_SCENES:
            raise DrawstopError(f"there are {MOST_SCENES} scenes already; remove some")

    def put(self, slug: str, scene: Scene | None, index: int) -> None:
        """Store a scene, at `index` if its slug is new; None: remove the scene with this slug."""
        if scene is None:
            self._scenes.pop(slug, None)
        elif slug in self._scenes:
            self._scenes[slug] = scene
        else:
            others = list(self._scenes.items())
            self._scenes = dict([*others[:index], (slug, scene), *others[index:]])
        self._on_change(slug, scene, index)
