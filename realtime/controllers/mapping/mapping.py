"""The mapping as data: which controller moves which parameter. `file.py` reads it, `mapper.py` applies it."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, get_args

from drawstop.errors import DrawstopError
from realtime.controllers.mapping.curves import LINEAR, Curve, Response
from realtime.controllers.mapping.presses import Trigger, check_trigger
from realtime.controllers.mapping.takeover import TakeoverName, check_takeover
from realtime.controllers.midi.mpe_zones import WHOLE_LOWER_ZONE, Zones
from realtime.controllers.midi.source import MidiSource, Order
from realtime.controllers.scenes.scene import check_times

Mode = Literal["absolute", "relative", "toggle", "momentary", "velocity"]
Encoding = Literal["twos-complement", "binary-offset", "sign-bit"]
"""How an endless encoder encodes its steps: `Knob` lists the codes."""
Combine = Literal["last", "sum"]
Action = Literal[
    "scene", "store", "next-scene", "previous-scene", "undo", "redo", "tap", "instrument", "next-instrument",
    "previous-instrument", "panic", "bypass", "mute", "toggle-recording", "bank", "shift",
]  # fmt: skip
NAMED_ACTIONS = ("scene", "store", "instrument", "bank", "shift")
PAIRED = ("cc14", "nrpn", "rpn")
ANY_PROGRAM = MidiSource("program")

SMOOTHING_S = 0.01
RELATIVE_STEP = 1 / 128
MOST_SEMITONES = 96
"""The widest bend of an MPE controller (MPE 1.0)."""
FIRST_CC, LAST_CC, FIRST_NOTE, LAST_NOTE = 20, 119, 60, 127


@dataclass(frozen=True)
class Knob:
    """A source that moves a stop, or a parameter of the engine.

    Args:
        source: the controller's kind of message, and its number where there are many, as in `cc 20`.
        stop: the slug that it moves; or `#1` for the instrument's first stop, and so on.
        mode: `absolute`: the value follows the position. `relative`: the value moves by the steps that an endless
            encoder sends. `toggle`: a press goes to the range's end, the next one back to the default. `momentary`: at
            the range's end while it is held. `velocity`: like `momentary`, scaled by how hard the key was struck.
        low: value at the lowest position; None: the stop's lowest (for keys: its default).
        high: value at the highest position; None: the stop's highest.
        curve: the curve between the two.
        dead_zone: fraction of the travel, around the middle, that counts as the middle.
        smoothing_s: seconds in which the stop follows.
        takeover: what the knob does while its position differs from the stop's value. Keys, encoders and MPE sources
            have no position of their own, so takeover doesn't apply to them.
        encoding: how an endless encoder sends one step up and one down: 1 and 127 (`twos-complement`), 65 and 63
            (`binary-offset`), 1 and 65 (`sign-bit`). One of an NRPN or RPN sends increments.
        step: fraction of the range that one step of a relative knob moves.
        order: which half of a 14-bit value comes first.
        semitones: for a bend: so many semitones, in each direction, cover the whole range; None: as many as the
            controller can bend.
        shift: works only while the shift button of this name is held; None: only while none is.
        page: works only while this page of knobs is chosen; None: on every page.
        trigger: for `toggle` and `momentary`: which inputs are a press: `down`, or `any` for a pedal that latches and
            sends 127 at one step and 0 at the next.
    """

    source: MidiSource
    stop: str
    mode: Mode = "absolute"
    low: float | None = None
    high: float | None = None
    curve: Curve = LINEAR
    dead_zone: float = 0.0
    smoothing_s: float = SMOOTHING_S
    takeover: TakeoverName = "pickup"
    encoding: Encoding = "twos-complement"
    step: float = RELATIVE_STEP
    order: Order = "msb-first"
    semitones: float | None = None
    shift: str | None = None
    page: str | None = None
    trigger: Trigger = "down"

    def __post_init__(self) -> None:
        check_trigger(self.trigger)
        if self.trigger != "down" and self.mode not in ("toggle", "momentary"):
            raise DrawstopError(f"a trigger is for mode toggle or momentary, not {self.mode!r}")
        check_takeover(self.takeover)
        _one_of("mode", self.mode, get_args(Mode))
        _one_of("encoding", self.encoding, get_args(Encoding))
        _one_of("order", self.order, get_args(Order))
        if self.mode == "relative" and self.source.kind not in ("cc", "nrpn", "rpn"):
            raise DrawstopError(
                f"an endless encoder sends cc, nrpn or rpn; '{self.source}' can't be relative"
            )
        if self.mode == "velocity" and self.source.kind != "note":
            raise DrawstopError(f"only a note has a velocity; '{self.source}' is none")
        if self.semitones is not None and self.source.kind not in ("bend", "mpe bend"):
            raise DrawstopError(f"only a bend goes by semitones; '{self.source}' is none")
        if self.semitones is not None and not 0.0 < self.semitones <= MOST_SEMITONES:
            raise DrawstopError(
                f"a bend goes above 0 to {MOST_SEMITONES} semitones each way, got {self.semitones:g}"
            )
        ends = (-1.0, 1.0) if self.low is None or self.high is None else (self.low, self.high)
        Response(*ends, self.curve, self.dead_zone)  # refuses what can't be
        if not 0.0 <= self.smoothing_s <= 10.0:
            raise DrawstopError(f"smoothing takes 0 to 10 seconds, got {self.smoothing_s:g}")
        if not 0.0 < self.step <= 1.0:
            raise DrawstopError(f"a step is a share of the way, above 0 to 1; got {self.step:g}")


@dataclass(frozen=True)
class Button:
    """A source that does something when it is pressed.

    Args:
        source: a key, or any source; data in the upper half are a press, and so are the same data once more.
        does: `scene`, `store`, `instrument`, `bank` (choose a page of knobs), `shift`: with `name`; `next-scene`,
            `previous-scene`, `next-instrument`, `previous-instrument`, `tap` (a beat of the tempo), `undo`, `redo`,
            `panic`, `bypass`, `mute`, `toggle-recording`.
        name: the name of the scene, the page or the shift; the instrument's number on the command line, or its name.
        seconds: duration of a scene's recall; None: the scene's own.
        beats: the same in quarter notes, at the MIDI clock's tempo.
        shift: works only while the shift button of this name is held; None: only while none is. A shift button itself
            always works.
        trigger: which inputs are a press: `down`, or `any` for a pedal that latches and sends 127 at one step and 0 at
            the next.
    """

    source: MidiSource
    does: Action
    name: str = ""
    shift: str | None = None
    seconds: float | None = None
    beats: float | None = None
    trigger: Trigger = "down"

    def __post_init__(self) -> None:
        check_trigger(self.trigger)
        _one_of("does", self.does, get_args(Action))
        if self.does != "scene" and (self.seconds, self.beats) != (None, None):
            raise DrawstopError(f"only a button that does 'scene' takes seconds or beats, not {self.does!r}")
        check_times(self.seconds, self.beats)
        if (self.does in NAMED_ACTIONS) != bool(self.name):
            needs = "needs a name" if self.does in NAMED_ACTIONS else "takes no name"
            raise DrawstopError(f"a button that does {self.does!r} {needs}")


@dataclass(frozen=True)
class Mapping:
    """Everything that controllers move and do.

    Args:
        knobs: the knobs, in the file's order.
        buttons: the buttons, in the file's order.
        combine: for a stop that several knobs move: the one moved `last` counts (the default), or their `sum`.
        programs: whether a program change recalls the scene of that number, unless a knob or button has it; as a table,
            only on a `channel` or of a `device`.
        clock: a part of the name of the device whose MIDI clock is followed; None: the first that ticks.
        feedback: whether the values of stops are sent back to controllers, for motor faders and rings of lights.
        mpe: the member channels of an MPE controller's zones, until the controller configures them. Without an MPE
            source they have no effect.
    """

    knobs: tuple[Knob, ...] = ()
    buttons: tuple[Button, ...] = ()
    combine: dict[str, Combine] = field(default_factory=dict)
    programs: MidiSource | None = ANY_PROGRAM
    clock: str | None = None
    feedback: bool = False
    mpe: Zones = WHOLE_LOWER_ZONE

    @property
    def pairs(self) -> dict[MidiSource, Order]:
        """The mapping's 14-bit sources, and which half of each comes first."""
        sources: list[tuple[MidiSource, Order]] = [(knob.source, knob.order) for knob in self.knobs]
        sources += [(button.source, "msb-first") for button in self.buttons]
        return {source: order for source, order in sources if source.kind in PAIRED}

    @property
    def devices(self) -> set[str]:
        """The devices that the mapping names."""
        sources = [knob.source for knob in self.knobs] + [button.source for button in self.buttons]
        sources.append(self.programs or ANY_PROGRAM)
        return {source.device for source in sources if source.device}

    @property
    def mpe_sources(self) -> tuple[MidiSource, ...]:
        """The mapping's MPE sources; if there are none, an MPE controller is decoded as any other."""
        sources = [knob.source for knob in self.knobs] + [button.source for button in self.buttons]
        return tuple(source for source in sources if source.is_mpe)


