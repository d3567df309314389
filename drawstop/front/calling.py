"""How this process was called, so that hints can be typed as they are printed."""

import os
import re
from collections.abc import Iterable, Mapping

UNDER_UV = "UV_RUN_RECURSION_DEPTH"
"""uv sets it in the environment of what `uv run` starts."""

COMPLETION = "_DRAWSTOP_COMPLETE"
"""A shell that asks for completions sets it in the environment; typer derives its name from the program's."""

COMPLETION_OPTIONS = ("--install-completion", "--show-completion")


def completes(first: str, environment: Mapping[str, str] = os.environ) -> bool:
    """Whether this process is to complete a command line, or to install or show what does that.

    >>> completes("--show-completion", {}), completes("play", {})
    (True, False)
    """
    return COMPLETION in environment or first in COMPLETION_OPTIONS


def program(environment: Mapping[str, str] = os.environ) -> str:
    """`uv run drawstop` where uv started us, else `drawstop`.

    >>> program({"UV_RUN_RECURSION_DEPTH": "1"}), program({})
    ('uv run drawstop', 'drawstop')
    """
    return "uv run drawstop" if environment.get(UNDER_UV) else "drawstop"


def as_called(text: str, commands: Iterable[str], environment: Mapping[str, str] = os.environ) -> str:
    """A text whose `drawstop COMMAND` reads as this process was called.

    >>> as_called("bake one: drawstop bake MODEL BANK; a Drawstop bank", ["bake"], {"UV_RUN_RECURSION_DEPTH": "1"})
    'bake one: uv run drawstop bake MODEL BANK; a Drawstop bank'
    """
    names = "|".join(map(re.escape, (*commands, "--help")))
    return re.sub(rf"(?<!uv run )\bdrawstop (?=(?:{names})(?![\w-]))", f"{program(environment)} ", text)
