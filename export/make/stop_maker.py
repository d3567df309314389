"""What `drawstop make` needs done for each stop, whichever kind of bank it makes."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol, TypeVar

from torch import Tensor

from drawstop.progress import Progress
from drawstop.types import JsonObject
from export.make.options import MakeRequest, StopRequest
from training.banks.bank import StopBank
from training.banks.separated_bank import SeparatedBank

Bank = TypeVar("Bank", StopBank, SeparatedBank)


class StopMaker(Protocol[Bank]):
    """Makes and measures the stops of one kind of bank."""

    def empty_bank(self, request: MakeRequest, work: Path, progress: Progress) -> Bank:
        """A bank without stops, for the request's model."""

    def with_stop(self, request: MakeRequest, bank: Bank, wanted: StopRequest, progress: Progress) -> Bank:
        """The bank with a stop found from the request's recordings."""

    def measured(
        self, request: MakeRequest, bank: Bank, wanted: StopRequest, progress: Progress
    ) -> JsonObject:
        """What a stop does on recordings that it wasn't fitted on: figures, and a verdict in words."""

    def steered(self, bank: Bank, slug: str, latents: Tensor, value: float) -> Tensor:
        """Latents with one stop moved. `[batch, latents, frames]` -> the same."""

    def load(self, folder: Path, fingerprint: str) -> Bank:
        """Reads the bank back."""

    def save(self, folder: Path, bank: Bank) -> None:
        """Writes the bank, whole or not at all."""
