"""The playback of a MusicGen's banks: pieces generated from text prompts, with stops at its layers held at values.

A control of a stop is a stop of its own: `guitar_direction` (the difference of means) and `guitar_random` beside `guitar`, as
`drawstop find --kind direction` and `--kind random` make them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from drawstop.errors import DrawstopError
from drawstop.progress import Progress
from training.banks.bank import StopBank
from training.banks.steering import Steering
from training.classifiers.classifier import Classifier, accuracy, predict
from training.evaluation.context import Options
from training.evaluation.playback.playback import MEANS, RANDOM, STOP, Accuracy, Playback
from training.find.musicgen.generated_pieces import Codec
from training.models.musicgen.hooks import Edit
from training.models.musicgen.model import MusicGenModel
from training.models.musicgen.sampling import Sampling

SECONDS = 3.0
FIRST_SEED = 90_000
"""Far from the seeds of the pieces that `find` uses: measured pieces had no part in finding the stops."""
SUFFIXES = {STOP: "", MEANS: "_direction", RANDOM: "_random"}


@dataclass(frozen=True)
class Prompt:
    """A text prompt, and the concepts that its pieces should have."""

    text: str
    labels: frozenset[str]


@dataclass(frozen=True)
class Pieces:
    """The pieces to generate; see playback.Items. `texts`: index of each piece's prompt."""

    concepts: tuple[str, ...]
    labels: Tensor
    groups: tuple[str, ...]
    new_timbre: Tensor
    texts: tuple[int, ...]

    def alone(self, concept: str) -> list[int]:
        """Indices of pieces that should have this concept and no other."""
        return self._where(self.having(concept) & (self.labels.sum(1) == 1))

    def mixed(self, concept: str) -> list[int]:
        """Indices of pieces that should have this concept and others."""
        return self._where(self.having(concept) & (self.labels.sum(1) > 1))

    def lacking(self, concept: str) -> list[int]:
        """Indices of pieces that should not have this concept."""
        return self._where(~self.having(concept))

    def having(self, concept: str) -> Tensor:
        """Which pieces should have this concept: `[pieces]` bool."""
        return self.labels[:, self.concepts.index(concept)]

    def _where(self, chosen: Tensor) -> list[int]:
        return torch.nonzero(chosen)[:, 0].tolist()


def pieces_of(prompts: Sequence[Prompt], concepts: tuple[str, ...], count: int) -> Pieces:
    """`count` pieces of each prompt.

    Raises:
        DrawstopError: no prompt with a concept, or none without it.
    """
    for concept in concepts:
        for wanted in (True, False):
            if not any((concept in prompt.labels) == wanted for prompt in prompts):
                kind = "with" if wanted else "without"
                raise DrawstopError(
                    f"expected a description of pieces {kind} {concept}: --prompt {concept if wanted else 'neither'}=TEXT"
                )
    rows = [(number, prompt) for number, prompt in enumerate(prompts) for _ in range(count)]
    labels = torch.tensor([[concept in prompt.labels for concept in concepts] for _, prompt in rows])
    groups = tuple(f"{number}.{index}" for index, (number, _) in enumerate(rows))
    return Pieces(
        concepts, labels, groups, torch.zeros(len(rows), dtype=torch.bool), tuple(n for n, _ in rows)
    )


