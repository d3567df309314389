"""The events of a recorded session, line by line."""

import json
from pathlib import Path

from realtime.recording.session_file import EVENTS


def events_of(session: Path) -> list[dict]:
    """The lines of the session's events.jsonl."""
    return [json.loads(line) for line in (session / EVENTS).read_text().splitlines()]
