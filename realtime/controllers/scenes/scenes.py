"""Scenes of the stops: stored, recalled at once or over time, mixed by a knob or on a pad, undone.

Every movement goes through the hub, so that faders and surfaces follow; a timed one is a glide, exact in the engine.
"""

import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence

from drawstop.errors import DrawstopError
from realtime.controllers.midi.clock import Tempo
from realtime.controllers.parameters import ControlHub
from realtime.controllers.scenes.scene import (
    CORNERS,
    Scene,
    check_times,
    corner_weights,
    mixed,
    scene_slug,
    share,
    shares,
    within,
)
from realtime.controllers.scenes.scene_list import Keep, SceneList, keep_nothing
from realtime.controllers.scenes.undo import History, Kept, Morph


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


class Scenes:
    """The scenes of a set, in their order. Safe to use from several threads.

    A scene that names stops which this instrument hasn't is recalled without them; they stay in the scene.

    One step to undo is: a recall, a store, a removal, or a morph's gesture. A gesture is every movement between
    the same scenes until another step, `end_gesture`, or a rest of 1 s.

    Args:
        hub: moves the stops.
        scenes: what there is at first.
        corners: the slugs of the pad's scenes: (0, 0), (1, 0), (0, 1), (1, 1).
        tempo: makes beats seconds.
        keep: writes what is stored and removed.
        tell: for people: what a recall left out, once for each scene and stop.
        clock: seconds, for the end of a gesture.
    """

    def __init__(
        self,
        hub: ControlHub,
        scenes: Iterable[Scene] = (),
        *,
        corners: Sequence[str] = (),
        tempo: Tempo | None = None,
        keep: Keep = keep_nothing,
        tell: Callable[[str], None] = lambda message: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.tempo = tempo or Tempo()
        self.corners = tuple(corners)
        self._hub, self._clock = hub, clock
        self._moves = SceneMoves(hub, tell)
        self._lock = threading.RLock()
        self._list = SceneList(scenes, keep)
        self._history = History()

    def replace(self, scenes: Iterable[Scene], corners: Sequence[str] = ()) -> None:
        """Other scenes, as when their file was edited. No stop moves; the steps to undo stay."""
        with self._lock:
            self._list.replace(scenes)
            self.corners = tuple(corners)

    @property
    def all(self) -> tuple[Scene, ...]:
        """Every scene, in order."""
        with self._lock:
            return self._list.all

    def find(self, which: str | int) -> Scene:
        """A scene by its name or slug, or by its number: the first is 0, as in a program change.

        Raises:
            DrawstopError: there is none.
        """
        with self._lock:
            return self._list.find(which)

    def store(
        self, name: str, *, faders: bool = False, seconds: float | None = None, beats: float | None = None
    ) -> Scene:
        """Keep where all stops stand, under a name; a scene of that slug is replaced, at its place.

        What the replaced scene says of stops that aren't here stays, so do its time and the faders it names.

        Args:
            name: for people; see `scene_slug`.
            faders: the desk's too (`engine.wet`).
            seconds: how long its recall shall take.
            beats: the same in beats.

        Raises:
            DrawstopError: a name or time that can't be, too many scenes, or what `keep` raises; then it is stored
                all the same, but not in the file.
        """
        with self._lock:
            self._list.require_room(scene_slug(name))
            before = self._list.get(scene_slug(name))
            old = before.values if before else {}
            now = {
                slug: value
                for slug, value in self._hub.values.items()
                if faders or "." not in slug or slug in old
            }
            if before and seconds is None and beats is None:
                seconds, beats = before.seconds, before.beats
            scene = Scene(name, {**old, **now}, seconds, beats)
            self._keep_step(f"store {scene.slug}", scene.slug, scene)
            return scene

    def remove(self, which: str | int) -> None:
        """Forget a scene. Raises DrawstopError where there is none, and for a corner of the pad."""
        with self._lock:
            slug = self.find(which).slug
            if slug in self.corners:
                raise DrawstopError(f"scene {slug!r} is a corner of the pad; give the pad another one first")
            self._keep_step(f"remove {slug}", slug, None)

    def recall(
        self,
        which: str | int,
        seconds: float | None = None,
        *,
        beats: float | None = None,
        source: str | None = None,
        origin: object = None,
        at: float | None = None,
    ) -> Scene:
        """Send the stops to a scene.

        Args:
            which: name, slug or number.
            seconds: how long the way takes; None: the scene's own time, else at once.
            beats: the same at the present tempo.
            source: who does it, for people; None: "scene <slug>".
            origin: see `ControlHub.move`.
            at: see `ControlHub.move`.

        Raises:
            DrawstopError: no such scene, or a time that can't be; then nothing moves.
        """
        with self._lock:
            scene = self.find(which)
            check_times(seconds, beats)
            if seconds is None and beats is None:
                seconds, beats = scene.seconds, scene.beats
            if beats is not None:
                seconds = self.tempo.seconds(beats)
            values = self._moves.here(scene)
            step = self._history.begin(f"scene {scene.slug}", None)
            who = source or step.what
            step.note(*self._moves.send(values, who, origin=origin, at=at, seconds=seconds or 0.0))
            return scene

    def morph(
        self, first: str | int, second: str | int, x: float, *, origin: object = None, at: float | None = None
    ) -> None:
        """Between two scenes: 0 is the first, 1 the second. See `morph_many`."""
        x = share(x)
        self._mix([(first, 1 - x), (second, x)], origin, at)

    def pad(
        self,
        x: float,
        y: float,
        corners: Sequence[str | int] | None = None,
        *,
        origin: object = None,
        at: float | None = None,
    ) -> None:
        """Between four scenes, at (0, 0), (1, 0), (0, 1), (1, 1); None: the set's own corners. See `morph_many`."""
        corners = self.corners if corners is None else corners
        if len(corners) != CORNERS:
            raise DrawstopError(
                f"a pad has {CORNERS} scenes as corners, got {len(corners)}; name them: pad = [...]"
            )
        self._mix(list(zip(corners, corner_weights(x, y), strict=True)), origin, at)

    def morph_many(
        self, weights: Mapping[str, float], *, origin: object = None, at: float | None = None
    ) -> None:
        """The weighted mean of some scenes.

        With all weight on one scene, everything stands as if that scene had been recalled before the morph began:
        in a scene that doesn't name a stop, it has the value that it had then. That holds until something else
        is recalled, mixed or undone.

        Args:
            weights: by name or slug, 0 or more, of any sum. Scenes of weight 0 belong to the mixture too.
            origin: see `ControlHub.move`.
            at: see `ControlHub.move`.

        Raises:
            DrawstopError: no such scene, or weights that can't be; then nothing moves.
        """
        self._mix(list(weights.items()), origin, at)

    def end_gesture(self) -> None:
        """The hand has left the knob or the pad: its next movement is another step to undo."""
        with self._lock:
            self._history.end_gesture()

    def undo(self, seconds: float = 0.0, *, origin: object = None) -> str | None:
        """Take the last step back: the stops that it moved go where they stood before. Gives what was undone."""
        return self._travel(True, seconds, origin)

    def redo(self, seconds: float = 0.0, *, origin: object = None) -> str | None:
        """Do again what was undone last. Gives what was done."""
        return self._travel(False, seconds, origin)

    def _travel(self, back: bool, seconds: float, origin: object) -> str | None:
        check_times(seconds, None)
        with self._lock:
            step = self._history.undo() if back else self._history.redo()
            if step is None:
                return None
            values, word = (step.before, "undo") if back else (step.after, "redo")
            self._moves.send(values, f"{word} {step.what}", origin=origin, seconds=seconds)
            if step.kept:
                scene = step.kept.before if back else step.kept.after
                self._list.put(step.kept.slug, scene, step.kept.place)
            return step.what

    def _mix(self, weights: Sequence[tuple[str | int, float]], origin: object, at: float | None) -> None:
        with self._lock:
            by_slug: dict[str, float] = {}
            for which, weight in weights:
                slug = self.find(which).slug
                by_slug[slug] = by_slug.get(slug, 0.0) + weight
            mixture = shares(by_slug)
            morph = self._history.morph
            if morph is None or morph.slugs != mixture.keys():
                morph = Morph(frozenset(mixture))
            here = [(self._moves.here(self.find(slug)), weight) for slug, weight in mixture.items()]
            morph.base = self._hub.values | morph.base
            step = self._history.move_on("morph " + " ".join(sorted(mixture)), morph, self._clock())
            step.note(*self._moves.send(mixed(here, morph.base), step.what, origin=origin, at=at))

    def _keep_step(self, what: str, slug: str, scene: Scene | None) -> None:
        place = self._list.place(slug)
        self._history.begin(what, self._history.morph).kept = Kept(slug, self._list.get(slug), scene, place)
        self._list.put(slug, scene, place)
