"""Mixtures of one to three clips, and questions about them: whose part belongs to this concept?"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from training.recipes.corpus.corpus import SAMPLE_RATE
from training.recipes.separator.corpus.concepts import (
    BACKGROUND,
    FAMILIES,
    INSTRUMENT,
    Concept,
    Label,
    program_concepts,
)
from training.recipes.separator.corpus.material import program_of
from training.recipes.separator.corpus.sounds.colour import Equaliser

QUIET_RMS = 3e-3
TRIES = 12
PROGRAM_CLIPS = 5
FAMILY_SHARE = 0.9
FAVOURED = {"guitar": 8.0, "voice": 8.0}
"""The shipped stops' families, and how many times more often than others they are asked for."""
PRESENT_SAMPLES = 8192
PRESENT_SHARE = 1e-3
LEVEL_DB = 10.0
"""Each clip of a mixture is up to so much louder or quieter than the first."""

GENTLE = Equaliser(tilt_db=(-2.0, 2.0), ripples=3, ripple_db=4.0, widths=(0.5, 1.5))

Audio = NDArray[np.float32]
Generator = np.random.Generator


@dataclass(frozen=True)
class Clip:
    """A clip's place: file, first sample and length."""

    file: str
    start: int
    samples: int
    source: str


class Corpus:
    """The clips of some splits, by label, read from disk as they are needed."""

    def __init__(self, folders: Sequence[Path], splits: Sequence[str]) -> None:
        self.clips: dict[Label, list[Clip]] = defaultdict(list)
        self._files: dict[str, NDArray[np.int16]] = {}
        for folder in folders:
            for line in (folder / "index.jsonl").read_text().splitlines():
                clip = json.loads(line)
                if clip["split"] in splits:
                    file = str(folder / f"{clip['kind']}.i16")
                    label = program_of(clip["source"]) if clip["kind"] == INSTRUMENT else clip["kind"]
                    self.clips[label].append(Clip(file, clip["start"], clip["samples"], clip["source"]))
        if not self.clips:
            raise ValueError(
                f"no clips of splits {list(splits)} in {[str(folder) for folder in folders]}: "
                "render them with python -m training.recipes.separator.corpus.render"
            )

    def read(self, clip: Clip, begin: int, samples: int) -> Audio:
        """Samples of a clip from `begin` within it, zeros after its end."""
        if clip.file not in self._files:
            self._files[clip.file] = np.memmap(clip.file, "<i2", "r")
        count = max(0, min(samples, clip.samples - begin))
        sound = (
            self._files[clip.file][clip.start + begin : clip.start + begin + count].astype(np.float32) / 32767
        )
        return np.pad(sound, (0, samples - count))

    def draw(self, labels: Sequence[Label], rng: Generator, samples: int) -> tuple[Label, Audio]:
        """A random crop of one of the labels that sounds, at the level of its root mean square 1."""
        sound = np.zeros(samples, np.float32)
        label = labels[0]
        for _ in range(TRIES):
            label = labels[int(rng.integers(len(labels)))]
            clips = self.clips[label]
            clip = clips[int(rng.integers(len(clips)))]
            sound = self.read(clip, int(rng.integers(max(1, clip.samples - samples))), samples)
            level = float(np.sqrt(np.mean(sound**2)))
            if level > QUIET_RMS:
                return label, sound / level
        return label, sound


@dataclass(frozen=True)
class Mixture:
    """Clips that sound together, and their labels.

    Attributes:
        clips: `[clips, samples]`.
        concepts: the concepts that are asked for.
        belongs: which clips belong to each concept, `[questions, clips]`.
        labels: the clips' labels.
    """

    clips: Audio
    concepts: tuple[int, ...]
    belongs: NDArray[np.bool_]
    labels: tuple[Label, ...]


