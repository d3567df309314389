"""Scenes in their order, by name, slug or number."""

from collections.abc import Callable, Iterable

from drawstop.errors import DrawstopError
from realtime.controllers.scenes.scene import Scene, scene_slug

MOST_SCENES = 1024
"""More than any set has; a client that stores without end is stopped here."""

Keep = Callable[[str, Scene | None, int], None]
"""Told when a scene is stored (its slug, the scene, its place) or removed (None)."""


def keep_nothing(slug: str, scene: Scene | None, place: int) -> None:
    """For scenes that live as long as the program."""


class SceneList:
    """Scenes in their order. Not for several threads.

    Args:
        scenes: what there is at first; of two with one slug, the later one counts.
        keep: told of every change.
    """

    def __init__(self, scenes: Iterable[Scene], keep: Keep = keep_nothing) -> None:
        self._scenes = {scene.slug: scene for scene in scenes}
        self._keep = keep

    def replace(self, scenes: Iterable[Scene]) -> None:
        """Others; `keep` isn't told."""
        self._scenes = {scene.slug: scene for scene in scenes}

    @property
    def all(self) -> tuple[Scene, ...]:
        """Every scene, in order."""
        return tuple(self._scenes.values())

    def get(self, slug: str) -> Scene | None:
        """The scene of a slug, if there is one."""
        return self._scenes.get(slug)

    def place(self, slug: str) -> int:
        """A scene's number, from 0; a new one's, where there is none."""
        return list(self._scenes).index(slug) if slug in self._scenes else len(self._scenes)

    def find(self, which: str | int) -> Scene:
        """See `Scenes.find`."""
        if isinstance(which, int):
            if 0 <= which < len(self._scenes):
                return self.all[which]
            raise DrawstopError(f"no scene has the number {which}; there are {len(self._scenes)}, from 0")
        found = self._scenes.get(which) or self._scenes.get(scene_slug(which))
        if found is None:
            known = ", ".join(self._scenes) or "none; store one first"
            raise DrawstopError(f"no scene is called {which!r}; there are: {known}")
        return found

    def require_room(self, slug: str) -> None:
        """Refuse a new scene where there are too many."""
        if slug not in self._scenes and len(self._scenes) >= MOST_SCENES:
            raise DrawstopError(f"there are {MOST_SCENES} scenes already; remove some")

    def put(self, slug: str, scene: Scene | None, place: int) -> None:
        """Store a scene, a new one at a place; None: remove what is under the slug."""
        if scene is None:
            self._scenes.pop(slug, None)
        elif slug in self._scenes:
            self._scenes[slug] = scene
        else:
            others = list(self._scenes.items())
            self._scenes = dict([*others[:place], (slug, scene), *others[place:]])
        self._keep(slug, scene, place)
