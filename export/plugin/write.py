"""Instrument to Neutone model: wrapped, saved and checked by the SDK beside its place, verified against `play`, renamed."""

import functools
import logging
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from neutone_sdk.utils import save_neutone_model

from drawstop.errors import DrawstopError
from drawstop.files import atomic_file
from drawstop.instrument_description import InstrumentDescription
from drawstop.progress import Plan, Progress
from export.plugin.knobs import PluginKnob, choose_knobs
from export.plugin.model import NeutoneInstrument
from export.plugin.texts import texts_of
from export.plugin.verify import HostCase, verify_plugin
from realtime.engine.instrument_file import load

SMALLEST_BUFFER = 64
OTHER_RATE = 48000
SAVING, CHECKING = "saving with the Neutone SDK", "comparing with the instrument"
PLAN: Plan = (((SAVING, 13.0),), ((CHECKING, 19.0),))
"""The steps of writing a model and about how many seconds each takes, as measured for a v2 of full size."""


@dataclass(frozen=True)
class Written:
    """A written model: its knobs, the buffers that it takes, and the comparisons with its instrument."""

    path: Path
    knobs: tuple[PluginKnob, ...]
    buffers: tuple[int, ...]
    cells: list[HostCase]


def write_plugin(
    instrument: Path,
    out: Path,
    knobs: Sequence[str] = (),
    buffers: Sequence[int] = (),
    name: str = "",
    authors: Sequence[str] = (),
    submission: bool = False,
    progress: Progress = lambda what, done, total: None,
) -> Written:
    """Write a Neutone model of an instrument.

    Args:
        instrument: the baked instrument.
        out: the file to write, X.nm.
        knobs: as `choose_knobs` takes them.
        buffers: the blocks that the model takes, multiples of the instrument's ratio; by default the ratio alone, which gives
            the shortest delay at every rate of the host.
        name, authors: shown by the plug-in.
        submission: run all checks that the SDK asks of models that are handed in, benchmarks and sound examples too.
        progress: called at each step of `PLAN`.

    Raises:
        DrawstopError: bad input, or a check that failed; nothing is written then.
    """
    if out.suffix != ".nm":
        raise DrawstopError(
            f"expected an output name that ends in .nm (Neutone looks for it), got {out.name}"
        )
    loaded = load(instrument)
    described = loaded.description
    if described.channels_in > 2 or described.channels_out > 2:
        raise DrawstopError(
            f"Neutone plays one channel or two, this instrument has {described.channels_in} in and {described.channels_out} out"
        )
    chosen = choose_knobs(described, knobs)
    sizes = _buffers(described, buffers)
    texts = texts_of(described, tuple(knob.name for knob in chosen), name, tuple(authors))
    model = NeutoneInstrument(loaded.module, described, chosen, texts, sizes)
    with atomic_file(out) as beside, tempfile.TemporaryDirectory() as folder:
        progress(SAVING, 0, 1)
        _save(model, Path(folder), submission)
        progress(SAVING, 1, 1)
        shutil.move(Path(folder) / "model.nm", beside)
        blocks = dict.fromkeys((max(SMALLEST_BUFFER, sizes[0] // 2), sizes[0], 2 * sizes[-1]))
        cells = [*((described.sample_rate, block) for block in blocks), (OTHER_RATE, sizes[-1])]
        seen = verify_plugin(
            beside, load(instrument), chosen, cells, report=functools.partial(progress, CHECKING)
        )
        for cell in seen:
            cell.require(described.sample_rate)
    return Written(out, chosen, sizes, seen)


def _save(model: NeutoneInstrument, folder: Path, submission: bool) -> None:
    """Save by the SDK, with the checks that it makes of every model, or of those that are handed in."""
    if not submission:
        for name in [name for name in logging.root.manager.loggerDict if name.startswith("neutone_sdk")]:
            logging.getLogger(name).setLevel(logging.WARNING)
    try:
        save_neutone_model(
            model,
            folder,
            dump_samples=submission,
            submission=submission,
            speed_benchmark=submission,
            test_offline_mode=submission,
        )
    except AssertionError as error:
        raise DrawstopError(f"a check of the Neutone SDK failed ({error}); please report this") from error


def _buffers(described: InstrumentDescription, wanted: Sequence[int]) -> tuple[int, ...]:
    ratio = described.ratio
    if not wanted:
        return (-(-SMALLEST_BUFFER // ratio) * ratio,)
    odd = next((size for size in wanted if size < 1 or size % ratio), None)
    if odd is not None:
        raise DrawstopError(
            f"the model's blocks must be multiples of the instrument's ratio, {ratio}; got {odd}"
        )
    return tuple(sorted(set(wanted)))
