"""Scenes meet the instrument that is there: what it hasn't is left out, and told once."""

from collections.abc import Callable, Mapping

from drawstop.base.errors import DrawstopError
from realtime.controls.hub import ControlHub
from realtime.controls.scene import Scene, within


class SceneMoves:
    """Moves those stops of scenes that are here. They may go away with their instrument at any moment.

    Args:
        hub: moves them.
        tell: for people; told once for each scene and stop.
    """

    def __init__(self, hub: ControlHub, tell: Callable[[str], None]) -> None:
        self._hub, self._tell = hub, tell
        self._told = set[tuple[str, str]]()

    def here(self, scene: Scene) -> dict[str, float]:
        """A scene's values for the stops that are here, within their ranges."""
        targets = self._hub.targets
        away = [slug for slug in scene.values if slug not in targets and (scene.slug, slug) not in self._told]
        if away:
            self._told |= {(scene.slug, slug) for slug in away}
            self._tell(f"scene {scene.slug}: not in this instrument, left out: {', '.join(away)}")
        return {slug: within(targets[slug], value) for slug, value in scene.values.items() if slug in targets}

    def send(
        self,
        values: Mapping[str, float],
        source: str,
        *,
        origin: object = None,
        at: float | None = None,
        seconds: float = 0.0,
    ) -> tuple[dict[str, float], dict[str, float]]:
        """Move what is here; gives where that stood, and where it goes."""
        while True:
            targets = self._hub.targets
            stood = self._hub.values
            sent = {
                slug: within(targets[slug], value)
                for slug, value in values.items()
                if slug in targets and slug in stood
            }
            try:
                self._hub.move(sent, source, origin=origin, at=at, seconds=seconds)
            except DrawstopError:
                if sent.keys() <= self._hub.targets.keys():
                    raise
            else:
                return {slug: stood[slug] for slug in sent}, sent
