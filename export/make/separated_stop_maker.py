"""Stops of the shipped separator: queries fitted to the user's recordings."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from torch import Tensor

from drawstop.progress import Progress, step_report
from drawstop.types import JsonObject
from export.make.options import MakeRequest, StopRequest
from training.banks.separated_bank import SeparatedBank, load_separated_bank, save_separated_bank
from training.banks.separated_edit import SeparatedEdit
from training.evaluation.verdict.separated import separated_verdict
from training.find.rave.held_out_mixtures import unseen_clips
from training.find.separated.find import SeparatedFindOptions, find_separated_stop
from training.find.separated.measure import measure_separation


class SeparatedStopMaker:
    """The shipped separator, as it is, and a query for each stop.

    Args:
        shipped: the folder of a bank with the separator and the queries that fits start from.
    """

    def __init__(self, shipped: Path) -> None:
        self.shipped = shipped

    def empty_bank(self, request: MakeRequest, work: Path, progress: Progress) -> SeparatedBank:
        """The shipped bank without its stops."""
        bank = load_separated_bank(self.shipped, request.model.fingerprint)
        return replace(bank, stops=(), provenance=bank.provenance | {"seed": request.seed})

    def with_stop(
        self, request: MakeRequest, bank: SeparatedBank, wanted: StopRequest, progress: Progress
    ) -> SeparatedBank:
        """The bank with a query fitted to the request's recordings."""
        options = SeparatedFindOptions(
            seed=request.seed, query=request.options.query, brings_in=request.options.brings_in
        )
        paths = (wanted.with_paths, wanted.without_paths)
        return bank.with_stop(
            find_separated_stop(request.model, bank, wanted.name, *paths, options, progress)
        )

    def measured(
        self, request: MakeRequest, bank: SeparatedBank, wanted: StopRequest, progress: Progress
    ) -> JsonObject:
        """One stop's figures and verdict, from the true parts of mixtures of unseen recordings."""
        stop = bank.stop(wanted.name)
        clips = unseen_clips(request.model, *wanted.recordings("test"), request.seed)
        alone = replace(bank, stops=(stop,))
        measured = measure_separation(
            alone,
            clips.wanted,
            clips.rest,
            clips.solos,
            clips.others,
            request.seed,
            step_report(progress, "measuring"),
        )
        measured["unseen_recordings"] = {"with": clips.recordings[0], "without": clips.recordings[1]}
        judgement = separated_verdict(measured, stop.metrics)
        return {
            "name": stop.name,
            "kind": stop.kind,
            "depth_db": stop.depth_db,
            "found": stop.metrics,
            "measured": measured,
            "verdict": judgement.to_json(),
        }

    def steered(self, bank: SeparatedBank, slug: str, latents: Tensor, value: float) -> Tensor:
        """Latents with one stop moved."""
        return SeparatedEdit(replace(bank, stops=(bank.stop(slug),)))(latents, [value])

    def load(self, folder: Path, fingerprint: str) -> SeparatedBank:
        """Reads the bank back."""
        return load_separated_bank(folder, fingerprint)

    def save(self, folder: Path, bank: SeparatedBank) -> None:
        """Writes the bank, whole or not at all."""
        save_separated_bank(folder, bank)
