"""A performance with everything at once, recorded and rendered again: are the bits the same?

`drawstop play --record` with three MIDI boxes (one plays a Standard MIDI File, one is pulled out and plugged in
again), an OSC client over UDP and one over TCP, scenes, and a mapping that is edited badly and mended meanwhile.
"""

import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import mido
import numpy as np
import numpy.typing as npt

from bench.controllers.results import Results
from bench.controllers.simulated_controllers import Due, SimulatedController, message, midi_box, osc_client
from bench.live.jack import JackServer
from bench.live.preparation import example_instrument, free_port
from realtime.engine import instrument_file
from realtime.recording.replay import compared, replay
from realtime.recording.session_file import Session, read_session

PATIENCE_S = 120.0
EVERY_S = 0.05
"""Each controller moves so often."""
UNDO_EVERY = 40
"""After so many messages a client takes a scene, a morph or a store back, so the file is stored again and again."""
REST_S = 1.0
DOWN_S = 3.0
"""A box that is pulled out stays out for so long."""


class Performer:
    """`drawstop play` in a process of its own, and what it says."""

    def __init__(self, *arguments: object) -> None:
        command = [sys.executable, "-m", "drawstop", "play", *map(str, arguments)]
        self._process = subprocess.Popen(
            command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True
        )
        self.lines: list[str] = []
        assert self._process.stderr is not None
        self._reader = threading.Thread(target=self.lines.extend, args=(self._process.stderr,), daemon=True)
        self._reader.start()

    def wait_for_note(self, text: str, times: int = 1) -> None:
        """Wait until it has said this so often."""
        deadline = time.monotonic() + PATIENCE_S
        while sum(text in line for line in self.lines) < times:
            if time.monotonic() > deadline or self._process.poll() is not None:
                raise RuntimeError(f"it never said {text!r}: {''.join(self.lines)}")
            time.sleep(0.05)

    def end(self) -> int:
        """Ctrl-C, as the user does; its exit code."""
        self._process.send_signal(signal.SIGINT)
        code = self._process.wait(PATIENCE_S)
        self._reader.join()
        return code


