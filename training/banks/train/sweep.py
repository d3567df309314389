"""Many SAEs of the same frames compared: widths, k, architectures and seeds, each trained once and saved as a bank."""

from __future__ import annotations

import itertools
import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from drawstop.errors import DrawstopError
from drawstop.files import require_writable
from drawstop.progress import Progress
from training.activations.streamed_frames import ModelFrames
from training.banks.bank import STOPS_FILE, StopBank, load_bank, save_bank
from training.banks.train.train import TrainOptions, site_paths, store_frames
from training.sae.config import Architecture, SAEConfig
from training.sae.dataset import StoredFrames
from training.sae.train import train_sites

FRAMES_FOLDER = "frames"
BANKS_FOLDER = "banks"


@dataclass(frozen=True)
class Grid:
    """The values that are combined. Every combination is trained."""

    widths: tuple[int, ...] = (256, 512, 1024)
    ks: tuple[int, ...] = (8, 16, 32)
    architectures: tuple[Architecture, ...] = ("topk", "batchtopk", "matryoshka", "jumprelu")
    seeds: tuple[int, ...] = (0, 1)
    steps: int = SAEConfig.steps

    def options(self, device: str = "cpu") -> list[TrainOptions]:
        """The trainings, in their order. Raises DrawstopError for one that can't be, or none at all."""
        combined = itertools.product(self.architectures, self.widths, self.ks, self.seeds)
        trainings = [
            TrainOptions(SAEConfig(1, width, k, architecture, self.steps, seed=seed), device=device)
            for architecture, width, k, seed in dict.fromkeys(combined)
        ]
        if not trainings:
            raise DrawstopError("expected at least one width, k, architecture and seed to sweep over")
        return trainings


@dataclass(frozen=True)
class SweepCell:
    """One trained SAE, and where its bank lies.

    Attributes:
        fve: fraction of variance explained, on recordings that it wasn't trained on where there are some.
        l0: active features per frame.  dead_share: share of the features that never fire.
    """

    site: str
    architecture: str
    width: int
    k: int
    seed: int
    fve: float
    l0: float
    dead_share: float
    bank: str


@dataclass(frozen=True)
class Row:
    """Cells that differ by their seed alone: means, and the lowest and highest FVE.

    Attributes:
        best: no other row of the site explains as much with fewer active features (the Pareto front).
    """

    site: str
    architecture: str
    width: int
    k: int
    fve: float
    lowest: float
    highest: float
    l0: float
    dead_share: float
    seeds: int
    best: bool = False


def sweep(
    frames: ModelFrames,
    out: Path,
    grid: Grid,
    model_name: str,
    device: str = "cpu",
    progress: Progress | None = None,
) -> list[SweepCell]:
    """Trains what isn't there yet. The frames are read once and stay in `OUT/frames`; each SAE is a bank in `OUT/banks`.

    Interrupted, the same call goes on where it was, inside a training too; a larger grid trains what is new.

    Raises:
        DrawstopError: a grid that can't be, or banks in `out` of other frames or of other settings.
    """
    progress = progress or (lambda *_: None)
    trainings = grid.options(device)
    require_writable(out)
    source = StoredFrames(store_frames(frames, out / FRAMES_FOLDER))
    cells = []
    for done, options in enumerate(trainings):
        banks = _trained(frames, source, out, options, model_name, progress)
        cells += [_cell(out, folder, bank) for folder, bank in banks.items()]
        progress("sweeping", done + 1, len(trainings))
    return cells


def rows_of(cells: Sequence[SweepCell]) -> list[Row]:
    """The cells without their seeds, by site, in the order in which they were trained."""
    by_name: dict[tuple[str, str, int, int], list[SweepCell]] = {}
    for cell in cells:
        by_name.setdefault((cell.site, cell.architecture, cell.width, cell.k), []).append(cell)
    rows = [
        Row(
            *name,
            statistics.fmean(cell.fve for cell in each),
            min(cell.fve for cell in each),
            max(cell.fve for cell in each),
            statistics.fmean(cell.l0 for cell in each),
            statistics.fmean(cell.dead_share for cell in each),
            len(each),
        )
        for name, each in by_name.items()
    ]
    return [replace(row, best=not any(_beats(other, row) for other in rows)) for row in rows]


