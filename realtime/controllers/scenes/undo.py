"""What was done with scenes, step by step, to undo and to do again."""

from collections import deque
from dataclasses import dataclass, field

from realtime.controllers.scenes.scene import Scene

LONGEST = 200
"""Steps that can be undone; older ones are forgotten."""
GESTURE_PAUSE_SECONDS = 1.0
"""A morph that rests so long has ended: its next movement is another step to undo."""


@dataclass(frozen=True)
class Kept:
    """A scene was stored or removed: what was under its slug before and after, and its place among the scenes."""

    slug: str
    before: Scene | None
    after: Scene | None
    place: int


@dataclass
class Morph:
    """Scenes that are being mixed, and where the stops stood when that began."""

    slugs: frozenset[str]
    base: dict[str, float] = field(default_factory=dict)


@dataclass
class Step:
    """One thing to undo.

    Args:
        what: for people ("scene verse").
        before: where the stops stood that it moved.
        after: where it left them.
        kept: the scene that it stored.
        morph_before: the mixture that was in hand before it.
        morph_after: the one that it left.
    """

    what: str
    before: dict[str, float] = field(default_factory=dict)
    after: dict[str, float] = field(default_factory=dict)
    kept: Kept | None = None
    morph_before: Morph | None = None
    morph_after: Morph | None = None

    @property
    def changes(self) -> bool:
        """Whether undoing it does anything."""
        return self.kept is not None or self.before != self.after

    def note(self, stood: dict[str, float], sent: dict[str, float]) -> None:
        """Stops have been moved by this step; of several movements of a stop, the first tells where it stood."""
        self.before = stood | self.before
        self.after |= sent


class History:
    """Steps behind and ahead, and the mixture in hand. Not for several threads."""

    def __init__(self) -> None:
        self.morph: Morph | None = None
        self._done: deque[Step] = deque(maxlen=LONGEST)
        self._undone = list[Step]()
        self._gesture: Step | None = None
        self._gesture_ends = 0.0

    def begin(self, what: str, morph: Morph | None) -> Step:
        """Something new is done, after which a mixture is in hand; what had been undone is gone."""
        step = Step(what, morph_before=self.morph, morph_after=morph)
        self._done.append(step)
        self._undone.clear()
        self._gesture, self.morph = None, morph
        return step

    def move_on(self, what: str, morph: Morph, now: float) -> Step:
        """A mixture moves: the gesture's step, or a new one where that has ended."""
        if self._gesture is None or self.morph is not morph or now > self._gesture_ends:
            self._gesture = self.begin(what, morph)
        self._gesture_ends = now + GESTURE_PAUSE_SECONDS
        return self._gesture

    def end_gesture(self) -> None:
        """The next movement of a mixture is another step."""
        self._gesture = None

    def undo(self) -> Step | None:
        """The step to undo now; one that changed nothing is passed over."""
        self._gesture = None
        while self._done:
            step = self._done.pop()
            if step.changes:
                self._undone.append(step)
                self.morph = step.morph_before
                return step
        return None

    def redo(self) -> Step | None:
        """The step to do again now."""
        self._gesture = None
        if not self._undone:
            return None
        step = self._undone.pop()
        self._done.append(step)
        self.morph = step.morph_after
        return step
