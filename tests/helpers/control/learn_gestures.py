"""A corpus of gestures for `drawstop learn`: what boxes send when a hand moves one thing, and the right answer.

What a box sends is from makers' charts and from the MIDI, MPE and Mackie specifications; the hand is drawn by chance, with a
seed. Each gesture is played alone and beside other boxes that tremble, tick, report their state or play by themselves.
"""

import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import mido

Event = tuple[float, str, mido.Message]
BOX = "nano"
SEED = 23


@dataclass(frozen=True)
class CorpusGesture:
    """One gesture.

    Attributes:
        name: the hand's movement, the kind of box, and what is beside it.
        events: seconds, device and message, in order.
        right: the attributes of the right answer: `source` as text, and of `mode`, `encoding`, `order`, `trigger` those
            that matter.
    """

    name: str
    events: Sequence[Event]
    right: dict[str, str] = field(default_factory=dict)


def cc(number: int, value: int, channel: int = 0) -> mido.Message:
    return mido.Message("control_change", control=number, value=value, channel=channel)


def note(number: int, velocity: int, channel: int = 0) -> mido.Message:
    return mido.Message("note_on", note=number, velocity=velocity, channel=channel)


def sweep(start: float, turns: Iterable[float], steps: int, rng: random.Random) -> list[float]:
    """A knob's positions, 0 to 1, from one turning point to the next, as fast as a hand and as uneven."""
    positions, at = [start], start
    for target in turns:
        pieces = steps + rng.randrange(steps // 2 + 1)
        positions += [
            at + (target - at) * (i / pieces) ** rng.choice((0.8, 1.0, 1.3)) for i in range(1, pieces + 1)
        ]
        at = target
    return positions


def sevens(number: int, positions: Sequence[float]) -> list[mido.Message]:
    """What a 7-bit knob sends: each position once."""
    data = [round(127 * position) for position in positions]
    return [cc(number, b) for a, b in zip([-1, *data], data, strict=False) if a != b]


def fourteens(
    positions: Sequence[float], coarse: int, fine: int, lsb_first: bool = False
) -> list[mido.Message]:
    pairs = [(cc(coarse, v >> 7), cc(fine, v & 127)) for v in (round(16383 * p) for p in positions)]
    return [message for pair in pairs for message in (pair[::-1] if lsb_first else pair)]


def steps_up_and_down(
    rng: random.Random, farthest: int, clicks: int = 12, ways: Sequence[int] = (1, -1)
) -> list[int]:
    """Signed steps: slow at first, faster in the middle, in each direction."""
    steps = []
    for way in ways:
        for click in range(clicks):
            speed = 1 + (farthest - 1) * max(0.0, 1 - abs(click - clicks / 2) * 2.6 / clicks)
            steps.append(way * max(1, round(speed * rng.uniform(0.7, 1.0))))
    return steps


ENCODINGS: dict[str, Callable[[int], int]] = {
    "twos-complement": lambda step: step % 128,
    "binary-offset": lambda step: 64 + step,
    "sign-bit": lambda step: step if step > 0 else 64 - step,
}


def paced(
    messages: Sequence[mido.Message], pace_s: float = 0.01, device: str = BOX, start: float = 0.2
) -> list[Event]:
    return [(start + index * pace_s, device, message) for index, message in enumerate(messages)]


def at(*timed: tuple[float, mido.Message], device: str = BOX) -> list[Event]:
    return [(seconds, device, message) for seconds, message in timed]


def _hands(rng: random.Random) -> list[CorpusGesture]:
    gestures = []

    def add(name: str, events: list[Event], source: str, **right: str) -> None:
        gestures.append(CorpusGesture(name, events, {"source": source, **right}))

    for start, turns in (
        (0.5, (0.9, 0.2)),
        (0.0, (1.0, 0.0)),
        (1.0, (0.4, 0.7)),
        (0.02, (0.15, 0.0)),
        (0.5, (0.6, 0.4, 0.5)),
    ):
        add(
            f"a pot from {start} to {turns}",
            paced(sevens(21, sweep(start, turns, 30, rng))),
            "cc 21",
            mode="absolute",
        )
    add("a pot, fast", paced(sevens(21, sweep(0.1, (1.0, 0.0), 6, rng))), "cc 21", mode="absolute")
    add(
        "a fader of one message in ten steps",
        paced(sevens(7, sweep(0.3, (0.8,), 9, rng))),
        "cc 7",
        mode="absolute",
    )
    for lsb_first in (False, True):
        positions = sweep(0.4, (0.8, 0.3), 40, rng)
        order = "lsb-first" if lsb_first else "msb-first"
        add(f"14 bits, {order}", paced(fourteens(positions, 3, 35, lsb_first), 0.004), "cc14 3", order=order)
        chosen = [cc(99, 7), cc(98, 104)]
        add(
            f"NRPN, {order}",
            paced([*chosen, *fourteens(positions, 6, 38, lsb_first)], 0.004),
            "nrpn 1000",
            order=order,
        )
    resent = [m for v in range(0, 90, 3) for m in (cc(99, 7), cc(98, 104), cc(6, v))]
    add("NRPN that chooses its number each time", paced(resent, 0.004), "nrpn 1000", mode="absolute")
    add(
        "RPN",
        paced([cc(101, 0), cc(100, 5), *fourteens(sweep(0, (1,), 30, rng), 6, 38)], 0.004),
        "rpn 5",
        mode="absolute",
    )
    for ways in ((1, -1), (1,)):
        increments = [cc(96 if step > 0 else 97, 0) for step in steps_up_and_down(rng, 1, 8, ways)]
        add(
            f"NRPN increments {ways}",
            paced([cc(99, 7), cc(98, 104), *increments]),
            "nrpn 1000",
            mode="relative",
        )
    for encoding, encode in ENCODINGS.items():
        for farthest in (1, 4, 15, 30):
            data = [cc(16, encode(step)) for step in steps_up_and_down(rng, farthest)]
            add(
                f"encoder {encoding}, steps to {farthest}",
                paced(data, 0.03),
                "cc 16",
                mode="relative",
                encoding=encoding,
            )
        glitch = [encode(step) for step in steps_up_and_down(rng, 6)]
        glitch[9] = 40 if encoding != "binary-offset" else 3
        add(
            f"encoder {encoding} with a wrong step",
            paced([cc(16, v) for v in glitch]),
            "cc 16",
            mode="relative",
            encoding=encoding,
        )
    add(
        "encoder, one way only",
        paced([cc(16, v) for v in (1, 1, 1, 2, 1)], 0.05),
        "cc 16",
        mode="relative",
        encoding="twos-complement",
    )
    add(
        "a fader on a screen that jumps",
        paced([cc(30, v) for v in (3, 125, 4)], 0.3),
        "cc 30",
        mode="absolute",
    )
    add(
        "a latching pedal, fast",
        at((0.2, cc(64, 127)), (0.55, cc(64, 0))),
        "cc 64",
        mode="toggle",
        trigger="any",
    )
    add("a key", at((0.2, note(60, 90)), (0.5, note(60, 0))), "note 60", mode="velocity")
    add("a key without note-off", at((0.2, note(60, 90))), "note 60", mode="velocity")
    add("a key that is held", at((0.2, note(60, 90)), (2.4, note(60, 0))), "note 60", mode="velocity")
    pressures = [mido.Message("aftertouch", value=v) for v in (20, 60, 90, 40, 0)]
    add(
        "a pad with pressure",
        paced([note(36, 100), *pressures, note(36, 0)], 0.05),
        "note 36",
        mode="velocity",
    )
    polys = [mido.Message("polytouch", note=36, value=v) for v in (20, 60, 90, 40, 0)]
    add(
        "a pad with pressure of its own",
        paced([note(36, 100), *polys, note(36, 0)], 0.05),
        "note 36",
        mode="velocity",
    )
    as_cc = [cc(70, v) for v in (5, 40, 90, 30, 0)]
    add(
        "a pad that sends its pressure as cc",
        paced([note(36, 100), *as_cc, note(36, 0)], 0.05),
        "note 36",
        mode="velocity",
    )
    bends = [
        mido.Message("pitchwheel", pitch=round(16383 * p) - 8192, channel=2)
        for p in sweep(0.3, (0.8, 0.2), 30, rng)
    ]
    touch, leave = note(106, 127, channel=0), note(106, 0, channel=0)
    add("a Mackie fader with its touch", paced([touch, *bends, leave]), "bend", mode="absolute")
    add("a Mackie fader, still touched", paced([touch, *bends]), "bend", mode="absolute")
    pot = sevens(20, sweep(0.3, (0.8, 0.4), 20, rng))
    add(
        "a fader whose touch is a cc",
        paced([cc(100 - 9, 127), *pot, cc(100 - 9, 0)]),
        "cc 20",
        mode="absolute",
    )
    turned = [cc(71, v % 128) for v in steps_up_and_down(rng, 8)]
    add(
        "a touched encoder (Push)",
        paced([note(0, 127), *turned, note(0, 0)], 0.02),
        "cc 71",
        mode="relative",
        encoding="twos-complement",
    )
    add("a wheel", paced([m.copy(channel=0) for m in bends]), "bend", mode="absolute")
    add("channel pressure", paced(pressures, 0.05), "pressure", mode="absolute")
    add("a button", at((0.2, cc(64, 127)), (0.35, cc(64, 0))), "cc 64", mode="toggle", trigger="down")
    taps = [(0.2 + i * 0.4, cc(64, 127)) for i in range(2)] + [(0.3 + i * 0.4, cc(64, 0)) for i in range(2)]
    add("a button twice", at(*sorted(taps, key=lambda each: each[0])), "cc 64", mode="toggle", trigger="down")
    add(
        "a button of 0 and 100",
        at((0.2, cc(64, 100)), (0.35, cc(64, 0))),
        "cc 64",
        mode="toggle",
        trigger="down",
    )
    add("a pedal that sends 127 once", at((0.2, cc(64, 127))), "cc 64", mode="toggle", trigger="down")
    add(
        "a pedal that sends 127 each time",
        at(*((0.2 + i * 0.5, cc(64, 127)) for i in range(3))),
        "cc 64",
        mode="toggle",
    )
    add(
        "a latching pedal, twice",
        at((0.2, cc(64, 127)), (0.9, cc(64, 0))),
        "cc 64",
        mode="toggle",
        trigger="any",
    )
    add(
        "a pedal that sends 0 each time",
        at(*((0.2 + i * 0.5, cc(64, 0)) for i in range(2))),
        "cc 64",
        mode="toggle",
        trigger="any",
    )
    program = mido.Message("program_change", program=3)
    add("a program pedal", at((0.2, program)), "program 3", mode="toggle")
    add("a program pedal, twice", at((0.2, program), (0.6, program)), "program 3", mode="toggle")
    add(
        "a program pedal with its bank",
        at((0.2, cc(0, 0)), (0.201, cc(32, 2)), (0.202, program)),
        "program 259",
        mode="toggle",
    )
    add("an MPE finger that presses", paced(_finger(pressures)), "mpe pressure")
    glide = [mido.Message("pitchwheel", pitch=p) for p in (100, 300, 500, 900, 1200)]
    add("an MPE finger that glides", paced(_finger(glide)), "mpe bend")
    return gestures


def _finger(moves: Sequence[mido.Message]) -> list[mido.Message]:
    begin = [
        mido.Message("pitchwheel", pitch=0),
        cc(74, 64),
        mido.Message("aftertouch", value=0),
        note(60, 90),
    ]
    return [message.copy(channel=3) for message in (*begin, *moves, note(60, 0))]


def _beside(rng: random.Random, end: float) -> dict[str, list[Event]]:
    """What other boxes send meanwhile, for some seconds after the gesture too."""
    moments = [i * 0.02 for i in range(round((end + 8) / 0.02))]
    tremble = [(t, "other", cc(21, 63 + rng.randrange(2))) for t in moments]
    state = [(t, "other", cc(number, 50)) for t in moments[::25] for number in (1, 2)]
    ticks: list[Event] = [(t, "clock", mido.Message("clock")) for t in moments]
    own = [(t + 0.003, BOX, cc(50, 90 + rng.randrange(2))) for t in moments[::4]]
    again = [(t, "other", cc(21, 62 + rng.randrange(2))) for t in moments]
    alone = [(t, "other", cc(9, round(63 + 60 * (i % 40 - 20) / 20))) for i, t in enumerate(moments[::2])]
    wheel = [(t, "other", mido.Message("pitchwheel", pitch=rng.choice((0, 64, 128)))) for t in moments[::2]]
    return {
        "": [], "another box trembles": tremble, "another box reports its state, and a clock": state + ticks,
        "a knob of the same box trembles": own, "another wheel trembles": wheel,
        "another box trembles and repeats itself": again, "another box plays by itself": alone,
    }  # fmt: skip


def corpus() -> list[CorpusGesture]:
    """All gestures, alone and beside others."""
    rng = random.Random(SEED)
    gestures = []
    for hand in _hands(rng):
        for name, others in _beside(rng, hand.events[-1][0]).items():
            events = sorted([*hand.events, *others], key=lambda event: event[0])
            gestures.append(CorpusGesture(f"{hand.name}; {name}".rstrip("; "), events, hand.right))
    return gestures


def differs(learned: Any, gesture: CorpusGesture) -> bool:
    """Whether an answer is wrong."""
    return learned.source.device != BOX or any(
        str(getattr(learned, key)) != value for key, value in gesture.right.items()
    )
