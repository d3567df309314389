"""Opens what a user named, for the experiments: the bank or banks, their model, the recordings, the classifier."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from drawstop import __version__
from drawstop.errors import DrawstopError
from drawstop.files import require_writable
from drawstop.progress import Plan, Progress
from training.banks.bank import StopBank, bank_fingerprint, load_bank
from training.banks.bank_folders import BANKS_FILE, bank_folders, load_banks
from training.data.read_labelled import read_labelled
from training.evaluation.context import EvaluationContext, Options
from training.evaluation.example_set import EXAMPLE, example_set
from training.evaluation.experiment_tables import MUSICGEN, RAVE
from training.evaluation.musicgen_context import MusicGenContext
from training.evaluation.plan import planned_experiments
from training.evaluation.playback.musicgen import Prompt
from training.evaluation.rave_context import RaveContext
from training.evaluation.report.page import PageHead
from training.evaluation.results import Result
from training.evaluation.run import Experiments, identity_of, run_experiments
from training.models.open import is_musicgen, open_musicgen, open_rave

_DIGITS = 16


def head_of(opened: Opened) -> PageHead:
    """The head of a page, with today's date."""
    stops = ", ".join(dict.fromkeys(stop.name for bank in opened.banks for stop in bank.stops))
    data, options = opened.context.data, opened.context.options
    counts = {split: len(data.of(split)) for split in ("train", "validation", "test")}
    said = ", ".join(f"{count} {split}" for split, count in counts.items() if count)
    provenance = {
        "drawstop": __version__,
        "torch": torch.__version__,
        "threads": torch.get_num_threads(),
        "seed": options.seed,
        "quick": options.quick,
        "model": opened.banks[0].model_fingerprint[:_DIGITS],
        "sites": ", ".join(bank.site for bank in opened.banks),
        "banks": ", ".join(fingerprint[:_DIGITS] for fingerprint in opened.fingerprints),
        "recordings": f"{data.name} ({data.layout}): {said}",
        "labels": ", ".join(f"{label} {count}" for label, count in sorted(data.counts().items())),
    }
    subtitle = (f"Stops: {stops}", f"Measured on {counts['test']} recordings that nothing was found on.")
    return PageHead(f"Evidence for {opened.name}", subtitle, provenance, datetime.date.today().isoformat())


@dataclass(frozen=True)
class Asked:
    """What the user typed; None where nothing was.

    Attributes:
        prompts: for a MusicGen: LABELS=TEXT, as in `guitar+voice=a folk song`.
        out: where results are stored.
    """

    bank: Path
    model: Path | None
    recordings: Path | None
    options: Options
    prompts: tuple[str, ...] = ()
    classifier: Path | None = None
    out: Path | None = None


@dataclass(frozen=True)
class Opened:
    """Experiments with an opened context to run them on.

    Attributes:
        identity: a hash of everything that decides the results; see `run.identity_of`.
    """

    name: str
    experiments: Experiments
    context: EvaluationContext
    identity: str
    banks: tuple[StopBank, ...]
    fingerprints: tuple[str, ...]

    @property
    def folder(self) -> Path:
        """Where results are stored."""
        return self.context.folder

    def run_experiments(self, only: Sequence[str] = (), progress: Progress | None = None) -> list[Result]:
        """The results of some experiments, or of all; see `run.run_experiments`."""
        return run_experiments(self.experiments, self.context, self.identity, only, progress)

    def plan(self, only: Sequence[str] = (), prefix: str = "") -> Plan:
        """The steps of `run_experiments`; see `plan.planned_experiments`."""
        return planned_experiments(self.experiments, self.context, only, prefix)