class MixtureMaker:
    """Draws mixtures with three questions each: two for clips that sound, the third half of the time for what doesn't."""

    def __init__(self, corpus: Corpus) -> None:
        self.corpus = corpus
        counts = {label: len(clips) for label, clips in corpus.clips.items()}
        programs = program_concepts(counts, PROGRAM_CLIPS)
        self.concepts: tuple[Concept, ...] = FAMILIES + programs
        weights = [FAVOURED.get(each.name, 1.0) for each in FAMILIES]
        self.weights = np.concatenate(
            [
                np.array(weights) / sum(weights) * FAMILY_SHARE,
                np.full(len(programs), (1 - FAMILY_SHARE) / max(1, len(programs))),
            ]
        )
        self.weights /= self.weights.sum()
        self.labels: tuple[Label, ...] = tuple(counts)

    def draw(self, rng: Generator, samples: int) -> Mixture:
        """One mixture."""
        asked = self._concept(rng)
        concept = self.concepts[asked]
        own = [label for label in self.labels if label in concept.labels]
        drawn = [self.corpus.draw(own, rng, samples)]
        count = int(rng.choice([1, 2, 3], p=[0.12, 0.58, 0.3]))
        for _ in range(count - 1):
            if rng.random() < 0.15:
                drawn.append(self.corpus.draw(own, rng, samples))
            else:
                drawn.append(self.corpus.draw(self._others(concept, rng), rng, samples))
        gains = [1.0] + [10 ** (rng.uniform(-LEVEL_DB, LEVEL_DB) / 20) for _ in drawn[1:]]
        sounds = np.stack([shaped(sound, rng) * gain for (_, sound), gain in zip(drawn, gains, strict=True)])
        level = (
            10 ** (rng.uniform(-26, 0) / 20) * 0.15 / max(1e-6, float(np.sqrt(np.mean(sounds.sum(0) ** 2))))
        )
        labels = [label for label, _ in drawn]
        third = (
            self._absent(labels, rng)
            if rng.random() < 0.5
            else self._asked_too(labels[0], labels, asked, rng)
        )
        questions = (asked, self._asked_too(labels[-1], labels, asked, rng), third)
        belongs = np.array([[label in self.concepts[q].labels for label in labels] for q in questions])
        return Mixture((sounds * level).astype(np.float32), questions, belongs, tuple(labels))

    def presence(self, mixture: Mixture, ends: Sequence[int]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Which concepts sound at some moments, and for which that is sure: `[moments, concepts]` each.

        Args:
            ends: the sample at which each moment ends; a clip sounds there if its last fifth of a second has a thousandth
                of the mixture's mean power.
        """
        power = np.mean(mixture.clips.sum(0) ** 2)
        parts = np.stack([mixture.clips[:, max(0, end - PRESENT_SAMPLES) : end] for end in ends])
        sounds = np.mean(parts**2, -1) > PRESENT_SHARE * power
        belongs, unsure = (
            np.array([[label in getattr(each, kind) for label in mixture.labels] for each in self.concepts])
            for kind in ("labels", "unsure")
        )
        present = (sounds[:, None] & belongs[None]).any(-1)
        return present, present | ~(sounds[:, None] & unsure[None]).any(-1)

    def _concept(self, rng: Generator) -> int:
        return int(rng.choice(len(self.concepts), p=self.weights))

    def _others(self, concept: Concept, rng: Generator) -> list[Label]:
        """Labels of one family, or of the background, that surely don't belong to a concept."""
        for _ in range(TRIES):
            if rng.random() < 0.3:
                pool = [each for each in self.labels if each in BACKGROUND]
                wanted = [pool[int(rng.integers(len(pool)))]]
            else:
                family = FAMILIES[int(rng.integers(len(FAMILIES)))]
                wanted = [label for label in self.labels if label in family.labels]
            fit = [label for label in wanted if label not in concept.labels and label not in concept.unsure]
            if fit:
                return fit
        return [label for label in self.labels if label not in concept.labels and label not in concept.unsure]

    def _asked_too(self, label: Label, labels: list[Label], asked: int, rng: Generator) -> int:
        """A question for the last clip where there is one that every clip answers surely; else one for what is absent."""
        fit = [
            q
            for q, each in enumerate(self.concepts)
            if q != asked and label in each.labels and not any(other in each.unsure for other in labels)
        ]
        if not fit:
            return self._absent(labels, rng)
        weights = self.weights[fit]
        return int(rng.choice(fit, p=weights / weights.sum()))

    def _absent(self, labels: list[Label], rng: Generator) -> int:
        """A question for what no clip may belong to."""
        for _ in range(10 * TRIES):
            q = self._concept(rng)
            if not any(
                label in self.concepts[q].labels or label in self.concepts[q].unsure for label in labels
            ):
                return q
        raise ValueError(f"no concept is surely absent from {labels}")


def shaped(sound: Audio, rng: Generator) -> Audio:
    """A random sign and, for a third, a smooth random equaliser of up to about 8 dB."""
    sound = sound * np.float32(rng.choice([-1, 1]))
    if rng.random() < 0.33:
        gain_db = GENTLE.gain_db(np.fft.rfftfreq(len(sound), 1 / SAMPLE_RATE), rng)
        shaped_sound = np.fft.irfft(np.fft.rfft(sound) * 10 ** (gain_db / 20), len(sound))
        level = float(np.sqrt(np.mean(shaped_sound**2)))
        sound = shaped_sound / max(1e-6, level) * float(np.sqrt(np.mean(sound**2)))
    return sound.astype(np.float32)
