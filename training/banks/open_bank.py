"""A bank of either kind: opened from its folder, and turned into the edit that plays it."""

from __future__ import annotations

from pathlib import Path

from training.banks.bank import StopBank, load_bank
from training.banks.separated_bank import SeparatedBank, is_separated, load_separated_bank
from training.banks.separated_steering import SeparatedSteering
from training.banks.steering import Steering

AnyBank = StopBank | SeparatedBank


def open_bank(folder: Path, model_fingerprint: str | None = None) -> AnyBank:
    """Reads a bank: one with an SAE, or one with a separator.

    Raises:
        DrawstopError: no bank there, a damaged one, or one of another model.
    """
    if is_separated(folder):
        return load_separated_bank(folder, model_fingerprint)
    return load_bank(folder, model_fingerprint)


def edit_of(bank: AnyBank, voices: int) -> Steering | SeparatedSteering:
    """A bank's edit as a stream of up to `voices` parallel voices, from silence on."""
    if isinstance(bank, SeparatedBank):
        return SeparatedSteering(bank, voices)
    steering = Steering(bank.sae, bank)
    steering.allocate(voices)
    return steering


def frame_width(bank: AnyBank) -> int:
    """Numbers of a frame that the bank edits."""
    return bank.separator.config.latents if isinstance(bank, SeparatedBank) else bank.sae.config.d_in
