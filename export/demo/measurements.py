"""What the stops do, measured on recordings that nothing was made from: against the true parts, and by two classifiers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import torch
from torch import Tensor

from drawstop.audio.files import list_audio, read_audio
from drawstop.errors import DrawstopError
from drawstop.progress import StepReport
from drawstop.types import JsonObject
from training.banks.separated_bank import SeparatedBank
from training.banks.separated_edit import AnalysisCache, RandomSeparatedEdit, SeparatedEdit
from training.classifiers.classifier import Classifier, predict
from training.classifiers.musicnn import Musicnn
from training.classifiers.network import ConceptClassifier
from training.data.clips import as_loud
from training.find.separated.measure import measure_separation
from training.metrics.predictions import Predictions
from training.models.rave.batches import encode_clips, play_clips
from training.models.rave.model import RaveModel

WAVS = ("input", "neutral", "performance")
CONTROL_SEED = 1000
MIXTURES = 16
NAMES = ("judge", "tagger")
"""The classifiers in figures.json: our own network, and the published one."""

BOTH = "both"


@dataclass(frozen=True)
class DemoClips:
    """Held-out recordings: labels, and latents `[clips, latents, frames]`."""

    labels: list[str]
    latents: Tensor

    def where(self, *labels: str) -> list[int]:
        """The indices of the clips with one of these labels."""
        return [index for index, label in enumerate(self.labels) if label in labels]


def load_clips(model: RaveModel, folder: Path) -> DemoClips:
    """The recordings of a folder with a sub-folder per label, encoded; shorter ones end in silence."""
    paths = list_audio(folder)
    sounds = [
        torch.from_numpy(read_audio(path, model.rates.sample_rate, model.rates.channels)[0]) for path in paths
    ]
    longest = max(sound.shape[-1] for sound in sounds)
    audio = torch.stack([torch.nn.functional.pad(sound, (0, longest - sound.shape[-1])) for sound in sounds])
    latents = encode_clips(model, audio)
    return DemoClips([path.parent.name for path in paths], latents)


def detection_shares(predictions: Mapping[str, Predictions], concept: str, clips: list[int]) -> JsonObject:
    """In which share of these clips each classifier detects the concept; None without clips."""
    if not clips:
        return {name: None for name in NAMES}
    return {name: _round(each.of(concept)[0][clips].float().mean()) for name, each in predictions.items()}


@dataclass(frozen=True)
class Parts:
    """Latents of clips with a stop's concept alone, of clips without it, and of the two parts of mixtures, equally loud."""

    solos: Tensor
    others: Tensor
    wanted: Tensor
    rest: Tensor


def parts_of(clips: DemoClips, concept: str, seed: int) -> Parts:
    """Pairs of solos and others, drawn by the seed; latents add up, so mixtures are sums."""
    solos = clips.latents[clips.where(concept)]
    others = clips.latents[[i for i, label in enumerate(clips.labels) if label not in (concept, BOTH)]]
    generator = torch.Generator().manual_seed(seed)
    picked = [torch.randint(len(part), (MIXTURES,), generator=generator) for part in (solos, others)]
    wanted, rest = solos[picked[0]], others[picked[1]]
    return Parts(solos, others, as_loud(wanted, rest), rest)


def measure(
    model: RaveModel,
    bank: SeparatedBank,
    classifiers: Sequence[Classifier],
    clips: DemoClips,
    seed: int,
    progress: StepReport | None = None,
) -> JsonObject:
    """What each stop does, beside a random control.

    At -1: levels and SI-SDR in dB beside random queries, and how often each classifier detects the concept. At +1, of a stop that
    brings in: how often it is detected where others play, beside random moments of the same recordings.
    """
    figures: JsonObject = {}

    def report(number: int, done: int, total: int) -> None:
        """The separation is half of what a stop takes."""
        if progress:
            progress(2 * number * total + done, 2 * len(bank.stops) * total)

    for number, stop in enumerate(bank.stops):
        alone = replace(bank, stops=(stop,))
        figures[stop.slug] = _measure_stop(model, alone, classifiers, clips, seed, partial(report, number))
        report(number, 2, 1)
    return figures