def open_asked(asked: Asked, progress: Progress | None = None) -> Opened:
    """Opens everything. Raises DrawstopError, in one line, for files that are missing or don't belong together."""
    folder = asked.out or asked.bank.with_name(f"{asked.bank.name}.evidence")
    banks = tuple(load_banks(asked.bank))
    if not any(bank.stops for bank in banks):
        raise DrawstopError(f"{asked.bank} has no stop yet: find one first (drawstop find)")
    layered = (asked.bank / BANKS_FILE).is_file() or (asked.model is not None and is_musicgen(asked.model))
    opened = _musicgen if layered else _rave
    require_writable(folder)
    return opened(asked, banks, folder, progress)


def read_prompt(text: str) -> tuple[frozenset[str], str]:
    """Labels and words of LABELS=TEXT. Raises DrawstopError for anything else.

    >>> sorted(read_prompt("guitar+voice=a folk song")[0]), read_prompt("neither=piano")
    (['guitar', 'voice'], (frozenset(), 'piano'))
    """
    labels, equals, words = text.partition("=")
    if not equals or not labels.strip() or not words.strip():
        raise DrawstopError(f"expected --prompt LABELS=TEXT, as in guitar+voice=a folk song, got {text!r}")
    named = {label.strip() for label in labels.split("+")} - {"neither", "none", "without", "other"}
    return frozenset(named), words.strip()


def _rave(asked: Asked, banks: Sequence[StopBank], folder: Path, progress: Progress | None) -> Opened:
    ours = EXAMPLE.is_of(banks[0])
    if (asked.model is None or asked.recordings is None) and not ours:
        raise DrawstopError(f"{asked.bank} is no bank of the demo's: say its --model and its --recordings")
    if asked.prompts:
        raise DrawstopError("--prompt is for a MusicGen's banks: a RAVE plays recordings")
    model = open_rave(asked.model or EXAMPLE.rave, banks[0].site)
    bank = load_bank(asked.bank, model.fingerprint)
    data = (
        example_set(EXAMPLE.recordings)
        if asked.recordings is None
        else read_labelled(asked.recordings, seed=asked.options.seed)
    )
    classifier = asked.classifier
    if classifier is None and ours and {stop.name for stop in bank.stops} <= EXAMPLE.classified:
        classifier = EXAMPLE.classifier
    context = RaveContext(model, bank, data, folder, asked.options, classifier, progress)
    prints = (bank_fingerprint(asked.bank),)
    identity = identity_of(model.fingerprint, prints, data, classifier, asked.options)
    return _opened(asked.bank.name, RAVE, context, identity, (bank,), prints)


def _musicgen(asked: Asked, banks: Sequence[StopBank], folder: Path, progress: Progress | None) -> Opened:
    if asked.model is None or asked.recordings is None or not asked.prompts:
        raise DrawstopError(
            f"{asked.bank} is of a MusicGen's layers: say its --model, labelled --recordings, and a --prompt LABELS=TEXT for "
            "pieces with and without each concept"
        )
    read = [read_prompt(text) for text in asked.prompts]
    prompts = tuple(Prompt(words, labels) for labels, words in read)
    model = open_musicgen(asked.model)
    banks = load_banks(asked.bank, model.fingerprint)
    data = read_labelled(asked.recordings, seed=asked.options.seed)
    context = MusicGenContext(
        model, tuple(banks), data, prompts, folder, asked.options, asked.classifier, progress
    )
    prints = tuple(bank_fingerprint(each) for each in bank_folders(asked.bank))
    identity = identity_of(
        model.sound_fingerprint, prints, data, asked.classifier, asked.options, prompts=list(asked.prompts)
    )
    return _opened(asked.bank.name, MUSICGEN, context, identity, tuple(banks), prints)


def _opened(
    name: str,
    experiments: Experiments,
    context: EvaluationContext,
    identity: str,
    banks: tuple[StopBank, ...],
    fingerprints: tuple[str, ...],
) -> Opened:
    """Raises DrawstopError for a concept that labels no recording, before anything is measured."""
    assert context.concepts
    return Opened(name, experiments, context, identity, banks, fingerprints)
