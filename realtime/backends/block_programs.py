"""An instrument's block as functions without side effects, as a file without TorchScript holds them.

They take the state and return the new one. Key idea: which operations a block takes depends on two things. The separator's
trunk runs in every n-th block only, and grains are played only while a stop with grains is above 0. So there is one
program per case; the caller chooses it. Every program computes all stops, also those at 0, which change nothing.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor

from drawstop.errors import DrawstopError
from realtime.backends.graph import StreamGraph
from realtime.backends.player import cleaned
from realtime.backends.record import record

MOST_PHASES = 16
"""The most blocks that are recorded before the cycle must repeat."""


class Case(NamedTuple):
    """Selects a program: the block's index in the cycle, and whether a stop plays grains."""

    phase: int
    brings_in: bool

    @property
    def name(self) -> str:
        """The program's name in a file."""
        return f"turn_{self.phase}" + ("_brings_in" if self.brings_in else "")


def record_programs(instrument: torch.jit.ScriptModule, block: int) -> dict[Case, StreamGraph]:
    """The programs for one voice's block: `(audio, before, values, *states) -> (audio, *states)`.

    Shape: audio `[1, channels, block]`, before (the stops' last values in the previous block) `[1, stops]`, values
    `[1, stops, frames]`. A program's `places` say which of the instrument's caches its states are.

    Args:
        instrument: as `torch.jit.load` gives it; it is reset.

    Raises DrawstopError for an instrument that draws random numbers, or a block that isn't a multiple of its ratio.
    """
    channels, stops, ratio = int(instrument.channels), int(instrument.n_stops), int(instrument.ratio)
    if block < 1 or block % ratio:
        raise DrawstopError(f"the block must be a multiple of the instrument's ratio, {ratio}; got {block}")
    inputs = (
        torch.zeros(1, channels, block), torch.zeros(1, stops), torch.zeros(1, stops, block // ratio)
    )  # fmt: skip
    caches = streaming_caches(instrument)
    programs: dict[Case, StreamGraph] = {}
    for brings_in, branches in _branches(instrument).items():
        clear(instrument)
        first: list[float] = []
        for phase in range(MOST_PHASES):
            numbers: list[float] = []
            try:
                graph = record(block_of(instrument), inputs, caches, branches, numbers)
            except ValueError as error:
                raise DrawstopError(f"this instrument can't be written as a program: {error}") from error
            if phase and numbers == first:
                break
            first = first or numbers
            programs[Case(phase, brings_in)] = graph
            with torch.inference_mode(), torch.jit.optimized_execution(False):  # type: ignore[attr-defined]
                instrument.play(torch.zeros(1, channels + stops, block))
    clear(instrument)
    return programs


def _branches(instrument: Any) -> dict[bool, bool]:
    """By whether a stop plays grains: the value to assume for conditions that depend on data."""
    edits = [
        *instrument.encoder_edits.children(),
        instrument.latent_edit,
        *instrument.decoder_edits.children(),
    ]
    kinds = {hasattr(bank.steering, "separator") for edit in edits for bank in edit.edits.children()}
    if len(kinds) > 1:
        raise DrawstopError(
            "this instrument has banks of both kinds, with a separator and with an SAE: bake one kind"
        )
    if kinds == {True}:
        return {False: False, True: True} if any(grain_stops(instrument)) else {False: False}
    return {False: True}  # branches leave out stops that stand at 0, which add 0


def block_of(instrument: Any) -> Callable[[Tensor, Tensor, Tensor], Tensor]:
    """A function that plays a block with given values of the stops."""
    core, limit = instrument.core, float(instrument.input_limit)

    def played(x: Tensor, before: Tensor, values: Tensor) -> Tensor:
        h = core.bands(cleaned(x, limit))
        for layer, edit in zip(
            core.encoder_layers.children(), instrument.encoder_edits.children(), strict=True
        ):
            h = edit(layer(h), before, values)
        h = core.decoder_input(instrument.latent_edit(core.latents(h, True), before, values), True)
        for layer, edit in zip(
            core.decoder_layers.children(), instrument.decoder_edits.children(), strict=True
        ):
            h = edit(layer(h), before, values)
        return cleaned(core.audio(core.tail(h, True)), limit)

    return played


def streaming_caches(instrument: torch.jit.ScriptModule) -> list[Tensor]:
    """The instrument's caches, in a fixed order."""
    return [buffer for name, buffer in instrument.named_buffers() if name.endswith((".pad", ".cache"))]


def grain_stops(instrument: Any) -> list[bool]:
    """Whether each stop plays grains."""
    grains = [False] * int(instrument.n_stops)
    for bank in instrument.latent_edit.edits.children():
        of_bank: Sequence[int] = getattr(bank.steering, "grains_of", ())
        for place in of_bank:
            if place >= 0:
                grains[int(bank.stop_indices[place])] = True
    return grains


def clear(instrument: Any) -> None:
    """Set the instrument's caches back to those of a fresh load."""
    instrument.set_reset(1)
    with torch.inference_mode():
        instrument._clear_if_asked()
