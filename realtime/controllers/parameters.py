"""The one place through which everything moves a stop: knobs, scenes, OSC clients, the keyboard.

It knows where each target stands, hands movements to the sound, and tells them to whoever shows them: motor faders,
surfaces, the screen. A listener learns who moved a target, so that it doesn't send a movement back to its hand.
"""

import math
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from drawstop.errors import DrawstopError
from realtime.engine.control_event import ControlEvent
from realtime.engine.control_signals import Ranged


class Sound(Protocol):
    """The playing side, as controllers see it. Safe to call from any thread."""

    @property
    def sample_rate(self) -> int:
        """Of event times, in hertz."""
        ...

    def now(self) -> int:
        """The input sample that is heard at this moment."""
        ...

    def schedule(self, events: Iterable[ControlEvent]) -> None:
        """Send events to it."""
        ...


CLOCK_JITTER_S = 0.5
"""The sound's clock goes back by more only when it begins anew."""


@dataclass(frozen=True)
class Change:
    """A target has been sent to another value.

    Args:
        slug: the stop's, or a fader's of the desk (`engine.wet`).
        value: where it goes.
        source: who moved it, for people ("cc 20", "scene verse").
        origin: who moved it, for listeners: the object that was given to `move`.
        seconds: how long it travels.
    """

    slug: str
    value: float
    source: str
    origin: object = None
    seconds: float = 0.0


Listener = Callable[[Sequence[Change]], None]


class ControlHub:
    """Where every target stands, and the way to move it. Safe to use from several threads.

    Args:
        sound: takes the events.
        targets: all that can be moved: stops and faders.
    """

    def __init__(self, sound: Sound, targets: Sequence[Ranged]) -> None:
        self.sound = sound
        self._lock = threading.RLock()
        self._listeners: list[Listener] = []
        self._targets: dict[str, Ranged] = {}
        self._values: dict[str, float] = {}
        self._latest = 0
        self.set_targets(targets)

    @property
    def targets(self) -> Mapping[str, Ranged]:
        """What can be moved, by slug, in the instrument's order."""
        return self._targets

    @property
    def values(self) -> dict[str, float]:
        """Where each target stands or travels to."""
        with self._lock:
            return dict(self._values)

    def set_targets(self, targets: Sequence[Ranged]) -> None:
        """Another instrument's stops. One that was there before keeps its value, within its range."""
        with self._lock:
            before = self._values
            self._targets = {target.slug: target for target in targets}
            self._values = {
                slug: _within(target, before.get(slug, target.default))
                for slug, target in self._targets.items()
            }

    def adopt(self, values: Mapping[str, float]) -> None:
        """Take note of where targets stand that the sound has been told by another way. Nobody is told."""
        with self._lock:
            self._values |= {slug: _within(self._target(slug), value) for slug, value in values.items()}

    def move(
        self,
        values: Mapping[str, float],
        source: str,
        *,
        origin: object = None,
        at: float | None = None,
        seconds: float = 0.0,
    ) -> None:
        """Send targets to new values. A value beyond a target's range is taken as the range's end.

        Args:
            values: by slug.
            source: who does it, for people.
            origin: whoever shall not be told as if it were news; see `Change`.
            at: when, on the clock of `time.monotonic`; None: now.
            seconds: how long the way takes, in a straight line.

        Raises:
            DrawstopError: an unknown target, or a value that is no number; then nothing moves.
        """
        checked = {slug: _within(self._target(slug), value) for slug, value in values.items()}
        with self._lock:
            sample, glide = self._in_order(at), max(0, round(seconds * self.sound.sample_rate))
            self.sound.schedule(
                ControlEvent(sample, slug, value, source, glide) for slug, value in checked.items()
            )
            self._values |= checked
            listeners = tuple(self._listeners)
        changes = [Change(slug, value, source, origin, seconds) for slug, value in checked.items()]
        for listener in listeners:
            listener(changes)

    def _in_order(self, at: float | None) -> int:
        """The sample of a movement: of two that are made one after the other, the second isn't the earlier one.

        The sound's clock is read from the device's callbacks, which come early or late by a millisecond or two.
        """
        sample = self.sample_at(at)
        if at is not None and at > time.monotonic():
            return sample  # ahead of what is made by hand
        if self._latest - sample < CLOCK_JITTER_S * self.sound.sample_rate:
            sample = max(sample, self._latest)
        self._latest = sample
        return sample

    def sample_at(self, at: float | None) -> int:
        """The input sample that is heard at a moment of `time.monotonic`'s clock; None: now."""
        now = self.sound.now()
        return now if at is None else now + round((at - time.monotonic()) * self.sound.sample_rate)

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Tell somebody of every change, in the thread that makes it; gives what ends that. It must not wait."""
        with self._lock:
            self._listeners.append(listener)

        def unsubscribe() -> None:
            with self._lock:
                if listener in self._listeners:
                    self._listeners.remove(listener)

        return unsubscribe

    def _target(self, slug: str) -> Ranged:
        target = self._targets.get(slug)
        if target is None:
            known = ", ".join(self._targets) or "none"
            raise DrawstopError(f"nothing here is called {slug!r}; there are: {known}")
        return target


def _within(target: Ranged, value: float) -> float:
    if not math.isfinite(value):
        raise DrawstopError(f"{target.slug!r} takes {target.minimum:g} to {target.maximum:g}, got {value:g}")
    return min(max(float(value), target.minimum), target.maximum)
