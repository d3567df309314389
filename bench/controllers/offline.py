"""Knob to sound, offline: when a value changes in front of the instrument, and where the sound then changes."""

import tempfile
from dataclasses import replace
from pathlib import Path

import mido
import numpy as np
import numpy.typing as npt

from bench.controllers.instrument import SLUGS, make_gain
from bench.controllers.results import Results, spread
from bench.live.preparation import example_instrument
from realtime.controllers.mapping.file import parse_mapping
from realtime.controllers.midi.midi_file import read_midi_file
from realtime.engine import instrument_file
from realtime.engine.control_event import ControlEvent
from realtime.engine.instrument_player import Player
from realtime.engine.parameters import RAMP
from realtime.engine.performance import Performance

Audio = npt.NDArray[np.float32]

BLOCK = 2048
GAP = 3000
"""Samples, about, from one movement to the next."""
DEMO_GAP = 40_000
"""The same for the demo's instrument, whose memory is long."""
DEMO_MOVEMENTS = 60
MAPPING = '[[knob]]\nsource = "bend"\nstop = "one"\ntakeover = "jump"\n'
TICKS_PER_BEAT = 22050
"""At a MIDI file's own tempo, two beats a second, a tick is a sample."""


class Track(Player):
    """A player that keeps what its instrument is given as its stops' values, `[stops, samples]`."""

    def submit(self, block: Audio, ramp_s: float | None, reset: bool) -> bool:
        """Note the rows of the stops, then play the block."""
        self.given = getattr(self, "given", [])
        self.given.append(block[self.instrument.description.channels_in :].copy())
        return super().submit(block, ramp_s, reset)


def measure(movements: int, instrument: Path | None) -> Results:
    """So many movements as events, as many from a MIDI file; and an instrument, by default the demo's."""
    results = Results("Knob to sound, offline", ("", "movements", "off by: p50", "max", "unit"))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path = make_gain(folder)
        random = np.random.default_rng(0)
        samples = np.cumsum(random.integers(GAP // 2, GAP, movements))
        values = np.where(np.arange(movements) % 2, -0.5, 0.5) * random.uniform(0.5, 1.0, movements)
        events = [ControlEvent(int(s), SLUGS[0], float(v)) for s, v in zip(samples, values, strict=True)]
        from_file = _through_a_file(folder, path, events)
        for what, moved in (("as events", events), ("from a MIDI file", from_file)):
            off = np.abs(changes(path, moved) - samples)
            results.row(f"control track, {what}", movements, *spread(off)[1::2], "samples")
            results.limit(f"control track, {what}: off by at most, samples", off.max(), 1)
        demo = instrument_file.load(instrument or example_instrument(folder))
        ratio, frames = demo_changes(demo)
    results.row(
        f"sound, a RAVE ({demo.description.name}; {ratio} samples a frame)",
        len(frames),
        *spread(frames)[1::2],
        "frames",
    )
    results.limit("demo: frames from the movement's to the sound's first change, at most", frames.max(), 0)
    results.limit("demo: frames by which the sound changes before, at most", -frames.min(), 0)
    return results


def _through_a_file(folder: Path, path: Path, events: list[ControlEvent]) -> list[ControlEvent]:
    """The same movements written as a Standard MIDI File and read back."""
    track = mido.MidiTrack()
    before = 0
    for event in events:
        track.append(mido.Message("pitchwheel", pitch=round(8191 * event.value), time=event.sample - before))
        before = event.sample
    mido.MidiFile(ticks_per_beat=TICKS_PER_BEAT, tracks=[track]).save(folder / "moves.mid")
    description = instrument_file.load(path).description
    mapping = parse_mapping(MAPPING, folder / "m.toml")
    return read_midi_file(folder / "moves.mid", description.sample_rate, description.stops, mapping)


def changes(path: Path, events: list[ControlEvent]) -> npt.NDArray[np.int64]:
    """The samples at which the first stop's value begins to change in front of the instrument."""
    instrument = instrument_file.load(path)
    track = Track(instrument)
    length = -(-(events[-1].sample + BLOCK) // BLOCK) * BLOCK
    played(track, np.zeros((1, length), dtype=np.float32), events)
    values = np.concatenate(track.given, axis=1)[0]
    moving = np.diff(values) != 0
    begins: npt.NDArray[np.int64] = np.flatnonzero(moving & ~np.append(False, moving[:-1])) + 1
    return begins


def played(player: Player, audio: Audio, events: list[ControlEvent]) -> Audio:
    """Sound through an instrument, nothing taken out. `[channels, whole blocks]` each."""
    performance = Performance(player.instrument.description, player, BLOCK)
    performance.prepare()
    performance.schedule(events)
    blocks = []
    for start in range(0, audio.shape[1], BLOCK):
        performance.submit(audio[:, start : start + BLOCK])
        block = performance.collect()
        assert block is not None
        blocks.append(block.audio)
    return np.concatenate(blocks, axis=1)


def demo_changes(instrument: instrument_file.LoadedInstrument) -> tuple[int, npt.NDArray[np.int64]]:
    """The instrument's ratio; and for each movement, how many frames after its own one the sound changes first.

    The sound of the movements is compared with the sound of the same ones half a gap later.
    """
    description = instrument.description
    random = np.random.default_rng(0)
    samples = DEMO_GAP * np.arange(1, DEMO_MOVEMENTS + 1) + random.integers(0, BLOCK, DEMO_MOVEMENTS)
    slug = description.stops[0].slug
    events = [ControlEvent(int(s), slug, 0.8 if i % 2 else -0.8) for i, s in enumerate(samples)]
    later = [replace(event, sample=event.sample + DEMO_GAP // 2) for event in events]
    length = (DEMO_MOVEMENTS + 2) * DEMO_GAP // BLOCK * BLOCK
    audio = (0.1 * random.standard_normal((description.channels_in, length))).astype(np.float32)
    at_once = ControlEvent(0, RAMP.slug, 0.0)
    one, other = (played(Player(instrument, noise=0), audio, [at_once, *moves]) for moves in (events, later))
    differs = np.flatnonzero((one != other).any(axis=0))
    # Looked for from a moment on at which the two have long been the same again.
    first = differs[np.searchsorted(differs, samples - DEMO_GAP // 8)]
    frames = first // description.ratio - samples // description.ratio
    return description.ratio, frames
