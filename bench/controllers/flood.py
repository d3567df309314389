"""A flood: 5,000 messages a second by MIDI, OSC over UDP and OSC over TCP together, and packets that are almost OSC.

The sound plays through it. Each transport moves a stop of its own. Some of the broken packets are right by chance and move stops
too: when all is sent, each transport sends one more value, which must be its stop's value in the end.
"""

import os
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import mido
import numpy as np

from bench.controllers import fuzz
from bench.controllers.instrument import SLUGS, make_gain
from bench.controllers.playing import Playing
from bench.controllers.results import Results
from bench.controllers.simulated_controllers import Due, SimulatedController, message, midi_box, osc_client
from bench.live.jack import JackServer
from bench.live.preparation import free_port, resident_megabytes
from realtime.inputs.live_controllers import ControllerOptions
from realtime.inputs.osc import OscOptions
from realtime.live.supervisor import LiveRequest

BLOCK = 512
MAPPING = '[[knob]]\nsource = "bend"\nstop = "one"\ntakeover = "jump"\n'
MIDI_PER_S, UDP_PER_S, TCP_PER_S = 500, 2500, 2000
BURST_S = 0.004
"""A sender wakes so often; JACK's MIDI takes a few messages at once and no more."""
FUZZED_PER_S = 1700
LAST_VALUES = dict(zip(SLUGS, (-0.25, 0.5, 0.75), strict=True))
WARM_S = 5.0
"""The same flood runs for so long before memory is compared."""
SETTLE_S = 2.0
START_S = 3.0
"""Until the controllers have made up what they send."""
MIDI_SLUG = SLUGS[0]
MOST_GROWTH_MB = 2.0


def measure(seconds: float) -> Results:
    """Flood for so long."""
    faults: list[str] = []
    threading.excepthook = lambda fault: faults.append(repr(fault.exc_value))
    with tempfile.TemporaryDirectory() as name, JackServer().use_here():
        folder = Path(name)
        (folder / "m.toml").write_text(MAPPING)
        instrument, port = make_gain(folder), free_port()
        control = ControllerOptions(mapping=folder / "m.toml", osc=OscOptions(port))
        with Playing(LiveRequest(instrument, block=BLOCK), control) as playing:
            with midi_box("box") as box, osc_client("udp", port) as udp, osc_client("tcp", port) as tcp:
                playing.wait_for_note("MIDI box:out is here")
                controllers = dict(
                    zip(SLUGS, ((box, MIDI_PER_S), (udp, UDP_PER_S), (tcp, TCP_PER_S)), strict=True)
                )
                flood(controllers, port, WARM_S)
                time.sleep(SETTLE_S)
                before = _memory(playing)
                last, counts = flood(controllers, port, seconds)
                time.sleep(SETTLE_S)
                after = _memory(playing)
                dropped = dropped_datagrams(port)
            report = playing.supervisor.report()
            end_values = {
                slug: (playing.live_controllers.parameters.values[slug], report.values[slug])
                for slug in controllers
            }
        faults += [note for note in playing.notes if "fault in Drawstop" in note]
    results = Results(
        f"Flood: {seconds:g} s", ("by", "stop", "messages", "a second", "last sent", "store", "sound")
    )
    for transport, slug in zip(("MIDI", "OSC over UDP", "OSC over TCP"), controllers, strict=True):
        store, sound = end_values[slug]
        results.row(
            transport,
            slug,
            counts[slug],
            counts[slug] / seconds,
            f"{last[slug]:.5f}",
            f"{store:.5f}",
            f"{sound:.5f}",
        )
        off = max(abs(store - last[slug]), abs(sound - last[slug]))
        results.limit(f"{slug}: last value less the last one sent", off, 1e-6)
    results.row("broken packets, UDP", "", counts["fuzz"], counts["fuzz"] / seconds, "", "", "")
    for process, size in after.items():
        results.row(f"memory, MB: {process}", "", f"{before[process]:.1f}", f"{size:.1f}", "", "", "")
        results.limit(f"memory: {process}, growth in MB", size - before[process], MOST_GROWTH_MB)
    results.limit("lost blocks, by sequence number", report.lost_blocks, 0)
    results.limit("faults", len(faults), 0)
    results.details |= {
        "datagrams_that_the_system_dropped": dropped,
        "faults": faults,
        "blocks": report.sample // BLOCK,
        "events": report.events,
        "notes": playing.notes,
    }
    return results