def _measure_stop(
    model: RaveModel,
    bank: SeparatedBank,
    classifiers: Sequence[Classifier],
    clips: DemoClips,
    seed: int,
    progress: StepReport,
) -> JsonObject:
    """What the one stop of a bank does."""
    (stop,) = bank.stops
    parts = parts_of(clips, stop.name, seed)
    cache = AnalysisCache(bank.separator, most=3)  # to mixtures, solos and others
    separated = measure_separation(
        bank, parts.wanted, parts.rest, parts.solos, parts.others, seed, progress, cache
    )
    edits = {
        "stop": SeparatedEdit(bank, cache),
        "random": RandomSeparatedEdit(bank, CONTROL_SEED + seed, cache),
    }
    detected = {
        name: _detected(model, edits, classifiers, stop.name, latents, -1.0)
        for name, latents in (("solos", parts.solos), ("mixtures", parts.wanted + parts.rest))
    }
    if stop.grains is not None:
        detected["brought_in"] = _detected(model, edits, classifiers, stop.name, parts.others, 1.0)
    return {"separation": separated, "detected": detected}


def _detected(
    model: RaveModel,
    edits: Mapping[str, SeparatedEdit],
    classifiers: Sequence[Classifier],
    concept: str,
    latents: Tensor,
    value: float,
) -> JsonObject:
    """In which share of clips each classifier detects a concept: as they are, at a value, and under the random edit."""
    sounds = {"at_0": latents} | {name: edit(latents, [value]) for name, edit in edits.items()}
    predictions = {
        name: predict(classifiers, play_clips(model, z), model.rates.sample_rate)
        for name, z in sounds.items()
    }
    every = list(range(len(latents)))
    return {name: detection_shares(each, concept, every) for name, each in predictions.items()}


@torch.no_grad()
def probabilities(classifier: ConceptClassifier, audio: Tensor) -> JsonObject:
    """What the classifier detects in a whole sound: clip and per-second probabilities. audio `[samples]`."""
    clip = classifier.clip_logits(audio[None])[0].sigmoid()
    frames = classifier.frame_logits(audio[None])[0]
    starts = torch.arange(frames.shape[1]) * classifier.frame_hop
    frame_seconds = starts // classifier.sample_rate
    count = int(frame_seconds[starts < max(len(audio), 1)].max()) + 1  # the last may be a part of a second
    parts = [frames[:, frame_seconds == second].mean(1) for second in range(count)]
    seconds = torch.stack(parts, 1).sigmoid()
    return {
        name: {"clip": _round(clip[row]), "per_second": [_round(value) for value in seconds[row]]}
        for row, name in enumerate(classifier.concepts)
    }


def probabilities_in_files(classifier: ConceptClassifier, folder: Path) -> JsonObject:
    """What the classifier detects in the written sounds, read back from the disk."""
    return {
        name: probabilities(
            classifier, torch.from_numpy(read_audio(folder / f"{name}.wav", channels=1)[0][0])
        )
        for name in WAVS
    }


def refuse_other_concepts(
    model: RaveModel, bank: SeparatedBank, network: ConceptClassifier, musicnn: Musicnn
) -> None:
    """Raises DrawstopError for a stop that a classifier doesn't know, or a network of another rate than the model's."""
    known = set(network.concepts) & set(musicnn.concepts)
    unknown = [stop.name for stop in bank.stops if stop.name not in known]
    if unknown:
        raise DrawstopError(
            f"the classifiers know {', '.join(sorted(known))}, but not {unknown[0]}: train them again"
        )
    if network.sample_rate != model.rates.sample_rate:
        raise DrawstopError(
            f"the classifier works at {network.sample_rate} Hz, the model plays at {model.rates.sample_rate}: train it again"
        )


def _round(value: Tensor) -> float:
    return round(float(value), 4)
