"""Applies a mapping: controller inputs move stops, and buttons give commands.

The value of a stop is read from the parameter store at each input, so that a knob notices when something else has moved
its stop.
"""

from collections.abc import Collection
from dataclasses import dataclass, field

from realtime.controllers.commands import Commands
from realtime.controllers.mapping.button_actions import execute
from realtime.controllers.mapping.mapping import Button, Knob, Mapping
from realtime.controllers.mapping.positions import PRESSED_MODES, position_of, response_of, steps_of
from realtime.controllers.mapping.presses import Press, Presses
from realtime.controllers.mapping.takeover import Takeover
from realtime.controllers.midi.names import is_part_of, meant
from realtime.controllers.midi.source import ControllerInput, MidiSource
from realtime.controllers.parameters import ParameterStore
from realtime.engine.control_signals import Ranged


@dataclass(eq=False)
class _KnobState:
    takeover: Takeover
    position: float = 0.5
    """The position of a relative knob, which also moves within a dead zone or a step of its curve."""
    contribution: float = 0.0
    """The value that this knob adds to its stop, where knobs add up."""


@dataclass
class _Held:
    shifts: set[str] = field(default_factory=set)
    presses: Presses = field(default_factory=Presses)
    """By the mapping's buttons and knobs that are pressed."""
    page: str | None = None