def as_json(cells: Sequence[SweepCell], grid: Grid) -> dict[str, Any]:
    """Cells, rows and the grid, as JSON holds them."""
    return {
        "cells": [asdict(cell) for cell in cells],
        "rows": [asdict(row) for row in rows_of(cells)],
        "grid": asdict(grid),
    }


def as_table(rows: Sequence[Row]) -> list[list[str]]:
    """A line of headings, then one for each row; • marks the Pareto front."""
    lines = [["", "site", "architecture", "width", "k", "FVE", "of seeds", "L0", "dead"]]
    for row in rows:
        lines.append(
            [
                "•" if row.best else "",
                row.site,
                row.architecture,
                str(row.width),
                str(row.k),
                f"{row.fve:.3f}",
                f"{row.lowest:.3f}-{row.highest:.3f}" if row.seeds > 1 else "",
                f"{row.l0:.1f}",
                f"{100 * row.dead_share:.0f} %",
            ]
        )
    return lines


def _beats(other: Row, row: Row) -> bool:
    """Says whether another row of the site explains at least as much with at most as many active features, and one of both
    differs."""
    as_good = other.fve >= row.fve and other.l0 <= row.l0
    return other.site == row.site and as_good and (other.fve, other.l0) != (row.fve, row.l0)


def _trained(
    frames: ModelFrames,
    source: StoredFrames,
    out: Path,
    options: TrainOptions,
    model_name: str,
    progress: Progress,
) -> dict[Path, StopBank]:
    """The banks of all sites for one combination: those that are there, else trained."""
    sae = options.sae
    name = f"{sae.architecture}-{sae.n_features}-k{sae.k}-seed{sae.seed}"
    folders = {site: out / BANKS_FOLDER / site / name for site in frames.widths}
    config = options.config(frames.model.centred)
    if all((folder / STOPS_FILE).is_file() for folder in folders.values()):
        return {folder: _load_earlier(folder, frames, config) for folder in folders.values()}
    checkpoint = out / f"{name}.checkpoint"
    saes = train_sites(
        source,
        config,
        checkpoints=site_paths(list(frames.widths), checkpoint, ".checkpoint"),
        progress=lambda step, loss: progress(name, step, sae.steps),
        device=options.device,
    )
    provenance = {"model": model_name, "recordings": len(frames.sources), "frames_hash": frames.identity}
    banks = {}
    for site, folder in folders.items():
        banks[folder] = StopBank(saes[site], (), frames.model.fingerprint, site, provenance)
        save_bank(folder, banks[folder])
    _remove(checkpoint)
    return banks


def _load_earlier(folder: Path, frames: ModelFrames, config: SAEConfig) -> StopBank:
    """A bank of an earlier call. Raises DrawstopError where it isn't what would be trained now."""
    bank = load_bank(folder, frames.model.fingerprint)
    wanted = replace(config, d_in=bank.sae.config.d_in)
    if bank.provenance.get("frames_hash") != frames.identity or bank.sae.config != wanted:
        raise DrawstopError(
            f"{folder} was trained on other recordings or with other settings: give another folder with --out"
        )
    return bank


def _cell(out: Path, folder: Path, bank: StopBank) -> SweepCell:
    config, metrics = bank.sae.config, bank.sae.metrics
    assert metrics is not None
    held_out = metrics.validation_fraction_of_variance_explained
    return SweepCell(
        bank.site,
        config.architecture,
        config.n_features,
        config.k,
        config.seed,
        metrics.fraction_of_variance_explained if held_out is None else held_out,
        metrics.l0,
        metrics.dead_share,
        folder.relative_to(out).as_posix(),
    )


def _remove(checkpoint: Path) -> None:
    """A file, or a folder of several sites' files."""
    if checkpoint.is_dir():
        for each in checkpoint.iterdir():
            each.unlink()
        checkpoint.rmdir()
    else:
        checkpoint.unlink(missing_ok=True)
