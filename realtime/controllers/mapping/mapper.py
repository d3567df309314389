"""A mapping at work: touches come in, stops move, buttons do what they say. No ports: it hears touches, calls a hub.

A stop's place is asked from the hub at each touch, so that a knob knows when somebody else has moved its stop.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from realtime.controllers.commands import Commands
from realtime.controllers.mapping.curves import Response
from realtime.controllers.mapping.mapping import Button, Encoding, Knob, Mapping
from realtime.controllers.mapping.takeover import Takeover
from realtime.controllers.midi.source import MPE_RESTS, Touch
from realtime.controllers.parameters import ControlHub
from realtime.engine.control_signals import Ranged
from realtime.engine.parameters import BYPASS, MUTE

FROM_REST = [kind for kind, rest in MPE_RESTS.items() if rest == 0]
UPPER_HALF = 0.5
"""From here on a controller's data are a press."""


@dataclass
class _KnobState:
    takeover: Takeover
    pressed: bool = False
    position: float = 0.5
    """Of a relative one: how far it was turned, also within a dead zone or a step."""
    share: float = 0.0
    """What it adds to its stop, where knobs add up."""


@dataclass
class _Held:
    shifts: set[str] = field(default_factory=set)
    pressed: set[int] = field(default_factory=set)
    """Buttons, by their place in the mapping, that are down."""
    bank: str | None = None


class Mapper:
    """Plays a mapping.

    Args:
        mapping: who moves what.
        hub: is moved; told the touched source as the origin, so that a fader isn't told what it did itself.
        commands: obeys buttons; None: nobody does.
    """

    def __init__(self, mapping: Mapping, hub: ControlHub, commands: Commands | None = None) -> None:
        self.mapping = mapping
        self._hub, self._commands = hub, commands
        self._states = [_KnobState(Takeover(knob.takeover)) for knob in mapping.knobs]
        banks = [knob.bank for knob in mapping.knobs if knob.bank is not None]
        self._held = _Held(bank=banks[0] if banks else None)

    @property
    def bank(self) -> str | None:
        """The bank of knobs that is chosen; None if there are none."""
        return self._held.bank

    def touch(self, touch: Touch, at: float | None = None) -> None:
        """Do what a touch asks for. Args: it; when it counts, on `time.monotonic`'s clock (None: now)."""
        for place, button in enumerate(self.mapping.buttons):
            if button.source.takes(touch):
                self._press(place, button, touch)
        for knob, state in zip(self.mapping.knobs, self._states, strict=True):
            if knob.source.takes(touch) and self._listens(knob) and knob.stop in self._hub.targets:
                self._turn(knob, state, touch, at)
        program = touch.source.number if touch.source.kind == "program" else None
        if self.mapping.programs and program is not None and self._commands is not None:
            self._commands.scene(program)

    def _listens(self, knob: Knob) -> bool:
        return self._shifted(knob.shift) and knob.bank in (None, self._held.bank)

    def _shifted(self, shift: str | None) -> bool:
        return shift in self._held.shifts if shift is not None else not self._held.shifts

    def _press(self, place: int, button: Button, touch: Touch) -> None:
        down, before = is_press(touch), place in self._held.pressed
        if down == before:
            return
        (self._held.pressed.add if down else self._held.pressed.discard)(place)
        if button.does == "shift":
            (self._held.shifts.add if down else self._held.shifts.discard)(button.name)
        elif down and self._shifted(button.shift):
            self._do(button, touch)

    def _do(self, button: Button, touch: Touch) -> None:
        values = self._hub.values
        if button.does == "bank":
            self._held.bank = button.name
        elif button.does in ("bypass", "mute"):
            slug = BYPASS.slug if button.does == "bypass" else MUTE.slug
            if slug in values:
                self._hub.move({slug: 1.0 - round(values[slug])}, str(button.source), origin=touch.source)
        elif self._commands is not None and button.does == "scene":
            self._commands.scene(button.name, button.seconds, beats=button.beats)
        elif self._commands is not None:
            command: Callable[..., None] = getattr(self._commands, button.does)
            command(*([button.name] if button.name else []))

    def _turn(self, knob: Knob, state: _KnobState, touch: Touch, at: float | None) -> None:
        target = self._hub.targets[knob.stop]
        value: float | None
        if self.mapping.combine.get(knob.stop) == "sum":
            value = self._added(knob, state, touch, target)
        else:
            value = self._alone(knob, state, touch, target, self._hub.values[knob.stop])
        if value is not None:
            self._hub.move(
                {knob.stop: value},
                str(touch.source),
                origin=touch.source,
                at=at,
                seconds=knob.smoothing_s,
            )

    def _alone(self, knob: Knob, state: _KnobState, touch: Touch, target: Ranged, now: float) -> float | None:
        """Where the stop goes; None if it stays."""
        response = response_of(knob, target)
        if knob.mode == "relative":
            turned = state.position if response(state.position) == now else response.inverse(now)
            way = relative_steps(touch.data, knob.encoding) * knob.step
            state.position = min(max(turned + way, 0.0), 1.0)
            return response(state.position)
        if knob.mode in ("momentary", "velocity"):
            down = is_press(touch)
            share = (
                touch.data / touch.maximum if knob.mode == "velocity" else 1.0
            )  # no middle: a key isn't turned
            return response(share) if down else target.default
        if knob.mode == "toggle":
            down, before = is_press(touch), state.pressed
            state.pressed = down
            if not down or before:
                return None
            return target.default if now == response(1.0) else response(1.0)
        if touch.source.is_mpe:  # a finger begins anew with each note
            return response(position_of(knob, touch))
        goal = state.takeover(position_of(knob, touch), response.inverse(now))
        return None if goal is None else response(goal)

    def _added(self, knob: Knob, state: _KnobState, touch: Touch, target: Ranged) -> float:
        """The sum of what all knobs of this stop give, each counted from where the stop rests."""
        alone = replace(state, takeover=Takeover("jump"))
        value = self._alone(knob, alone, touch, target, target.default + state.share)
        state.pressed, state.position = alone.pressed, alone.position
        if value is not None:
            state.share = value - target.default
        both = zip(self.mapping.knobs, self._states, strict=True)
        return target.default + sum(state.share for knob, state in both if knob.stop == target.slug)


