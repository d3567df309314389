"""The text messages that clients send by WebSocket."""

import json

from drawstop.errors import DrawstopError

MAX_BYTES = 4096
"""The largest text message: a command and an address."""

COMMANDS = ("LISTEN", "IGNORE")


def read_command(text: bytes) -> tuple[str, str]:
    """The command and the address of a text message.

    >>> read_command(b'{"COMMAND": "LISTEN", "DATA": "/stop/guitar"}')
    ('LISTEN', '/stop/guitar')

    Raises:
        DrawstopError: the text is no such message.
    """
    if len(text) > MAX_BYTES:
        raise DrawstopError(f"a text message takes {MAX_BYTES} bytes or fewer, got {len(text)}")
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise DrawstopError(f"a text message is JSON, got {text[:40]!r} ({type(error).__name__})") from error
    command, data = (
        (content.get("COMMAND"), content.get("DATA")) if isinstance(content, dict) else (None, None)
    )
    if command not in COMMANDS or not isinstance(data, str):
        raise DrawstopError(f"COMMAND is LISTEN or IGNORE and DATA an address, got {text[:80]!r}")
    return command, data