def measure(seconds: float, instrument: Path | None) -> Results:
    """Perform for so long (30 s or more), render twice, compare."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        instrument = instrument or example_instrument(folder)
        with JackServer().use_here() as server:
            code, lines = perform(folder, instrument, seconds, server)
        session = read_session(folder / "take")
        renders = [replay(session) for _ in range(2)]
        return _results(session, renders, code, lines)


def perform(folder: Path, instrument: Path, seconds: float, server: JackServer) -> tuple[int, list[str]]:
    """Play into `folder`/take; the exit code and what was said."""
    slugs = [stop.slug for stop in instrument_file.load(instrument).description.stops]
    path, port = folder / "m.toml", free_port()
    path.write_text(mapping(slugs))
    performer = Performer(
        instrument, "--headless", "--mapping", path, "--scenes", folder / "scenes.toml", "--osc", port,
        "--record", folder / "take",
    )  # fmt: skip
    with ExitStack() as stack:
        boxes = {name: stack.enter_context(midi_box(name)) for name in ("keys", "nano", "fader")}
        tones = subprocess.Popen(["jack_iodelay"], stdout=subprocess.DEVNULL)
        stack.callback(tones.wait)
        stack.callback(tones.kill)
        for name in boxes:
            performer.wait_for_note(f"MIDI {name}:out is here")
        server.connect("jack_delay:out", "drawstop:in_0")
        clients = [stack.enter_context(osc_client(transport, port)) for transport in ("udp", "tcp")]
        begin = time.monotonic() + 1.0
        boxes["keys"].play(file_dues(save_midi_file(folder / "keys.mid", seconds), begin))
        boxes["nano"].play(knob_dues(begin, seconds))
        boxes["fader"].play(fader_dues(begin, seconds / 3))
        for index, client in enumerate(clients):
            client.send(message("/subscribe"))
            client.play(osc_dues(slugs, begin, seconds, index))
        wait_until(begin + seconds / 3)
        boxes["fader"].pull()
        fader = stack.enter_context(mend_and_plug_in(performer, path))
        left_s = max(0.0, begin + seconds - time.monotonic())
        fader.play(fader_dues(time.monotonic(), left_s))
        wait_until(begin + seconds)
        for controller in (boxes["keys"], boxes["nano"], *clients, fader):
            controller.sent()
        time.sleep(REST_S)
        return performer.end(), performer.lines


def mend_and_plug_in(performer: Performer, path: Path) -> SimulatedController:
    """While the fader is out: edit the mapping badly, plug the fader in again, mend the mapping; the fader."""
    good = path.read_text()
    performer.wait_for_note("MIDI fader:out has gone")
    path.write_text(good + 'kurve = "linear"\n')
    performer.wait_for_note("there is no 'kurve' here")
    time.sleep(DOWN_S)
    fader = midi_box("fader")
    performer.wait_for_note("MIDI fader:out is here", times=2)
    path.write_text(good.replace("range = [-1.0, 1.0]", "range = [-0.9, 0.9]"))
    performer.wait_for_note("is in use as it was saved")
    return fader


def mapping(slugs: list[str]) -> str:
    """A mapping: the file's knob and the fader the first stop, the nano's knobs all of them, keys the scenes."""
    first, last = slugs[0], slugs[-1]
    text = 'takeover = "jump"\nprograms = true\nfeedback = true\n'
    for source, device, stop in (
        ("cc14 1", "keys", first),
        ("bend", "fader", last),
        ("cc 20", "nano", first),
    ):
        text += f'[[knob]]\nsource = "{source}"\ndevice = "{device}"\nstop = "{stop}"\nrange = [-1.0, 1.0]\n'
    for note, does in ((40, "store"), (41, "scene")):
        text += f'[[button]]\nsource = "note {note}"\ndevice = "keys"\ndoes = "{does}"\nname = "Verse"\n'
    return text + f'[[knob]]\nsource = "cc 21"\ndevice = "nano"\nstop = "{last}"\n'


def save_midi_file(path: Path, seconds: float) -> Path:
    """A 14-bit knob in slow waves; a scene that is stored and recalled in turn, every second."""
    track = mido.MidiTrack()
    note = [mido.Message("note_on", note=40, velocity=100), mido.Message("note_off", note=40, time=10)]
    ticks = round(2 * 480 * EVERY_S)  # two beats a second
    for index in range(round(seconds / EVERY_S)):
        value = round(8191.5 + 8191.5 * np.sin(index / 20))
        track.append(mido.Message("control_change", control=1, value=value >> 7, time=ticks))
        track.append(mido.Message("control_change", control=33, value=value & 127))
        turn, rest = divmod(index, round(1 / EVERY_S))
        if rest == 0:
            track += [each.copy(note=40 + turn % 2) for each in note]
    mido.MidiFile(ticks_per_beat=480, tracks=[track]).save(path)
    return path


def file_dues(path: Path, begin: float) -> Iterator[Due]:
    """A MIDI file as it is played."""
    moment = begin
    for each in mido.MidiFile(path):
        moment += each.time
        if not each.is_meta:
            yield Due(moment, bytes(each.bin()))


def knob_dues(begin: float, seconds: float) -> Iterator[Due]:
    """Two knobs, turned at random."""
    random = np.random.default_rng(1)
    for moment in np.arange(0.0, seconds, EVERY_S):
        control, value = int(random.integers(20, 22)), int(random.integers(128))
        yield Due(
            begin + float(moment), bytes(mido.Message("control_change", control=control, value=value).bin())
        )


def fader_dues(begin: float, seconds: float) -> Iterator[Due]:
    """A fader, moved at random."""
    random = np.random.default_rng(2)
    for moment in np.arange(0.0, seconds, EVERY_S):
        pitch = int(random.integers(-8191, 8192))
        yield Due(begin + float(moment), bytes(mido.Message("pitchwheel", pitch=pitch).bin()))


def osc_dues(slugs: list[str], begin: float, seconds: float, seed: int) -> Iterator[Due]:
    """Stops, faders, ramps and morphs at random; every fourth with a time tag."""
    random = np.random.default_rng(10 + seed)
    choices: list[Callable[[], bytes]] = [
        lambda: message(f"/stop/{random.choice(slugs)}", float(random.uniform(-1, 1))),
        lambda: message(f"/stop/{random.choice(slugs)}/ramp", float(random.uniform(-1, 1)), 0.3),
        lambda: message("/wet", float(random.uniform(0.3, 1))),
        lambda: message("/input_gain", float(random.uniform(-6, 0))),
        lambda: message("/stop/*", float(random.uniform(-1, 1))),
        lambda: message("/scene/verse", 0.5),
    ]
    for index, moment in enumerate(np.arange(1.0, seconds, EVERY_S)):
        content = choices[int(random.integers(len(choices)))]()
        if index % UNDO_EVERY == 0:
            content = message("/undo")
        yield Due(begin + float(moment), content, 0.1 if index % 4 == 0 else None)


def wait_until(moment: float) -> None:
    """Sleep."""
    time.sleep(max(0.0, moment - time.monotonic()))


def _results(
    session: Session, renders: list[npt.NDArray[np.float32]], code: int, lines: list[str]
) -> Results:
    seconds = session.input.shape[1] / session.about.sample_rate
    results = Results(f"A performance of {seconds:.1f} s, rendered twice", ("moved by", "events"))
    sources = Counter(event.source for event in session.events)
    for source, count in sorted(sources.items()):
        results.row(source, count)
    wanted = ("cc14 1", "cc 20", "cc 21", "bend", "scene verse")
    lacking = sum(source not in sources for source in wanted)
    results.limit("controllers that the session lacks", lacking, 0)
    results.limit("OSC clients that it lacks", 2 - sum(source.startswith("osc ") for source in sources), 0)
    length = session.output.shape[1]
    results.limit("played samples that the renderings lack", length - renders[0].shape[1], 0)
    for index, other in enumerate(renders, 1):
        results.limit(
            f"samples of rendering {index} that differ from what was played",
            int((other[:, :length] != session.output).any(axis=0).sum()),
            0,
        )
    results.limit("lost blocks", len(session.lost), 0)
    results.limit("exit code", code, 0)
    results.limit("tracebacks", sum("Traceback" in line for line in lines), 0)
    results.details |= {"compared": compared(session, renders[0]), "said": lines}
    return results