def response_of(knob: Knob, target: Ranged) -> Response:
    """How a knob's position becomes its stop's value; where the mapping says no range, the stop's own.

    The range of a key, and of a finger's strike, pressure and lift, begins where the stop rests.
    """
    key = knob.mode in ("toggle", "momentary", "velocity") or knob.source.kind in FROM_REST
    low = knob.low if knob.low is not None else target.default if key else target.minimum
    high = knob.high if knob.high is not None else target.maximum
    if low == high:  # a stop that rests at its end
        low = target.minimum
    return Response(low, high, knob.curve, knob.dead_zone)


def position_of(knob: Knob, touch: Touch) -> float:
    """Where a touch stands for a knob, 0 to 1; a bend, by the knob's own semitones."""
    if knob.semitones is None:
        return touch.position
    return min(max(0.5 + (touch.position - 0.5) * touch.semitones / knob.semitones, 0.0), 1.0)


def relative_steps(data: int, encoding: Encoding) -> int:
    """The steps that an endless encoder was turned by.

    >>> [relative_steps(1, e) for e in ("twos-complement", "binary-offset", "sign-bit")]
    [1, -63, 1]
    >>> [relative_steps(127, "twos-complement"), relative_steps(63, "binary-offset"), relative_steps(65, "sign-bit")]
    [-1, -1, -1]
    """
    match encoding:
        case "binary-offset":
            return data - 64
        case "sign-bit":
            return data if data < 64 else 64 - data
    return data if data < 64 else data - 128


def is_press(touch: Touch) -> bool:
    """Whether a button is down: a struck key, or data in the upper half."""
    if touch.source.kind in ("note", "program"):
        return touch.data > 0
    return touch.position >= UPPER_HALF
