"""The history of scene steps, to undo and to redo."""

from collections import deque
from dataclasses import dataclass, field

from realtime.controllers.scenes.scene import Scene

LONGEST = 200
"""Steps that can be undone; older ones are dropped."""
GESTURE_PAUSE_SECONDS = 1.0
"""A morph that pauses for so long has ended: its next movement is another step to undo."""


@dataclass(frozen=True)
class SceneChange:
    """A scene was stored or removed: what was under its slug before and after, and its index in the list."""

    slug: str
    before: Scene | None
    after: Scene | None
    index: int


@dataclass
class Morph:
    """The scenes that are being mixed, and the values of the stops when that began."""

    slugs: frozenset[str]
    base: dict[str, float] = field(default_factory=dict)


@dataclass
class Step:
    """One thing to undo.

    Args:
        name: for people ("scene verse").
        before: the values before it of the stops that it moved.
        after: their values after it.
        changes: the scenes that it stored or removed, in this order.
        morph_before: the morph that was under way before it.
        morph_after: the morph that is under way after it.
    """

    name: str
    before: dict[str, float] = field(default_factory=dict)
    after: dict[str, float] = field(default_factory=dict)
    changes: tuple[SceneChange, ...] = ()
    morph_before: Morph | None = None
    morph_after: Morph | None = None

    @property
    def has_effect(self) -> bool:
        """Whether undoing it changes anything."""
        return bool(self.changes) or self.before != self.after

    def add(self, old: dict[str, float], new: dict[str, float]) -> None:
        """Add a movement to this step; of several movements of a stop, the first one's old value stays."""
        self.before = old | self.before
        self.after |= new


class History:
    """The steps done and undone, and the morph that is under way. Not safe to use from several threads."""

    def __init__(self) -> None:
        self.morph: Morph | None = None
        self._done: deque[Step] = deque(maxlen=LONGEST)
        self._undone = list[Step]()
        self._gesture: Step | None = None
        self._gesture_ends = 0.0

    def begin(self, name: str, morph: Morph | None) -> Step:
        """Begin a new step, after which `morph` is under way; what had been undone can't be redone any more."""
        step = Step(name, morph_before=self.morph, morph_after=morph)
        self._done.append(step)
        self._undone.clear()
        self._gesture, self.morph = None, morph
        return step

    def continue_gesture(self, name: str, morph: Morph, now: float) -> Step:
        """The step of a morph's movement: the gesture's, or a new one if the gesture has ended."""
        if self._gesture is None or self.morph is not morph or now > self._gesture_ends:
            self._gesture = self.begin(name, morph)
        self._gesture_ends = now + GESTURE_PAUSE_SECONDS
        return self._gesture

    def end_gesture(self) -> None:
        """End the gesture: the next movement of a morph is another step."""
        self._gesture = None

    def undo(self) -> Step | None:
        """Take the step to undo; steps without effect are skipped. None: there is none."""
        self._gesture = None
        while self._done:
            step = self._done.pop()
            if step.has_effect:
                self._undone.append(step)
                self.morph = step.morph_before
                return step
        return None

    def redo(self) -> Step | None:
        """Take the step to redo. None: there is none."""
        self._gesture = None
        if not self._undone:
            return None
        step = self._undone.pop()
        self._done.append(step)
        self.morph = step.morph_after
        return step
