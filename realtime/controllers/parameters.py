"""The parameter store: the present value of every stop and engine parameter, and the one way to change it.

Knobs, scenes, OSC clients and the keyboard all call `ParameterStore.move`. The store schedules the event that the
engine plays, and notifies its listeners: motor faders, control surfaces, the screen. A listener is given the origin of a
change, so that it doesn't send a movement back to the controller that made it.
"""

import math
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from drawstop.errors import DrawstopError
from realtime.controllers.two_clocks import read_both
from realtime.engine.control_event import ControlEvent
from realtime.engine.control_signals import Ranged


class EngineTarget(Protocol):
    """The engine as controllers use it: its clock and its events. Safe to call from any thread."""

    @property
    def sample_rate(self) -> int:
        """The rate of event times, in hertz."""
        ...

    def now(self) -> int:
        """The input sample that sounds at this moment."""
        ...

    def schedule(self, events: Iterable[ControlEvent]) -> None:
        """Send events to the engine."""
        ...


class NoEngine:
    """An `EngineTarget` that drops its events."""

    sample_rate = 44100

    def now(self) -> int:
        """Sample 0, always."""
        return 0

    def schedule(self, events: Iterable[ControlEvent]) -> None:
        """Consume the events and do nothing."""
        for _ in events:
            pass


CLOCK_JITTER_S = 0.5
"""The engine's clock falls behind the store's by more than this only when it was restarted, or left out sound."""


@dataclass(frozen=True)
class ParameterChange:
    """One parameter was given another value.

    Args:
        slug: the slug of a stop, or of an engine parameter (`engine.wet`).
        value: the new value.
        source: what moved it, as text for people ("cc 20", "scene verse").
        origin: what moved it, as the object that was given to `move`; listeners compare it with themselves.
        seconds: the duration of the ramp to the new value.
    """

    slug: str
    value: float
    source: str
    origin: object = None
    seconds: float = 0.0


ChangeListener = Callable[[Sequence[ParameterChange]], None]


class ParameterStore:
    """The values of all stops and engine parameters, and the way to change them. Safe to use from several threads.

    Args:
        engine: plays the events.
        targets: all parameters: stops and engine parameters.
        clock: seconds, for the moments of movements.
    """

    def __init__(
        self,
        engine: EngineTarget,
        targets: Sequence[Ranged],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.engine, self._clock = engine, clock
        self._lock = threading.RLock()
        self._listeners: list[ChangeListener] = []
        self._targets: dict[str, Ranged] = {}
        self._values: dict[str, float] = {}
        self._latest = 0  # the last movement's sample
        self._begin = math.inf  # the engine's sample at the clock's 0, as it was then
        self.set_targets(targets)

    @property
    def targets(self) -> Mapping[str, Ranged]:
        """The parameters by slug, in the instrument's order."""
        return self._targets

    @property
    def values(self) -> dict[str, float]:
        """The value of each parameter by slug; while it ramps, the value at the end of the ramp."""
        with self._lock:
            return dict(self._values)

    def set_targets(self, targets: Sequence[Ranged]) -> None:
        """Replace the parameters, when another instrument plays. A slug that was there before keeps its value, clipped."""
        with self._lock:
            old_values = self._values
            self._targets = {target.slug: target for target in targets}
            self._values = {
                slug: _clipped(target, old_values.get(slug, target.default))
                for slug, target in self._targets.items()
            }

    def sync(self, values: Mapping[str, float]) -> None:
        """Record values that reached the engine in another way. Schedules no event and notifies no listener."""
        with self._lock:
            self._values |= {slug: _clipped(self._target(slug), value) for slug, value in values.items()}

    def move(
        self,
        values: Mapping[str, float],
        source: str,
        *,
        origin: object = None,
        at: float | None = None,
        seconds: float = 0.0,
    ) -> None:
        """Give parameters new values. A value beyond its range is clipped to it.

        Args:
            values: the new values by slug.
            source: what moves them, as text for people.
            origin: what moves them, as an object for listeners; see `ParameterChange`.
            at: the moment of the movement, on the store's clock; None: now.
            seconds: the duration of the linear ramp to the new values.

        Raises:
            DrawstopError: an unknown slug, or a value that is no number; then nothing moves.
        """
        checked = {slug: _clipped(self._target(slug), value) for slug, value in values.items()}
        with self._lock:
            sample, ramp = self._ordered_sample(at), max(0, round(seconds * self.engine.sample_rate))
            self.engine.schedule(
                ControlEvent(sample, slug, value, source, ramp) for slug, value in checked.items()
            )
            self._values |= checked
            listeners = tuple(self._listeners)
        changes = [ParameterChange(slug, value, source, origin, seconds) for slug, value in checked.items()]
        for listener in listeners:
            listener(changes)

    def _ordered_sample(self, at: float | None) -> int:
        """The sample of a movement, never earlier than that of the movement made before it.

        The engine's clock is read from the device's callbacks, which come early or late by a millisecond or two.

        Args:
            at: the moment of the movement, on the store's clock; None: now.
        """
        now, engine_now = read_both(self._clock, self.engine.now)
        rate = self.engine.sample_rate
        sample = engine_now if at is None else engine_now + round((at - now) * rate)
        if at is not None and at > now:
            return sample  # scheduled ahead: doesn't delay the movements made by hand until then
        begin = engine_now - now * rate
        if self._begin - begin < CLOCK_JITTER_S * rate:
            sample = max(sample, self._latest)
        self._latest, self._begin = sample, begin
        return sample

    def subscribe(self, listener: ChangeListener) -> Callable[[], None]:
        """Call a listener with every change, in the thread that makes it. The listener must not wait.

        Returns:
            A function that ends the subscription.
        """
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


def _clipped(target: Ranged, value: float) -> float:
    if not math.isfinite(value):
        raise DrawstopError(f"{target.slug!r} takes {target.minimum:g} to {target.maximum:g}, got {value:g}")
    return min(max(float(value), target.minimum), target.maximum)
