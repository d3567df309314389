"""An instrument in a Python program: played as a stream of blocks, or over a whole recording."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from drawstop.instrument_description import EXTRA_FILE, InstrumentDescription, StopDescription
from drawstop.types import Audio
from export.instrument.bake import describe, script
from realtime.engine import instrument_file
from realtime.engine.control_event import ControlEvent
from realtime.engine.parameters import BYPASS
from realtime.engine.render import engine_for
from realtime.engine.render import render as render_audio
from training.banks.open_bank import AnyBank
from training.models.rave.model import RaveModel
from training.models.threads import fixed_threads

Blocks = Callable[[range], Iterable[int]]

BLOCK = 2048


class Instrument:
    """A baked instrument that plays numpy arrays, in this process, by the engine of `drawstop play` and `drawstop render`.

    Knobs keep their values until they are set again, through `reset` and `render` too. The same seed, knobs and sound give
    the same bits. Play from one thread at a time: the noise comes from torch's random stream, which is the process's.

    Args:
        path: an instrument that `bake`, `make` or a command wrote, X.ts.
        block: samples that are computed at once, a multiple of `ratio`: fewer give less delay and take more time.
        seed: seed of the instrument's noise.
        threads: torch threads while it plays.

    Attributes:
        description: all that the file says of itself: methods, fingerprints, provenance.

    Raises:
        DrawstopError: no instrument at `path`, a damaged one, or a block that is no multiple of the ratio.

    >>> from drawstop import Instrument, load_bank, load_model
    >>> organ = Instrument.of(load_model(), [load_bank()], block=512)
    >>> organ.sample_rate, organ.ratio, organ.delay_samples, [stop.slug for stop in organ.stops]
    (44100, 128, 639, ['guitar', 'voice'])
    >>> organ.set(guitar=-1)
    >>> organ.values
    {'guitar': -1.0, 'voice': 0.0}
    """

    def __init__(self, path: Path | str, *, block: int = BLOCK, seed: int = 0, threads: int = 1) -> None:
        self._begin(instrument_file.load(Path(path)), block, seed, threads)

    @classmethod
    def of(
        cls,
        model: RaveModel,
        banks: Sequence[AnyBank],
        *,
        block: int = BLOCK,
        seed: int = 0,
        threads: int = 1,
    ) -> Instrument:
        """An instrument of a model and its banks without a file: what `bake` writes, but not verified.

        Raises:
            DrawstopError: a bank of another model.
        """
        description, content = describe(model, banks, "instrument", ""), io.BytesIO()
        # through a file's bytes, so that it shares no cache with the model
        torch.jit.save(script(model, banks), content, _extra_files={EXTRA_FILE: description.to_json()})
        content.seek(0)
        made = cls.__new__(cls)
        loaded = torch.jit.load(content, map_location="cpu").eval()
        made._begin(instrument_file.LoadedInstrument(loaded, description), block, seed, threads)
        return made

    def _begin(
        self, instrument: instrument_file.LoadedInstrument, block: int, seed: int, threads: int
    ) -> None:
        self._instrument, self._block, self._seed, self._threads = instrument, block, seed, threads
        self._engine = engine_for(instrument, block, seed, threads)
        self._is_prepared = False
        self._position = 0
        self._knobs = {stop.slug: stop.default for stop in instrument.description.stops}
        self._knobs[BYPASS.slug] = BYPASS.default

    @property
    def description(self) -> InstrumentDescription:
        """All that the file says of itself."""
        return self._instrument.description

    @property
    def stops(self) -> tuple[StopDescription, ...]:
        """Its stops: slug, name, the knob's range, the site that it edits."""
        return self.description.stops

    @property
    def sample_rate(self) -> int:
        """Sample rate of what it plays and gives, in Hz."""
        return self.description.sample_rate

    @property
    def ratio(self) -> int:
        """Samples per latent frame."""
        return self.description.ratio

    @property
    def channels(self) -> tuple[int, int]:
        """Channels in and out."""
        return self.description.channels_in, self.description.channels_out

    @property
    def delay_samples(self) -> int:
        """Samples by which what `play` returns lags behind what it gets: the instrument's own delay, and `block` - 1."""
        return self._engine.engine_delay_samples + self.description.delay_samples

    @property
    def values(self) -> dict[str, float]:
        """Each stop's value by its slug, as last set."""
        return {stop.slug: self._knobs[stop.slug] for stop in self.stops}

    def set(self, **values: float) -> None:
        """Move stops, from the next sample that `play` gets on, each over the instrument's ramp of 20 ms.

        Args:
            values: by slug, from the stop's minimum to its maximum: -1 takes its concept away, 0 leaves it, 1 brings it in.

        Raises:
            DrawstopError: an unknown stop or a value out of range; then none moves.
        """
        self._schedule(values)
        self._knobs |= {slug: float(value) for slug, value in values.items()}

    @property
    def bypass(self) -> bool:
        """Whether the sound comes out as it came in, delayed alike."""
        return self._knobs[BYPASS.slug] == BYPASS.maximum

    @bypass.setter
    def bypass(self, on: bool) -> None:
        self.set(**{BYPASS.slug: BYPASS.maximum if on else BYPASS.minimum})

    def play(self, audio: npt.NDArray[np.floating[Any]]) -> Audio:
        """Play the next samples of a stream, as many as come: the result doesn't depend on how the stream is cut.

        The first call takes up to seconds more: TorchScript compiles what it calls.

        Shape: `[channels_in, samples]` -> `[channels_out, samples]`, `delay_samples` late; samples may be 0.

        Raises:
            DrawstopError: another shape.

        >>> import numpy as np
        >>> from drawstop import Instrument, load_bank, load_model
        >>> organ = Instrument.of(load_model(), [load_bank()])
        >>> blocks = [organ.play(np.zeros((1, samples), np.float32)) for samples in (1000, 1, 0, 4096)]
        >>> [block.shape for block in blocks]
        [(1, 1000), (1, 1), (1, 0), (1, 4096)]
        """
        with fixed_threads(self._threads):
            if not self._is_prepared:
                self._engine.prepare()
                self._is_prepared = True
                self.reset()
            played = self._engine.process(audio)
        self._position += audio.shape[-1]
        return played

    def reset(self) -> None:
        """Begin a new stream from silence; knobs keep their values."""
        self._engine.reset()
        self._position = 0
        self._schedule(self._knobs)

    def render(
        self,
        audio: npt.NDArray[np.floating[Any]],
        moves: Iterable[tuple[float, str, float]] = (),
        progress: Blocks | None = None,
    ) -> Audio:
        """Play a whole recording with the delay taken out: sample i of the result belongs to sample i of `audio`.

        A stream that `play` is in begins anew after it.

        Args:
            audio: at `sample_rate`.
            moves: knob movements as seconds, slug and value; the knobs begin at `values`.
            progress: wraps the range of blocks, for a progress bar (`tqdm.tqdm`).

        Shape: `[channels_in, samples]` -> `[channels_out, samples]`.

        Raises:
            DrawstopError: another shape, an unknown stop, a value out of range, or an instrument that fails.

        >>> import numpy as np
        >>> from drawstop import Instrument, load_bank, load_model
        >>> organ = Instrument.of(load_model(), [load_bank()])
        >>> sound = 0.1 * np.sin(np.arange(22050, dtype=np.float32) / 20)[None]
        >>> at_rest = organ.render(sound)
        >>> at_rest.shape, bool(np.abs(at_rest - sound).max() < 1e-4)
        ((1, 22050), True)
        >>> changed = organ.render(sound, [(0.25, "guitar", -1)]) != at_rest
        >>> bool(changed[:, :10880].any()), bool(changed[:, 12000:].any())
        (False, True)
        """
        events = self._events(self._knobs, 0)
        for seconds, slug, value in moves:
            events += self._events({slug: value}, round(seconds * self.sample_rate))
        with fixed_threads(self._threads):
            played = render_audio(
                self._instrument, audio, events, None, self._block, self._seed, progress=progress
            )
        self.reset()
        return played

    def _schedule(self, values: dict[str, float]) -> None:
        self._engine.performance.schedule(self._events(values, self._position))

    def _events(self, values: dict[str, float], sample: int) -> list[ControlEvent]:
        return [ControlEvent(sample, slug, float(value), "api") for slug, value in values.items()]
