"""An instrument's block as programs without side effects, whose state goes in and comes out: what a file without TorchScript
can hold.

Key idea: what a block computes hangs on two things that aren't numbers in it. The separator's trunk takes a step in one block of
several, in turn; and a stop that brings something in plays grains only while it does. So there is a program for each case, and
whoever plays them knows which one is due. Else they are straight lists of operations: every stop is computed, also one at 0,
which changes nothing.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor

from drawstop.errors import DrawstopError
from realtime.backends.graph import StreamGraph
from realtime.backends.player import cleaned
from realtime.backends.record import record

MOST_TURNS = 16
"""Blocks after which a case must come again."""


class Case(NamedTuple):
    """When a program is due: in which block of the turn, and whether a stop brings something in by grains."""

    turn: int
    brings_in: bool

    @property
    def name(self) -> str:
        """The program's name in a file."""
        return f"turn_{self.turn}" + ("_brings_in" if self.brings_in else "")


def record_programs(instrument: torch.jit.ScriptModule, block: int) -> dict[Case, StreamGraph]:
    """The programs of one voice's block: `(audio, before, values, *states) -> (audio, *states)`.

    Shape: audio `[1, channels, block]`, before (the stops' last values of the block before) `[1, stops]`, values
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
        for turn in range(MOST_TURNS):
            numbers: list[float] = []
            try:
                graph = record(block_of(instrument), inputs, caches, branches, numbers)
            except ValueError as error:
                raise DrawstopError(f"this instrument can't be written as a program: {error}") from error
            if turn and numbers == first:
                break
            first = first or numbers
            programs[Case(turn, brings_in)] = graph
            with torch.inference_mode(), torch.jit.optimized_execution(False):  # type: ignore[attr-defined]
                instrument.play(torch.zeros(1, channels + stops, block))
    clear(instrument)
    return programs


def _branches(instrument: Any) -> dict[bool, bool]:
    """How branches are answered where nothing is brought in by grains, and where something is."""
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
    """What the instrument does with a block once the stops' values are known."""
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
    """Of each stop, whether it brings something in by grains."""
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
