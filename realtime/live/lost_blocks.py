"""Reports lost blocks during a performance, at most once a second."""

from realtime.processes.messages import Report

EVERY_S = 1.0


class LostBlocks:
    """Counts the lost blocks of a performance that were reported."""

    def __init__(self) -> None:
        self._lost = self._skipped = 0
        self._reported_at = -EVERY_S

    def note(self, report: Report, now_s: float) -> str | None:
        """A line for the blocks that were lost since the last one; None if there are none, or the last was a moment ago.

        Args:
            report: the newest.
            now_s: seconds on a clock that never goes back.
        """
        lost, skipped = report.lost_blocks - self._lost, report.skipped_blocks - self._skipped
        if lost <= 0 or now_s - self._reported_at < EVERY_S:
            return None
        self._lost, self._skipped, self._reported_at = report.lost_blocks, report.skipped_blocks, now_s
        came = f"{lost} block{'s' if lost > 1 else ''} came too late"
        left_out = f", {skipped} of them {'were' if skipped > 1 else 'was'} left out" if skipped else ""
        return f"{came}{left_out} ({report.lost_blocks} lost in all)"
