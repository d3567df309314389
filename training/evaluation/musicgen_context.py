"""The evaluation context of a MusicGen's banks at several layers: pieces from text prompts, and labelled recordings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from drawstop.errors import DrawstopError
from drawstop.progress import Progress
from training.banks.bank import StopBank
from training.data.labelled_set import LabelledRecording, LabelledSet
from training.data.recordings import Split
from training.evaluation.context import EvaluationContext, Options
from training.evaluation.encoded_set import EncodedSet, encode_set
from training.evaluation.playback.musicgen import MusicGenPlayback, Prompt
from training.find.musicgen.generated_pieces import Codec
from training.models.musicgen.layer_model import MusicGenLayers
from training.models.musicgen.model import MusicGenModel
from training.models.protocols import Autoencoder


@dataclass(frozen=True, eq=False)
class MusicGenContext(EvaluationContext):
    """A MusicGen's banks; see EvaluationContext for the other attributes."""

    model: MusicGenModel
    banks: tuple[StopBank, ...]
    data: LabelledSet
    prompts: tuple[Prompt, ...]
    folder: Path
    options: Options
    classifier: Path | None = None
    progress: Progress | None = None

    @cached_property
    def concepts(self) -> tuple[str, ...]:
        """The concepts that the prompts name. Raises DrawstopError where no recording is labelled so."""
        named = tuple(sorted({label for prompt in self.prompts for label in prompt.labels}))
        missing = [name for name in named if name not in self.data.concepts]
        if missing or not named:
            known = ", ".join(self.data.concepts) or "none"
            raise DrawstopError(
                f"a description names {missing[:1] or 'no concept'}; the recordings are labelled {known}"
            )
        return named

    @property
    def sound_fingerprint(self) -> str:
        """A hash of the language model and of the EnCodec."""
        return self.model.sound_fingerprint

    @property
    def autoencoder(self) -> Autoencoder:
        """The EnCodec."""
        return Codec(self.model)

    @cached_property
    def playback(self) -> MusicGenPlayback:
        """Pieces, played with all stops at 0 and classified."""
        return MusicGenPlayback(
            self.model,
            self.banks,
            self.prompts,
            self.classifiers,
            self.original_clips("test"),
            self.options,
            self.progress,
        )

    @cached_property
    def steered_banks(self) -> dict[str, StopBank]:
        """The banks that have stops, by layer."""
        return {bank.site: bank for bank in self.banks if bank.stops}

    @cached_property
    def encoded(self) -> dict[str, EncodedSet]:
        """All recordings at those layers, as frames and statistics."""
        model = MusicGenLayers(self.model)
        return {
            site: encode_set(
                model, bank.sae, self.data, site, cache=self.folder / "heard", progress=self.progress
            )
            for site, bank in self.steered_banks.items()
        }

    def recordings(self, *splits: Split) -> Sequence[LabelledRecording]:
        """The recordings of some splits. Raises DrawstopError where there is none."""
        found = self.data.of(*splits)
        if not found:
            raise DrawstopError(f"no recording of the {' or '.join(splits)} split: give ten of each label")
        return found
