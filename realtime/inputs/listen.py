"""`drawstop learn` and `drawstop monitor`: what a controller sends, without any sound."""

import queue
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from drawstop.errors import DrawstopError
from drawstop.instrument_description import StopDescription
from realtime.controllers.mapping.file import read_mapping
from realtime.controllers.mapping.learn import QUIET_S, Learned, detect
from realtime.controllers.mapping.mapping import Mapping
from realtime.controllers.midi.input import MidiControl
from realtime.controllers.midi.source import Touch
from realtime.controllers.parameters import Change, ControlHub
from realtime.engine.control_event import ControlEvent
from realtime.engine.parameters import PARAMETERS
from realtime.inputs.midi_ports import MidiPorts

NOT_TOUCHED = (
    "clock",
    "start",
    "continue",
    "stop",
    "active_sensing",
    "songpos",
    "sysex",
    "reset",
    "quarter_frame",
)

Say = Callable[[str], None]
Heard = tuple[str, Any, float]


@contextmanager
def heard_messages(midi: Sequence[str], say: Say) -> Iterator["queue.Queue[Heard]"]:
    """A queue of the messages that come: device, message (mido's), moment (`time.monotonic`)."""
    messages: queue.Queue[Heard] = queue.Queue()
    names: set[str] = set()

    def changed(inputs: Sequence[str], outputs: Sequence[str]) -> None:
        for name in sorted(set(inputs) ^ names):
            say(f"MIDI {name} {'is here' if name in inputs else 'has gone'}")
        names.clear()
        names.update(inputs)

    with MidiPorts(lambda *heard: messages.put(heard), midi or ("",), on_change=changed):
        yield messages


def next_touch(messages: "queue.Queue[Heard]", quiet_s: float = QUIET_S) -> tuple[str, list[Any]]:
    """Wait for somebody to touch something and to let go; the device and what it sent."""
    touched: list[tuple[str, Any]] = []
    last = 0.0
    while not touched or time.monotonic() - last < quiet_s:
        try:
            device, message, _ = messages.get(timeout=0.05)
        except queue.Empty:
            continue
        if message.type not in NOT_TOUCHED:
            touched.append((device, message))
            last = time.monotonic()
    device = Counter(device for device, _ in touched).most_common(1)[0][0]
    return device, [message for name, message in touched if name == device]


def learn_touch(messages: "queue.Queue[Heard]") -> Learned:
    """Wait for a touch that can be mapped."""
    while True:
        device, touch = next_touch(messages)
        try:
            return detect(touch, device)
        except DrawstopError:
            continue


def told(learned: Learned) -> str:
    """A learned source, for people."""
    source = learned.source
    kinds = {
        "cc14": "a 14-bit controller", "nrpn": "a 14-bit parameter", "rpn": "a 14-bit parameter",
        "note": "a key or pad", "bend": "a wheel of 14 bits",
    }  # fmt: skip
    kind = kinds.get(source.kind, "a knob of 7 bits")
    if learned.mode == "relative":
        kind = f"an endless encoder, {learned.encoding}"
    elif learned.mode == "toggle":
        kind = "a button"
    if source.kind in ("cc14", "nrpn", "rpn"):
        kind += f", {learned.order}"
    if source.is_mpe:
        return f"{source} of {source.device}: a finger on an MPE controller, any note"
    return f"{source} on channel {source.channel} of {source.device}: {kind}"


class _Nobody:
    """Takes the movements that the monitor only shows."""

    sample_rate = 44100

    def now(self) -> int:
        return 0

    def schedule(self, events: Iterable[ControlEvent]) -> None:
        for _ in events:
            pass


def monitor(midi: Sequence[str], mapping: Path | None, seconds: float | None, say: Say) -> None:
    """Say what arrives, and what it moves by a mapping, until the user ends it or the time is over."""
    plan = read_mapping(mapping) if mapping else Mapping()
    own = {fader.slug for fader in PARAMETERS}
    stops = [
        StopDescription(slug, slug, slug)
        for slug in dict.fromkeys(knob.stop for knob in plan.knobs)
        if slug not in own
    ]
    hub = ControlHub(_Nobody(), [*stops, *PARAMETERS])
    moved: list[Change] = []
    hub.subscribe(moved.extend)
    touches: list[Touch] = []
    control = MidiControl(hub, plan, watch=touches.append)
    start = time.monotonic()
    end = None if seconds is None else start + seconds
    with heard_messages(midi, say) as messages:
        while end is None or time.monotonic() < end:
            try:
                device, message, moment = messages.get(timeout=0.02)
            except queue.Empty:
                control.tick(time.monotonic())
            else:
                if message.type == "clock":
                    continue
                control.hear(device, message, moment)
                say(f"{moment - start:9.3f} s  {device}  {message}")
            for touch in touches:
                if touch.source.kind not in ("cc", "note"):
                    say(
                        f"{'':11}  {touch.source} on channel {touch.source.channel}: {touch.data} of {touch.maximum}"
                    )
            for change in moved:
                say(f"{'':11}  {change.source} -> {change.slug} {change.value:+.4f}")
            touches.clear()
            moved.clear()
