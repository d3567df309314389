"""The texts of a performance: the delay before it, the live view, the summary after it."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.segment import Segment, SegmentLines
from rich.table import Table
from rich.text import Text

from drawstop.front.calling import program
from realtime.engine.parameters import BYPASS, MUTE
from realtime.inputs.keyboard import HELP
from realtime.live.latency import Latency
from realtime.live.status import FLOOR_DB, LiveStatus
from realtime.live.supervisor import Supervisor
from realtime.processes.messages import Report

SHORTEST_BAR, LONGEST_BAR = 21, 81
BESIDE_BARS = 58
"""Columns for the names, figures and levels beside the bars."""
METERS = 3
"""Lines of the table beside the stops: in, out, load."""


def latency_lines(name: str, latency: Latency) -> list[str]:
    """The delay, part by part, before anything sounds."""

    def part(label: str, samples: float) -> str:
        return f"  {label:<34} {samples:8.1f} samples  {latency.milliseconds(samples):6.1f} ms"

    return [
        f"{name}: delay from input to output, at the device's {latency.device_rate} Hz",
        part("device, as it says itself", latency.device)
        if latency.device_known
        else "  device                             unknown: what it says can't be; --measure measures it",
        part(f"filling blocks of {latency.block}{_resampled(latency)}", latency.filling),
        part(f"playing them; the device takes {latency.host_block} at once", latency.slack),
        part("the model's own", latency.model),
        part("in all", latency.total),
        f"A block of {1000 * latency.block / latency.rate:.1f} ms takes {1000 * latency.seconds_per_block:.1f} ms to play: "
        f"head-room {100 * (1 - latency.share):.0f} %.",
    ]


def view(supervisor: Supervisor, status: LiveStatus) -> RenderableType:
    """The live view."""
    while supervisor.notes:
        status.notes.append(supervisor.notes.pop(0))
    if status.code_shown:
        return Group(
            Text(status.web_address),
            Text(status.web_code),
            Text("for one browser; any key: the stops; w: the code again, or the next one"),
        )
    return View(supervisor, status)


class View:
    """Stops, meters and what goes on, for a terminal of any size: wider bars where there is room, the keys in its last
    lines."""

    def __init__(self, supervisor: Supervisor, status: LiveStatus) -> None:
        self._supervisor, self._status = supervisor, status

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Draw it."""
        height = options.height or console.size.height
        head = Text(_state(self._supervisor, self._status), style="bold")
        below = Group(*map(Text, self._words()))
        used = sum(len(console.render_lines(each, options)) for each in (head, below))
        room = height - used - len(HELP) - METERS
        whole = Group(head, self._table(options.max_width, room), below)
        lines = console.render_lines(whole, options, pad=False)[: max(0, height - len(HELP))]
        yield SegmentLines(lines, new_lines=True)
        yield Segment("\n" * (height - len(HELP) - len(lines)))
        yield Text("\n".join(HELP), style="dim", no_wrap=True)

    def _table(self, columns: int, room: int) -> Table:
        status, report, latency = self._status, self._status.report, self._supervisor.latency
        bar = min(max(columns - BESIDE_BARS, SHORTEST_BAR), LONGEST_BAR)
        table = Table.grid(padding=(0, 2))
        stops = self._supervisor.description.stops
        chosen = min(status.chosen, len(stops) - 1)
        for index in shown_rows(len(stops), chosen, room):
            stop, mark = stops[index], "▶" if index == chosen else " "
            value, level = report.values.get(stop.slug, 0.0), status.stop_levels.get(stop.slug)
            level_cells = () if level is None else (_bar(level, SHORTEST_BAR), f"{100 * level:.0f} %")
            knob = _knob(value, stop.minimum, stop.maximum, bar)
            table.add_row(f"{mark} {stop.label}", knob, f"{value:+.2f}", *level_cells)
        for name, peak in (("in", report.input_peak), ("out", report.output_peak)):
            table.add_row(f"  {name}", _meter(peak, bar), _decibels(peak))
        if latency is not None:
            share = status.recent_s * latency.rate / latency.block
            table.add_row("  load", _bar(share, bar), f"{100 * share:.0f} %")
        return table

    def _words(self) -> list[str]:
        """The lines below the table."""
        status = self._status
        pairs = [
            ("scene", status.scene),
            ("last moved", " by ".join(status.moved) if status.moved[0] else ""),
            ("turn the knob for", status.learning),
        ]
        people = [("connected", ", ".join(status.connected)), ("waiting for", ", ".join(status.awaited))]
        return list(
            filter(
                None,
                [
                    _counters(status, self._supervisor.latency),
                    status.tempo,
                    _named(pairs),
                    _named(people),
                    f"panel {status.web_address}" if status.web_address else "",
                    *status.notes,
                ],
            )
        )