def default_mapping(slugs: Sequence[str]) -> Mapping:
    """The mapping of CC 20, 21, … and keys 60, 61, … (middle C and up) to the stops in order; knobs take over at once."""
    knobs = [
        Knob(MidiSource("cc", number), slug, takeover="jump", smoothing_s=0.0)
        for number, slug in zip(range(FIRST_CC, LAST_CC + 1), slugs, strict=False)
    ]
    keys = [
        Knob(MidiSource("note", number), slug, "velocity", smoothing_s=0.0)
        for number, slug in zip(range(FIRST_NOTE, LAST_NOTE + 1), slugs, strict=False)
    ]
    return Mapping((*knobs, *keys))


def for_stops(mapping: Mapping, slugs: Sequence[str]) -> Mapping:
    """The mapping for an instrument's stops: `#1` becomes the first stop's slug. Knobs with a number beyond the last
    stop are dropped."""
    numbered = {f"#{number}": slug for number, slug in enumerate(slugs, 1)}
    knobs = (replace(knob, stop=numbered.get(knob.stop, knob.stop)) for knob in mapping.knobs)
    combine = {numbered.get(stop, stop): how for stop, how in mapping.combine.items()}
    return replace(
        mapping, knobs=tuple(knob for knob in knobs if not knob.stop.startswith("#")), combine=combine
    )


def with_knobs(mapping: Mapping, knobs: Sequence[Knob]) -> Mapping:
    """A mapping with knobs added, one after another: each takes its source from the knobs before it."""
    for knob in knobs:
        others = tuple(each for each in mapping.knobs if not _same_control(each.source, knob.source))
        mapping = replace(mapping, knobs=(*others, knob))
    return mapping


def _same_control(one: MidiSource, other: MidiSource) -> bool:
    """Whether one control of one box may send both; a source without device or channel is any's."""
    return (one.kind, one.number) == (other.kind, other.number) and all(
        None in (getattr(one, key), getattr(other, key)) or getattr(one, key) == getattr(other, key)
        for key in ("device", "channel")
    )


def _one_of(what: str, value: str, known: Sequence[str]) -> None:
    if value not in known:
        raise DrawstopError(f"{what} is one of {', '.join(known)}; got {value!r}")
