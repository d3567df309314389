"""What a performance shows: the plan before, the live view, the summary after."""

from collections import deque
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from realtime.engine.parameters import BYPASS, MUTE
from realtime.live.latency import Latency
from realtime.live.supervisor import Supervisor
from realtime.processes.audio_process import Report

BAR = 21
FLOOR_DB = -60.0
NOTES = 4


@dataclass
class LiveStatus:
    """What the view and the summary tell, kept over the performance."""

    report: Report = field(default_factory=Report)
    longest_s: float = 0.0
    recent_s: float = 0.0
    failed_blocks: int = 0
    broken_samples: int = 0
    device_losses: int = 0
    swaps: int = 0
    stop_levels: dict[str, float] = field(default_factory=dict)
    """How strongly each stop sounds, 0..1; none where nobody listens."""
    heard: dict[str, Any] = field(default_factory=dict)
    """See `LevelClient.figures`."""
    lead_ms: float = 0.0
    """By how much the closest block was in time."""
    notes: deque[str] = field(default_factory=lambda: deque(maxlen=NOTES))

    def update(self, stage: Supervisor, report: Report) -> None:
        """Take over what the stage tells now."""
        self.report = report
        self.recent_s = stage.longest_block_s()
        self.longest_s = max(self.longest_s, self.recent_s)
        self.failed_blocks, self.broken_samples = stage.error_counts()
        self.device_losses, self.swaps = stage.device_losses, stage.swaps
        self.stop_levels = stage.listening.levels()
        if stage.plan is not None:
            self.lead_ms = stage.plan.milliseconds(report.least_lead)

    def levels(self) -> dict[str, float]:
        """The peaks since the last report, in dBFS, not below `FLOOR_DB`."""
        peaks = {"in": self.report.input_peak, "out": self.report.output_peak}
        return {name: 20 * float(np.log10(max(peak, 10 ** (FLOOR_DB / 20)))) for name, peak in peaks.items()}

    def final(self, stage: Supervisor, report: Report) -> None:
        """The last report, of the ended performance."""
        self.report, self.heard = report, stage.listening.figures()

    def as_json(self) -> dict[str, Any]:
        """The figures for `--json`."""
        told = asdict(self.report)
        for passing in ("retired", "swapping", "input_peak", "output_peak"):
            told.pop(passing)
        return told | {
            "closest_call_ms": self.lead_ms,
            "longest_block_s": self.longest_s,
            "failed_blocks": self.failed_blocks,
            "broken_samples": self.broken_samples,
            "device_losses": self.device_losses,
            "swaps": self.swaps,
            **self.heard,
        }


def latency_lines(name: str, plan: Latency) -> list[str]:
    """The delay, part by part, before anything sounds."""

    def part(label: str, samples: float) -> str:
        return f"  {label:<34} {samples:8.1f} samples  {plan.milliseconds(samples):6.1f} ms"

    return [
        f"{name}: delay from input to output, at the device's {plan.device_rate} Hz",
        part("device, as it says itself", plan.device),
        part(f"filling blocks of {plan.block}{_resampled(plan)}", plan.filling),
        part(f"playing them; the device takes {plan.host_block} at once", plan.slack),
        part("the model's own", plan.model),
        part("in all", plan.total),
        f"A block of {1000 * plan.block / plan.rate:.1f} ms takes {1000 * plan.seconds_per_block:.1f} ms to play: "
        f"head-room {100 * (1 - plan.share):.0f} %.",
    ]


def view(stage: Supervisor, figures: LiveStatus) -> RenderableType:
    """The live view."""
    while stage.notes:
        figures.notes.append(stage.notes.pop(0))
    report, plan = figures.report, stage.plan
    table = Table.grid(padding=(0, 2))
    for stop in stage.description.stops:
        value = report.values.get(stop.slug, 0.0)
        level = figures.stop_levels.get(stop.slug)
        heard = () if level is None else (_bar(level), f"{100 * level:.0f} %")
        table.add_row(stop.label, _knob(value), f"{value:+.2f}", *heard)
    table.add_row("in", _meter(report.input_peak), _decibels(report.input_peak))
    table.add_row("out", _meter(report.output_peak), _decibels(report.output_peak))
    if plan is not None:
        share = figures.recent_s * plan.rate / plan.block
        table.add_row("load", _bar(share), f"{100 * share:.0f} %")
    return Group(
        Text(_state(stage, report), style="bold"),
        table,
        Text(_counters(figures, plan)),
        *map(Text, figures.notes),
    )


def summary_lines(figures: LiveStatus, recorded: Path | None) -> list[str]:
    """The end of a performance, in a few lines."""
    report = figures.report
    lines = [
        f"Ended. Lost blocks: {report.lost_blocks} ({report.lost_samples} samples); longest block "
        f"{1000 * figures.longest_s:.1f} ms; closest call {figures.lead_ms:.1f} ms; events: {report.events}."
    ]
    if report.refused_events or figures.failed_blocks or report.replaced_inputs:
        lines.append(
            f"Refused events: {report.refused_events}; blocks in which the instrument failed: {figures.failed_blocks}; "
            f"broken input samples: {report.replaced_inputs}."
        )
    if recorded is not None:
        lines.append(report.problem or f"Recorded into {recorded}.")
        lines.append(f"Next: drawstop render --session {recorded} -o take.wav")
    return lines


def _state(stage: Supervisor, report: Report) -> str:
    marks = [
        name.upper()
        for name, fader in (("bypass", BYPASS), ("mute", MUTE))
        if report.values.get(fader.slug, 0.0) >= 0.5
    ]
    if stage.line is None:
        marks.append("NO SOUND DEVICE")
    if report.swapping:
        marks.append("another instrument is coming in")
    return "  ".join([stage.description.name, *marks])


def _counters(figures: LiveStatus, plan: Latency | None) -> str:
    report = figures.report
    delay = f"delay {plan.milliseconds(plan.total):.1f} ms   " if plan is not None else ""
    delay += f"closest call {figures.lead_ms:.1f} ms   "
    told = f"{delay}lost blocks {report.lost_blocks}   limited samples {report.limited_samples}"
    return told + (f"   {report.problem}" if report.problem else "")


def _resampled(plan: Latency) -> str:
    return "" if plan.rate == plan.device_rate else f", resampling {plan.rate}"


def _knob(value: float) -> str:
    place = round((value + 1) / 2 * (BAR - 1))
    return "".join("●" if i == place else "┼" if i == BAR // 2 else "─" for i in range(BAR))


def _bar(share: float) -> str:
    filled = round(min(max(share, 0.0), 1.0) * BAR)
    return "█" * filled + "░" * (BAR - filled)


def _meter(peak: float) -> str:
    return _bar(1.0 - 20 * np.log10(max(peak, 1e-6)) / FLOOR_DB)


def _decibels(peak: float) -> str:
    return f"{20 * np.log10(peak):.0f} dB" if peak > 10 ** (FLOOR_DB / 20) else "-"