class MusicGenPlayback(Playback):
    """Plays a MusicGen's pieces, one batch for each prompt, with the same random draws with stops at 0 and moved.

    Args:
        recordings: unseen sound `[clips, samples]` at the model's rate, and its labels `[clips, concepts]`; the
            classifiers are tested on it, as recorded and through EnCodec.
    """

    def __init__(
        self,
        musicgen: MusicGenModel,
        banks: Sequence[StopBank],
        prompts: Sequence[Prompt],
        classifiers: Sequence[Classifier],
        recordings: tuple[Tensor, Tensor],
        options: Options,
        progress: Progress | None = None,
    ) -> None:
        self.musicgen, self.banks, self.prompts, self.recordings = musicgen, list(banks), prompts, recordings
        there = {stop.name for bank in banks for stop in bank.stops}
        controls = tuple(suffix for suffix in SUFFIXES.values() if suffix)
        names = tuple(
            sorted(
                n for n in there if not any(n.endswith(s) and n.removesuffix(s) in there for s in controls)
            )
        )
        self.pieces = pieces_of(prompts, names, options.most_clips)
        self._there = there
        slugs = {stop.name: stop.slug for bank in banks for stop in bank.stops}
        super().__init__(self.pieces, classifiers, musicgen.sample_rate, slugs, options, progress)

    def play_neutral(self) -> Tensor:
        """Sound of every piece with all stops at 0, `[pieces, samples]`."""
        return self.sound(STOP, range(len(self.pieces.groups)), {})

    def edits(self) -> dict[str, str]:
        """The kinds of stop that every concept has, by name."""
        return {
            kind: kind
            for kind, suffix in SUFFIXES.items()
            if {f"{concept}{suffix}" for concept in self.pieces.concepts} <= self._there
        }

    def sound(self, edit: str, indices: Sequence[int], values: Mapping[str, float]) -> Tensor:
        """Sound of some pieces with stops held at values, `[pieces, samples]`; always generates whole batches."""
        named = {f"{name}{SUFFIXES[edit]}": value for name, value in values.items() if value}
        texts = sorted({self.pieces.texts[index] for index in indices})
        made = {number: self._batch(number, named) for number in texts}
        first = {number: self.pieces.texts.index(number) for number in texts}
        chosen = [
            made[self.pieces.texts[index]][index - first[self.pieces.texts[index]]] for index in indices
        ]
        return torch.stack(chosen)

    def accuracy(self) -> dict[str, Accuracy]:
        """Accuracy of each classifier on the recordings, as recorded and through EnCodec."""
        sounds, labels = self.recordings
        codec = Codec(self.musicgen)
        through = torch.cat(
            [codec.decode(codec.encode(part[:, None])).mean(1) for part in sounds.split(codec.voices())]
        )
        predictions = [
            predict(self.classifiers, audio, self.rate) for audio in (sounds, through[:, : sounds.shape[1]])
        ]
        concepts = self.pieces.concepts
        return {
            classifier.name: {
                how: accuracy(each[classifier.name], concepts, labels)
                for how, each in zip(("as recorded", "through the model"), predictions, strict=True)
            }
            for classifier in self.classifiers
        }

    def _batch(self, number: int, values: Mapping[str, float]) -> Tensor:
        """All pieces of one prompt, `[pieces, samples]`."""
        count = self.pieces.texts.count(number)
        seed = FIRST_SEED + 1000 * self.options.seed + number
        sampling = Sampling(seconds=SECONDS, seed=seed)
        edits = edits_held_at(self.banks, values, self.musicgen.device)
        text = self.prompts[number].text
        return self.musicgen.generate([text] * count, sampling, edits=edits).audio.mean(1)


def edits_held_at(banks: Sequence[StopBank], values: Mapping[str, float], device: str) -> dict[str, Edit]:
    """Each bank's stops held at values, by the stops' names; banks whose stops are all at 0 are left out."""
    edits = {bank.site: _edit_held_at(bank, values, device) for bank in banks}
    return {site: edit for site, edit in edits.items() if edit is not None}


def _edit_held_at(bank: StopBank, values: Mapping[str, float], device: str) -> Edit | None:
    held = [values.get(stop.name, 0.0) for stop in bank.stops]
    if not any(held):
        return None
    steering = Steering(bank.sae, bank).to(device)
    knobs = torch.tensor(held, device=device)[None, :, None]

    def edit(x: Tensor, seconds: Tensor) -> Tensor:
        steered: Tensor = steering(x, knobs.expand(1, -1, x.shape[-1]))
        return steered

    return edit