def flood(
    controllers: dict[str, tuple[SimulatedController, int]], port: int, seconds: float
) -> tuple[dict[str, float], dict[str, int]]:
    """Let all of them send; the last value of each, and how many messages."""
    begin = time.monotonic() + START_S
    counts = {slug: round(per_s * seconds) for slug, (_, per_s) in controllers.items()}
    counts["fuzz"] = round(FUZZED_PER_S * seconds)
    with osc_client("udp", port) as fuzzer:
        for slug, (controller, per_s) in controllers.items():
            controller.play_from("bench.controllers.flood:messages", slug, counts[slug], per_s, begin)
        fuzzer.play_from("bench.controllers.flood:broken", counts["fuzz"], begin, int(seconds))
        for controller in (*(controller for controller, _ in controllers.values()), fuzzer):
            controller.done()
    time.sleep(SETTLE_S)  # what waits in sockets is received
    for slug, (controller, _) in controllers.items():
        controller.play([Due(0.0, _content(slug, last_value(slug)))])
        controller.done()
    return {slug: last_value(slug) for slug in controllers}, counts


def last_value(slug: str) -> float:
    """The last value that a transport sends, as exactly as it can be sent."""
    value = LAST_VALUES[slug]
    return _bend_value(_pitch(value)) if slug == MIDI_SLUG else value


def values_of(slug: str, count: int) -> list[float]:
    """So many values of a stop."""
    values = np.random.default_rng(SLUGS.index(slug)).uniform(-1.0, 1.0, count)
    return [float(value) for value in values.astype(np.float32)]


def messages(slug: str, count: int, per_s: int, begin: float) -> Iterator[Due]:
    """What one controller sends."""
    for index, value in enumerate(values_of(slug, count)):
        yield Due(_burst(begin, index, per_s), _content(slug, value))


def broken(count: int, begin: float, seed: int) -> Iterator[Due]:
    """What the fourth one sends."""
    for index, packet in enumerate(fuzz.packets(count, seed)):
        yield Due(_burst(begin, index, FUZZED_PER_S), packet)


def _content(slug: str, value: float) -> bytes:
    if slug == MIDI_SLUG:
        return bytes(mido.Message("pitchwheel", pitch=_pitch(value)).bin())
    return message(f"/stop/{slug}", value)


def _pitch(value: float) -> int:
    return round(8191 * value)


def _bend_value(pitch: int) -> float:
    """Where a pitch wheel's -8192..8191 puts a stop: the middle is exactly 0, and both ends are reached."""
    return float(np.float32(pitch / (8192 if pitch < 0 else 8191)))


def _burst(begin: float, index: int, per_s: int) -> float:
    """The moment of a sender's message: several at once, every `BURST_S`."""
    return begin + index / per_s // BURST_S * BURST_S


def _memory(playing: Playing) -> dict[str, float]:
    return {
        "command": resident_megabytes(os.getpid()),
        "audio process": resident_megabytes(playing.supervisor.audio.pid),
    }


def dropped_datagrams(port: int) -> int:
    """How many the system had no room for, of those to a UDP port of this machine."""
    for line in Path("/proc/net/udp").read_text().splitlines()[1:]:
        fields = line.split()
        if int(fields[1].split(":")[1], 16) == port:
            return int(fields[-1])
    raise RuntimeError(f"nobody has UDP port {port}")
