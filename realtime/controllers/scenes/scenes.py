"""Scenes of the stops: stored, recalled at once or over time, mixed by a knob or on a pad, undone.

All movements go through the parameter store, so that motor faders and control surfaces follow; a timed recall is one
ramp of the engine, exact to the sample.
"""

import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

from drawstop.errors import DrawstopError
from realtime.controllers.midi.clock import Tempo
from realtime.controllers.parameters import ParameterStore
from realtime.controllers.scenes.scene import (
    CORNERS,
    Scene,
    check_times,
    clipped,
    corner_weights,
    mixed,
    scene_slug,
    share,
)
from realtime.controllers.scenes.scene_list import SceneList, SceneListener, ignore_change
from realtime.controllers.scenes.undo import History, Morph, SceneChange, Step


class Scenes:
    """The scenes of a set, in their order. Safe to use from several threads.

    A scene may name stops that the present instrument lacks: a recall leaves them out, the scene keeps them.

    One step to undo is: a recall, a store, a removal, or a morph's gesture. A gesture is every movement between
    the same scenes until another step, `end_gesture`, or a pause of 1 s.

    Args:
        parameters: moved by recalls and morphs.
        scenes: the scenes at the start.
        corners: the slugs of the pad's scenes: (0, 0), (1, 0), (0, 1), (1, 1).
        tempo: converts beats to seconds.
        on_change: called when a scene is stored or removed.
        show_line: takes lines for the user: the stops that a recall left out, once for each scene and stop.
        clock: seconds, for the end of a gesture.
    """

    def __init__(
        self,
        parameters: ParameterStore,
        scenes: Iterable[Scene] = (),
        *,
        corners: Sequence[str] = (),
        tempo: Tempo | None = None,
        on_change: SceneListener = ignore_change,
        show_line: Callable[[str], None] = lambda line: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.tempo = tempo or Tempo()
        self.corners = tuple(corners)
        self._parameters, self._show_line, self._clock = parameters, show_line, clock
        self._lock = threading.RLock()
        self._list = SceneList(scenes, on_change)
        self._history = History()
        self._recalled: str | None = None
        self._reported = set[tuple[str, str]]()

    def replace(self, scenes: Iterable[Scene], corners: Sequence[str] = ()) -> None:
        """Use other scenes, when their file was edited. No stop moves; the steps to undo stay."""
        with self._lock:
            self._list.replace(scenes)
            self.corners = tuple(corners)

    @property
    def all(self) -> tuple[Scene, ...]:
        """Every scene, in order."""
        with self._lock:
            return self._list.all

    @property
    def recalled(self) -> str:
        """The slug of the scene that was recalled last; empty if none was."""
        return self._recalled or ""

    def find(self, which: str | int) -> Scene:
        """The scene with a name, slug or number: the first is 0, as in a program change.

        Raises:
            DrawstopError: there is none.
        """
        with self._lock:
            return self._list.find(which)

    def store(
        self,
        name: str,
        *,
        engine_parameters: bool = False,
        seconds: float | None = None,
        beats: float | None = None,
    ) -> Scene:
        """Store the values of all stops under a name. A scene with the same slug is replaced and keeps its index.

        A replaced scene's values of stops that this instrument lacks stay, and so do its duration and the engine
        parameters that it names.

        Args:
            name: for people; `scene_slug` makes the slug of it.
            engine_parameters: whether to store the engine's parameters (`engine.wet`) too.
            seconds: the duration of its recall.
            beats: the same in beats.

        Raises:
            DrawstopError: a name or duration that is refused, too many scenes, or an error of `on_change`; after an
                error of `on_change` the scene is stored, but not in the file.
        """
        with self._lock:
            self._list.require_room(scene_slug(name))
            old = self._list.get(scene_slug(name))
            old_values = old.values if old else {}
            values = {
                slug: value
                for slug, value in self._parameters.values.items()
                if engine_parameters or "." not in slug or slug in old_values
            }
            if old and seconds is None and beats is None:
                seconds, beats = old.seconds, old.beats
            scene = Scene(name, {**old_values, **values}, seconds, beats)
            self._change_list(f"store {scene.slug}", scene.slug, scene)
            return scene

    def remove(self, which: str | int) -> None:
        """Remove a scene. Raises DrawstopError if there is none, or if it is a corner of the pad."""
        with self._lock:
            slug = self.find(which).slug
            if slug in self.corners:
                raise DrawstopError(f"scene {slug!r} is a corner of the pad; give the pad another one first")
            self._change_list(f"remove {slug}", slug, None)

    def rename(self, which: str | int, name: str) -> Scene:
        """Give a scene another name. It keeps its index.

        Raises:
            DrawstopError: there is none, the name is another scene's, or the scene is a corner of the pad.
        """
        with self._lock:
            old = self.find(which)
            scene = replace(old, name=name)
            if scene.slug == old.slug:
                self._change_list(f"rename {old.slug}", old.slug, scene)
                return scene
            if self._list.get(scene.slug) is not None:
                raise DrawstopError(f"a scene is called {name!r} already; give another name")
            if old.slug in self.corners:
                raise DrawstopError(
                    f"scene {old.slug!r} is a corner of the pad; give the pad another one first"
                )
            index = self._list.index(old.slug)
            step = self._history.begin(f"rename {old.slug}", self._history.morph)
            step.changes = (
                SceneChange(old.slug, old, None, index),
                SceneChange(scene.slug, None, scene, index),
            )
            for change in step.changes:
                self._list.put(change.slug, change.after, change.index)
            return scene

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
        """Move the stops to a scene's values.

        Args:
            which: name, slug or number.
            seconds: duration of the ramp; None: the scene's own, else 0.
            beats: the same at the present tempo.
            source: what recalls it, as text for people; None: "scene <slug>".
            origin: passed to `ParameterStore.move`.
            at: passed to `ParameterStore.move`.

        Raises:
            DrawstopError: no such scene, or a refused duration; then nothing moves.
        """
        with self._lock:
            scene = self.find(which)
            check_times(seconds, beats)
            if seconds is None and beats is None:
                seconds, beats = scene.seconds, scene.beats
            if beats is not None:
                seconds = self.tempo.seconds(beats)
            self._recalled = scene.slug
            values = self._present_values(scene)
            step = self._history.begin(f"scene {scene.slug}", None)
            who = source or step.name
            step.add(*self._move(values, who, origin=origin, at=at, seconds=seconds or 0.0))
            return scene

    def recall_next(self, by: int) -> Scene:
        """Recall the next scene (1) or the previous one (-1) after that recalled last; at the start the first, or last.

        Raises:
            DrawstopError: there is none in that direction.
        """
        with self._lock:
            slugs = [scene.slug for scene in self._list.all]
            if self._recalled in slugs:
                index = slugs.index(self._recalled) + by
            else:
                index = 0 if by > 0 else len(slugs) - 1
            if not 0 <= index < len(slugs):
                end = (
                    f"{self._recalled} is the {'last' if by > 0 else 'first'} scene"
                    if slugs
                    else "there are no scenes"
                )
                raise DrawstopError(f"no scene comes {'next' if by > 0 else 'before'}: {end}")
            return self.recall(slugs[index])

    def morph(
        self, first: str | int, second: str | int, x: float, *, origin: object = None, at: float | None = None
    ) -> None:
        """Move the stops to the weighted mean of two scenes: at x = 0 the first, at 1 the second.

        At an end, the stops have the values as if that scene had been recalled before the morph began. A stop that a
        scene doesn't name has, in that scene, the value that it had when the morph began. That holds until something
        else is recalled, mixed or undone.

        Args:
            origin: passed to `ParameterStore.move`.
            at: passed to `ParameterStore.move`.

        Raises:
            DrawstopError: no such scene, or x is no number; then nothing moves.
        """
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
        """Mix four scenes as `morph` mixes two, at (0, 0), (1, 0), (0, 1), (1, 1); None: the set's own corners."""
        corners = self.corners if corners is None else corners
        if len(corners) != CORNERS:
            raise DrawstopError(
                f"a pad has {CORNERS} scenes as corners, got {len(corners)}; name them: pad = [...]"
            )
        self._mix(list(zip(corners, corner_weights(x, y), strict=True)), origin, at)

    def end_gesture(self) -> None:
        """End the gesture, when the knob or the pad is released: its next movement is another step to undo."""
        with self._lock:
            self._history.end_gesture()

    def undo(self, seconds: float = 0.0, *, origin: object = None) -> str | None:
        """Undo the last step: the stops that it moved go back to their values before it. Returns the step's name."""
        return self._apply_step(self._history.undo, True, seconds, origin)

    def redo(self, seconds: float = 0.0, *, origin: object = None) -> str | None:
        """Redo the step that was undone last. Returns the step's name."""
        return self._apply_step(self._history.redo, False, seconds, origin)

    def _apply_step(
        self, next_step: Callable[[], Step | None], back: bool, seconds: float, origin: object
    ) -> str | None:
        check_times(seconds, None)
        with self._lock:
            step = next_step()
            if step is None:
                return None
            values, word = (step.before, "undo") if back else (step.after, "redo")
            self._move(values, f"{word} {step.name}", origin=origin, seconds=seconds)
            for change in reversed(step.changes) if back else step.changes:
                self._list.put(change.slug, change.before if back else change.after, change.index)
            return step.name

    def _mix(self, weights: Sequence[tuple[str | int, float]], origin: object, at: float | None) -> None:
        """Move the stops to the mean of some scenes, whose weights sum to 1."""
        with self._lock:
            mixture: dict[str, float] = {}
            for which, weight in weights:
                slug = self.find(which).slug
                mixture[slug] = mixture.get(slug, 0.0) + weight
            morph = self._history.morph
            if morph is None or morph.slugs != mixture.keys():
                morph = Morph(frozenset(mixture))
            scenes = [(self._present_values(self.find(slug)), weight) for slug, weight in mixture.items()]
            morph.base = self._parameters.values | morph.base
            step = self._history.continue_gesture("morph " + " ".join(sorted(mixture)), morph, self._clock())
            step.add(*self._move(mixed(scenes, morph.base), step.name, origin=origin, at=at))

    def _change_list(self, step_name: str, slug: str, scene: Scene | None) -> None:
        """Store or remove a scene, as one step to undo."""
        index = self._list.index(slug)
        step = self._history.begin(step_name, self._history.morph)
        step.changes = (SceneChange(slug, self._list.get(slug), scene, index),)
        self._list.put(slug, scene, index)

    def _present_values(self, scene: Scene) -> dict[str, float]:
        """A scene's values for the stops of the present instrument, within their ranges."""
        targets = self._parameters.targets
        missing = [s for s in scene.values if s not in targets and (scene.slug, s) not in self._reported]
        if missing:
            self._reported |= {(scene.slug, slug) for slug in missing}
            self._show_line(f"scene {scene.slug}: not in this instrument, left out: {', '.join(missing)}")
        return {
            slug: clipped(targets[slug], value) for slug, value in scene.values.items() if slug in targets
        }

    def _move(
        self,
        values: Mapping[str, float],
        source: str,
        *,
        origin: object = None,
        at: float | None = None,
        seconds: float = 0.0,
    ) -> tuple[dict[str, float], dict[str, float]]:
        """Move the stops that exist; another thread may swap the instrument at any moment.

        Returns:
            The old and the new values of the stops that were moved.
        """
        while True:
            targets, old = self._parameters.targets, self._parameters.values
            new = {
                slug: clipped(targets[slug], value)
                for slug, value in values.items()
                if slug in targets and slug in old
            }
            try:
                self._parameters.move(new, source, origin=origin, at=at, seconds=seconds)
            except DrawstopError:
                if new.keys() <= self._parameters.targets.keys():
                    raise
            else:
                return {slug: old[slug] for slug in new}, new
