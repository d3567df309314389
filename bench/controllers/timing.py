"""Knob to sound: when a value changes in front of the instrument, and when the change sounds.

Live, under JACK: movements come by MIDI, by OSC, and by OSC with a time tag, at irregular moments. *The control
track* is the sample that the session gives for each, less the sample that sounded when the movement arrived (a
listener of our own, on the same MIDI port, says when; an OSC packet arrives when it is sent), or that its tag names.
*The sound* is the first sample of the recorded output that differs from a rendering of the same session in which
that controller's movements come later; less the instrument's reported delay, and counted from the same moment.
"""

import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import mido
import numpy as np
import numpy.typing as npt

from bench.controllers.instrument import DELAY, RATIO, SLUGS, make_gain
from bench.controllers.playing import Clock, Playing
from bench.controllers.results import Results, sizes, spread
from bench.controllers.simulated_controllers import Due, SimulatedController, message, midi_box, osc_client
from bench.live.jack import JackServer
from bench.live.preparation import free_port
from realtime.inputs.live_controllers import ControllerOptions
from realtime.inputs.osc import OscOptions
from realtime.live.device.selection import DeviceSelection
from realtime.live.supervisor import LiveRequest
from realtime.recording.replay import replay
from realtime.recording.session_file import Session, read_session

BLOCK = 512
GAP_S, IRREGULAR_S = 0.12, 0.03
AHEAD_S = 0.1
LATER = 2048
"""Samples by which a rendering plays a controller's movements later: more than a late one is late, less than a gap."""
MAPPING = '[[knob]]\nsource = "bend"\nstop = "one"\ntakeover = "jump"\n'
DESCRIPTIONS = {
    "one": "MIDI, from its arrival",
    "two": "OSC over UDP, from its sending",
    "three": "OSC with a time tag, from the tag",
}


@dataclass
class Take:
    """A controller's movements: the value of each, and when it counts and was sent (`time.monotonic`)."""

    values: npt.NDArray[np.float64]
    counts: npt.NDArray[np.float64]
    sent: npt.NDArray[np.float64]


def measure(movements: int, rate: int) -> Results:
    """So many movements of each controller, with a device of this rate (Hz)."""
    with tempfile.TemporaryDirectory() as name, JackServer(rate).use_here() as server:
        folder = Path(name)
        (folder / "m.toml").write_text(MAPPING)
        instrument, port = make_gain(folder), free_port()
        request = LiveRequest(instrument, DeviceSelection(rate=rate), BLOCK)
        options = ControllerOptions(mapping=folder / "m.toml", osc=OscOptions(port))
        with (
            midi_box("knob") as knob, midi_box("monitor", listens=True) as monitor,
            osc_client("udp", port) as plain, osc_client("udp", port) as tagged,
            Playing(request, options, folder / "take") as playing,
        ):  # fmt: skip
            playing.wait_for_note("MIDI knob:out is here")
            server.connect("knob:out", "monitor-motor:in")
            with Clock(playing) as clock:
                takes = play(dict(zip(SLUGS, (knob, plain, tagged), strict=True)), monitor, movements)
                time.sleep(1.0)
        session = read_session(folder / "take")
        return _results(session, takes, clock, playing, rate)


def play(
    controllers: dict[str, SimulatedController], monitor: SimulatedController, movements: int
) -> dict[str, Take]:
    """Let the controllers play. Returns their movements."""
    random = np.random.default_rng(0)
    begin = time.monotonic() + 1.0
    values = values_of(movements)
    moments = {}
    for index, (slug, controller) in enumerate(controllers.items()):
        gaps = GAP_S * (np.arange(movements) + index / len(controllers))
        moments[slug] = begin + gaps + random.uniform(0, IRREGULAR_S, movements)
        ahead = AHEAD_S if slug == "three" else None
        contents = [_bend(each) if slug == "one" else message(f"/stop/{slug}", each) for each in values]
        controller.play(
            Due(float(moment), content, ahead)
            for moment, content in zip(moments[slug], contents, strict=True)
        )
    sent = {slug: np.array(controller.sent()) for slug, controller in controllers.items()}
    counts = {
        "one": np.array([moment for moment, _ in monitor.received()]),
        "two": sent["two"],
        "three": moments["three"] + AHEAD_S,
    }
    return {slug: Take(values, counts[slug], sent[slug]) for slug in controllers}


def values_of(movements: int) -> npt.NDArray[np.float64]:
    """A stop's values, positive and negative in turn, and none twice."""
    size = 0.2 + 0.7 * np.arange(1, movements + 1) / movements
    return np.where(np.arange(movements) % 2, -size, size)


def _bend(value: float) -> bytes:
    return bytes(mido.Message("pitchwheel", pitch=round(value * 8191)).bin())


def _results(
    session: Session, takes: dict[str, Take], clock: Clock, playing: Playing, device_rate: int
) -> Results:
    rate, latency = session.about.sample_rate, playing.latency
    title = f"Knob to sound, live: device {device_rate} Hz, block {latency.block} at {rate} Hz"
    columns = ("", "movements", "track: p50 ±ms", "p99", "max", "sound: p50 ms", "p99", "max")
    results = Results(title, columns)
    most_ms = 1000.0 * (latency.block + RATIO) / rate
    for slug, take in takes.items():
        changes = [event for event in session.events if event.slug == slug]
        index = [int(np.abs(take.values - event.value).argmin()) for event in changes]
        results.limit(f"{slug}: movements that the session lacks", len(take.values) - len(set(index)), 0)
        at = np.array([event.sample for event in changes], dtype=np.float64)
        due = clock.samples(take.counts[index])
        changed = first_changes(session, slug) - DELAY
        track, sound = 1000.0 / rate * (at - due), 1000.0 / rate * (changed - due)
        results.row(DESCRIPTIONS[slug], len(changes), *sizes(track), *spread(sound)[1:])
        results.limit(f"{slug}: sound, p99, ms", spread(sound)[2], most_ms)
        results.details[slug] = {
            "track_ms": spread(track), "sound_ms": spread(sound),
            "track_from_sending_ms": spread(1000.0 / rate * (at - clock.samples(take.sent[index]))),
            "moved_to_a_blocks_start": int((at % latency.block == 0).sum()),
        }  # fmt: skip
    results.limit("lost blocks", playing.report.lost_blocks, 0)
    results.details["callback_jitter_ms"] = spread(clock.jitter_ms())
    return results


def first_changes(session: Session, slug: str) -> npt.NDArray[np.float64]:
    """The first output sample that each of a stop's events changes: where the output ceases to be the same as it
    is with those events later.
    """
    later = [
        replace(event, sample=event.sample + LATER) if event.slug == slug else event
        for event in session.events
    ]
    other = replay(replace(session, events=sorted(later, key=lambda event: event.sample)))
    length = min(other.shape[1], session.output.shape[1])
    differs = np.flatnonzero(other[0, :length] != session.output[0, :length])
    samples = [event.sample for event in session.events if event.slug == slug]
    return differs[np.searchsorted(differs, _before(samples))].astype(np.float64)


def _before(samples: Sequence[int]) -> list[int]:
    """Where to begin to look: a frame before each event, so that a change that is too early is seen."""
    return [sample - RATIO for sample in samples]