def shown_rows(count: int, chosen: int, room: int) -> range:
    """The stops that fit into the screen's rows, the chosen one among them.

    >>> shown_rows(3, 0, 10), shown_rows(30, 20, 5), shown_rows(30, 29, 5)
    (range(0, 3), range(18, 23), range(25, 30))
    """
    room = max(1, min(room, count))
    first = min(max(0, chosen - room // 2), count - room)
    return range(first, first + room)


def summary_lines(status: LiveStatus, recorded: Sequence[Path]) -> list[str]:
    """The summary after a performance, in a few lines."""
    report = status.report
    lines = [
        f"Ended. Lost blocks: {report.lost_blocks} ({report.lost_samples} samples); longest block "
        f"{1000 * status.longest_s:.1f} ms; closest call {status.lead_ms:.1f} ms; events: {report.events}."
    ]
    if report.refused_events or status.failed_blocks or report.replaced_inputs:
        lines.append(
            f"Refused events: {report.refused_events}; blocks in which the instrument failed: {status.failed_blocks}; "
            f"broken input samples: {report.replaced_inputs}."
        )
    if recorded:
        lines.append(report.problem or f"Recorded into {', '.join(map(str, recorded))}.")
        lines.append(f"Next: {program()} render --session {recorded[-1]} -o take.wav")
    return lines


def _state(supervisor: Supervisor, status: LiveStatus) -> str:
    report, folder = status.report, supervisor.recording.current
    marks = [
        name.upper()
        for name, parameter in (("bypass", BYPASS), ("mute", MUTE))
        if report.values.get(parameter.slug, 0.0) >= 0.5
    ]
    if folder is not None:
        minutes, seconds = divmod(report.recorded_samples // supervisor.sample_rate, 60)
        marks.append(f"● REC {folder} {minutes}:{seconds:02d}")
    return "  ".join(filter(None, [supervisor.description.name, *marks, state_words(supervisor, report)]))


def state_words(supervisor: Supervisor, report: Report) -> str:
    """What is wrong or under way; empty if nothing is."""
    words = ["NO SOUND DEVICE"] if supervisor.ring is None else []
    words += ["another instrument is coming in"] if report.swapping else []
    return "  ".join([*words, *([report.problem] if report.problem else [])])


def _named(pairs: Sequence[tuple[str, str]]) -> str:
    """Values behind their names, in one line; those that are empty are left out."""
    return "   ".join(f"{name}: {value}" for name, value in pairs if value)


def _counters(status: LiveStatus, latency: Latency | None) -> str:
    report = status.report
    least = "" if latency is None or latency.device_known else "at least "
    delay = f"delay {least}{latency.milliseconds(latency.total):.1f} ms   " if latency is not None else ""
    delay += f"closest call {status.lead_ms:.1f} ms   "
    counters = f"{delay}lost blocks {report.lost_blocks}   limited samples {report.limited_samples}"
    return counters


def _resampled(latency: Latency) -> str:
    return "" if latency.rate == latency.device_rate else f", resampling {latency.rate}"


def _knob(value: float, low: float, high: float, bar: int) -> str:
    position, rest = (
        round((min(max(each, low), high) - low) / (high - low) * (bar - 1)) for each in (value, 0.0)
    )
    return "".join("●" if i == position else "┼" if i == rest else "─" for i in range(bar))


def _bar(share: float, bar: int) -> str:
    filled = round(min(max(share, 0.0), 1.0) * bar)
    return "█" * filled + "░" * (bar - filled)


def _meter(peak: float, bar: int) -> str:
    return _bar(1.0 - 20 * np.log10(max(peak, 1e-6)) / FLOOR_DB, bar)


def _decibels(peak: float) -> str:
    return f"{20 * np.log10(peak):.0f} dB" if peak > 10 ** (FLOOR_DB / 20) else "-"
