"""What stops sound, and what stops do: the functions behind `drawstop classify` and `drawstop evaluate`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from drawstop.audio.files import sounds_of
from drawstop.progress import Progress
from training.banks.bank_folders import bank_at, load_banks
from training.data.read_labelled import read_labelled
from training.evaluation.classify import Classified, Examples, shares_in
from training.evaluation.context import Options
from training.evaluation.open import Asked, open_asked
from training.evaluation.results import Result
from training.models.open import open_layered


def classify(
    bank: Path | str,
    audio: Sequence[Path | str],
    model: Path | str,
    *,
    examples: Path | str | None = None,
    site: str | None = None,
    seed: int = 0,
    device: str = "auto",
    progress: Progress | None = None,
) -> list[Classified]:
    """Say which stops sound in recordings, and when; as `drawstop classify`.

    Args:
        bank: a bank with an SAE, or a MusicGen's banks.
        audio: sound files, or folders of some.
        model: the model that the bank is of.
        examples: labelled recordings, a sub-folder for each label: probes on the SAE's features learn them and answer how likely
            each label is. None: the share of the sound that each stop's features carry, a level and no judgement.
        site: the bank that the probes read, of several. None: the first with a stop.
        seed: the seed of the probes' cross-validation.
        device: where a MusicGen is computed.
        progress: called with the name of the work, the steps done, and how many there are.

    Returns: for each recording and stop or label the answer for the whole, 0 to 1, and for each second.

    Raises:
        DrawstopError: a bank of another model or without stops, no sound, or too few examples.

    >>> import drawstop
    >>> from drawstop import shipped
    >>> [voice] = drawstop.classify(shipped.EXAMPLE_BANK, [shipped.PERFORMANCE / "voice.flac"], shipped.EXAMPLE_RAVE)
    >>> voice.answers["voice"].whole > voice.answers["guitar"].whole
    True
    """
    opened = open_layered(Path(model), device)
    banks = load_banks(Path(bank), opened.fingerprint)
    paths = sounds_of(map(Path, audio))
    if examples is None:
        return [shares_in(opened, banks, path) for path in paths]
    data = read_labelled(Path(examples))
    probes = Examples(opened, bank_at(banks, site), data, seed, progress=progress)
    return [probes.likely_in(path) for path in paths]


def evaluate(
    bank: Path | str,
    model: Path | str | None = None,
    recordings: Path | str | None = None,
    only: Sequence[str] = (),
    *,
    quick: bool = False,
    seed: int = 0,
    prompts: Sequence[str] = (),
    classifier: Path | str | None = None,
    out: Path | str | None = None,
    progress: Progress | None = None,
) -> list[Result]:
    """Measure what a bank's stops do, beside controls, on recordings that nothing was found on; as `drawstop evaluate`.

    Finished experiments are kept in `out`; the same call goes on after them. All of them take a quarter of an hour.

    Args:
        bank: a bank with an SAE, or a MusicGen's banks, with stops.
        model: the model that it is of. None: the example's, for the example bank.
        recordings: labelled: a sub-folder for each concept, or a data set in its own layout. None: the example's.
        only: experiments, by their names. None given: all.
        quick: fewer clips and layers.
        seed: same seed, same figures.
        prompts: a MusicGen's prompts, LABELS=TEXT each.
        classifier: a trained classifier of the concepts. None: one is trained on the recordings.
        out: where results and sounds are kept. None: BANK.evidence.
        progress: called with the name of the work, the steps done, and how many there are.

    Returns: for each experiment its question, its answer in words, tables, and raw figures in `metrics`.

    Raises:
        DrawstopError: what isn't there or doesn't belong together, or an unknown experiment.

    >>> import drawstop
    >>> drawstop.evaluate("no-bank")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    drawstop.errors.DrawstopError: expected a bank (a folder with stops.json), found none at no-bank: ...
    """
    asked = Asked(
        Path(bank),
        None if model is None else Path(model),
        None if recordings is None else Path(recordings),
        Options(seed, quick),
        tuple(prompts),
        None if classifier is None else Path(classifier),
        None if out is None else Path(out),
    )
    return open_asked(asked, progress).run_experiments(only, progress)
