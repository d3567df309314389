"""The numbers and states of a performance that its live view and its summary show."""

from collections import deque
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from realtime.live.supervisor import Supervisor
from realtime.processes.messages import Report

FLOOR_DB = -60.0
NOTES = 4


@dataclass
class LiveStatus:
    """The numbers that the view and the summary show, updated during the performance."""

    report: Report = field(default_factory=Report)
    longest_s: float = 0.0
    recent_s: float = 0.0
    failed_blocks: int = 0
    broken_samples: int = 0
    device_losses: int = 0
    swaps: int = 0
    stop_levels: dict[str, float] = field(default_factory=dict)
    """Each stop's level, 0..1; empty where no levels are measured."""
    level_summary: dict[str, Any] = field(default_factory=dict)
    """`LevelClient.summary` at the end."""
    lead_ms: float = 0.0
    """Milliseconds by which the closest block was in time."""
    tempo: str = ""
    """The tempo and whose clock it is; empty without a clock."""
    chosen: int = 0
    """The index of the stop that arrow keys move."""
    moved: tuple[str, str] = ("", "")
    """The slug of what moved last, and what moved it."""
    web_address: str = ""
    """The panel's address; empty if there is none."""
    web_code: str = ""
    """That address as a QR code."""
    code_shown: bool = False
    """Whether the QR code takes the screen, until somebody has come or a key is pressed."""
    web_clients: int = 0
    """The number of connected panels."""
    connected: Sequence[str] = ()
    """MIDI inputs, surfaces and panels that are here."""
    awaited: Sequence[str] = ()
    """MIDI boxes that were named and aren't here."""
    learning: str = ""
    """The stop that waits for a controller."""
    scene: str = ""
    """The name of the scene that was recalled last."""
    newest_note: str = ""
    """The newest line for the user."""
    notes: deque[str] = field(default_factory=lambda: deque(maxlen=NOTES))

    def update(self, supervisor: Supervisor, report: Report) -> None:
        """Take over a report and the supervisor's own counters."""
        self.report = report
        self.recent_s = supervisor.player.take_longest()
        self.longest_s = max(self.longest_s, self.recent_s)
        self.failed_blocks, self.broken_samples = supervisor.player.error_counts()
        self.device_losses, self.swaps = supervisor.device_losses, supervisor.swaps
        self.stop_levels = supervisor.level_client.levels()
        if supervisor.latency is not None:
            self.lead_ms = supervisor.latency.milliseconds(report.least_lead)

    def peaks_db(self) -> dict[str, float]:
        """Peaks of input and output since the last report, in dBFS, at least `FLOOR_DB`."""
        peaks = {"in": self.report.input_peak, "out": self.report.output_peak}
        return {name: 20 * float(np.log10(max(peak, 10 ** (FLOOR_DB / 20)))) for name, peak in peaks.items()}

    def final(self, supervisor: Supervisor, report: Report) -> None:
        """Take over the last report, of the ended performance."""
        self.report, self.level_summary = report, supervisor.level_client.summary()

    def as_json(self) -> dict[str, Any]:
        """The numbers for `--json`."""
        numbers = asdict(self.report)
        for passing in ("retired", "swapping", "input_peak", "output_peak"):
            numbers.pop(passing)
        return numbers | {
            "closest_call_ms": self.lead_ms,
            "longest_block_s": self.longest_s,
            "failed_blocks": self.failed_blocks,
            "broken_samples": self.broken_samples,
            "device_losses": self.device_losses,
            "swaps": self.swaps,
            **self.level_summary,
        }