class Mapper:
    """Applies a mapping to controller inputs.

    Args:
        mapping: which source moves which parameter.
        parameters: moved by knobs, with the source as the origin, so that a motor fader isn't sent its own movement.
        commands: executes buttons; None: nothing does.
    """

    def __init__(
        self, mapping: Mapping, parameters: ParameterStore, commands: Commands | None = None
    ) -> None:
        self.mapping = mapping
        self._parameters, self._commands = parameters, commands
        self._states = [_KnobState(Takeover(knob.takeover)) for knob in mapping.knobs]
        pages = [knob.page for knob in mapping.knobs if knob.page is not None]
        self._devices: tuple[str, ...] = ()
        self._meant: dict[str, list[str]] = {}
        self._held = _Held(page=pages[0] if pages else None)

    @property
    def page(self) -> str | None:
        """The page of knobs in use; None if there are none."""
        return self._held.page

    def apply(self, controller_input: ControllerInput, at: float | None = None) -> None:
        """Move the parameters and give the commands that the mapping has for an input.

        Args:
            controller_input: the input.
            at: its moment on the clock of `time.monotonic`; None: now.
        """
        mapped = False
        for index, button in enumerate(self.mapping.buttons):
            if self._comes_from(button.source, controller_input):
                mapped = True
                self._press(index, button, controller_input, at)
        for knob, state in zip(self.mapping.knobs, self._states, strict=True):
            if self._comes_from(knob.source, controller_input):
                mapped = True
                listens = self._is_active(knob) or self._held.presses.releases(state, controller_input)
                if not listens:
                    state.takeover.turned_unused(position_of(knob, controller_input))
                elif knob.stop in self._parameters.targets:
                    self._turn(knob, state, controller_input, at)
        programs = self.mapping.programs
        if not mapped and programs and self._commands and self._comes_from(programs, controller_input):
            assert controller_input.source.number is not None
            self._commands.scene(controller_input.source.number)

    def set_devices(self, names: Collection[str]) -> None:
        """Set the names of the inputs that are open: a whole name in the mapping then means no other input."""
        self._devices, self._meant = tuple(names), {}

    def _comes_from(self, source: MidiSource, controller_input: ControllerInput) -> bool:
        if not source.matches(controller_input):
            return False
        if source.device is None or not self._devices:
            return True
        if source.device not in self._meant:
            self._meant[source.device] = meant(source.device, self._devices)
        return controller_input.source.device in self._meant[source.device]

    def release(self, device: str) -> None:
        """Let go of the shifts, keys and buttons that a device holds, because it has been pulled out."""
        for entry, source in self._held.presses.release(device):
            if isinstance(entry, int):
                self._shift(self.mapping.buttons[entry], "up")
            elif isinstance(entry, _KnobState):
                knob = self.mapping.knobs[self._states.index(entry)]
                if knob.stop in self._parameters.targets:
                    self._turn(knob, entry, ControllerInput(source, 0), None)
        for knob, state in zip(self.mapping.knobs, self._states, strict=True):
            if is_part_of(knob.source.device, device):
                state.takeover.lose_sight()

    def continue_from(self, previous: "Mapper") -> None:
        """Take over the state of the mapping before: of knobs and buttons that are the same, and the page.

        A knob that was only edited goes on from where it is, if its stop is there too.
        """
        old = {
            (knob.source, knob.stop, knob.shift, knob.page): (knob, state)
            for knob, state in zip(previous.mapping.knobs, previous._states, strict=True)
        }
        for index, knob in enumerate(self.mapping.knobs):
            before, state = old.get(
                (knob.source, knob.stop, knob.shift, knob.page), (None, self._states[index])
            )
            if before == knob:
                self._states[index] = state
            elif before is not None:
                self._states[index].takeover.go_on_from(state.takeover)
        old_buttons = {button: index for index, button in enumerate(previous.mapping.buttons)}
        entries: dict[object, object] = {state: state for state in self._states}
        entries |= {old_buttons.get(button): index for index, button in enumerate(self.mapping.buttons)}
        self._held.presses = previous._held.presses.renamed(entries)
        self.set_devices(previous._devices)
        shifts = {
            button.name for button in self.mapping.buttons if button in old_buttons and button.does == "shift"
        }
        self._held.shifts = previous._held.shifts & shifts
        if previous.page is not None and previous.page in {knob.page for knob in self.mapping.knobs}:
            self._held.page = previous.page

    def _is_active(self, knob: Knob) -> bool:
        return self._shifted(knob.shift) and knob.page in (None, self._held.page)

    def _shifted(self, shift: str | None) -> bool:
        return shift in self._held.shifts if shift is not None else not self._held.shifts

    def _press(self, index: int, button: Button, controller_input: ControllerInput, at: float | None) -> None:
        press = self._held.presses.receive(index, controller_input, button.trigger)
        if button.does == "shift":
            self._shift(button, press)
        elif press in ("down", "again") and self._shifted(button.shift):
            if button.does == "bank":
                self._held.page = button.name
            else:
                execute(button, controller_input, at, self._parameters, self._commands)

    def _shift(self, button: Button, press: Press) -> None:
        """A shift that is pressed again without a release ends: its source may never let go."""
        if button.does != "shift" or press == "held":
            return
        held = press == "down" or (press == "again" and button.name not in self._held.shifts)
        (self._held.shifts.add if held else self._held.shifts.discard)(button.name)

    def _turn(
        self, knob: Knob, state: _KnobState, controller_input: ControllerInput, at: float | None
    ) -> None:
        target = self._parameters.targets[knob.stop]
        value: float | None
        if self.mapping.combine.get(knob.stop) == "sum":
            value = self._summed_value(knob, state, controller_input, target)
        else:
            value = self._value(knob, state, controller_input, target, self._parameters.values[knob.stop])
        if value is not None:
            self._parameters.move(
                {knob.stop: value},
                str(controller_input.source),
                origin=controller_input.source,
                at=at,
                seconds=knob.smoothing_s,
            )

    def _value(
        self,
        knob: Knob,
        state: _KnobState,
        controller_input: ControllerInput,
        target: Ranged,
        present_value: float,
    ) -> float | None:
        """The new value of a knob's stop; None if the stop doesn't move."""
        response = response_of(knob, target)
        if not controller_input.known and knob.mode != "relative":
            return None
        if knob.mode == "relative":
            unmoved = response(state.position) == present_value
            start = state.position if unmoved else response.inverse(present_value)
            turn = steps_of(knob, controller_input) * knob.step
            state.position = min(max(start + turn, 0.0), 1.0)
            return response(state.position)
        if knob.mode in PRESSED_MODES:
            return self._pressed_value(knob, state, controller_input, target, present_value)
        if controller_input.source.kind == "program":  # a press, and never a release
            return response(1.0)
        if controller_input.source.is_mpe:  # each note is a new finger: no takeover
            return response(position_of(knob, controller_input))
        position = position_of(knob, controller_input)
        target_position = state.takeover(position, response.inverse(present_value))
        return None if target_position is None else response(target_position)

    def _pressed_value(
        self,
        knob: Knob,
        state: _KnobState,
        controller_input: ControllerInput,
        target: Ranged,
        present_value: float,
    ) -> float | None:
        """The value of a stop that a press moves, a second press without a release included; None if it stays."""
        response = response_of(knob, target)
        press = self._held.presses.receive(state, controller_input, knob.trigger)
        if knob.mode == "velocity":  # the plain fraction: a key has no middle that must be exact
            return (
                target.default
                if press == "up"
                else response(controller_input.data / controller_input.maximum)
            )
        released = target.default if knob.mode == "momentary" else None
        if press in ("up", "held"):
            return released if press == "up" else None
        flips = press == "again" or knob.mode == "toggle"
        return target.default if flips and present_value == response(1.0) else response(1.0)

    def _summed_value(
        self, knob: Knob, state: _KnobState, controller_input: ControllerInput, target: Ranged
    ) -> float:
        """The stop's default plus the contributions of all its knobs, of which this one has moved."""
        takeover, state.takeover = state.takeover, Takeover("jump")
        value = self._value(knob, state, controller_input, target, target.default + state.contribution)
        state.takeover = takeover
        if value is not None:
            state.contribution = value - target.default
        both = zip(self.mapping.knobs, self._states, strict=True)
        return target.default + sum(state.contribution for knob, state in both if knob.stop == target.slug)
