"""Mistakes on the command line whose intended form is clear: the error names that form."""

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from drawstop.errors import DrawstopError
from drawstop.front.table import COMMANDS
from drawstop.names import nearest

WITH_SETTINGS = ("play", "render", "musicgen")
"""Commands that have `--set`."""

NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)")
SETTING = re.compile(r"[\w -]+=[-+]?[\d.]+")


def unknown_command(first: str, rest: Sequence[str]) -> str:
    """The error message for a word that is no command.

    >>> unknown_command("rendr", [])
    "no such command: 'rendr'; did you mean render? (drawstop --help)"
    """
    if first == "drawstop" and rest:
        return f"'drawstop' stands there twice; try: drawstop {' '.join(rest)}"
    if Path(first).suffix == ".ts":
        return f"no such command: {first!r}; to play it: drawstop play {first}"
    meant = nearest(first, COMMANDS)
    guess = f"did you mean {meant}?" if meant else f"expected one of {', '.join(COMMANDS)}"
    return f"no such command: {first!r}; {guess} (drawstop --help)"


def refuse_split_settings(name: str, arguments: Sequence[str]) -> None:
    """Raise DrawstopError for a stop's value that isn't one word after `--set`.

    >>> refuse_split_settings("render", ["a.ts", "b.wav", "--set", "guitar=1"])
    """
    if name not in WITH_SETTINGS:
        return
    for before, argument, after in zip(["", *arguments], arguments, [*arguments[1:], ""], strict=False):
        slug = argument if before == "--set" else argument.removeprefix("--set=")
        if (before == "--set" or slug != argument) and "=" not in slug and NUMBER.fullmatch(after):
            raise DrawstopError(f"--set takes stop and value as one word: --set {slug.rstrip(':')}={after}")
        if not before.startswith("-") and SETTING.fullmatch(argument) and not Path(argument).exists():
            raise DrawstopError(f"{argument} stands alone; did you mean --set {argument}?")


def _is_torchscript(path: Path) -> bool:
    return path.suffix == ".ts"


def _is_bank(path: Path) -> bool:
    return (path / "stops.json").is_file()


def _is_mapping(path: Path) -> bool:
    return path.suffix == ".toml"


SWAPPED: Mapping[str, tuple[str, str, Callable[[Path], bool]]] = {
    "render": ("instrument", "recording", _is_torchscript),
    "bake": ("model", "banks", _is_torchscript),
    "find": ("bank", "name", _is_bank),
    "classify": ("bank", "audio", _is_bank),
    "train": ("model", "recordings", _is_torchscript),
    "activations": ("model", "recordings", _is_torchscript),
    "plan": ("model", "recordings", _is_torchscript),
    "sweep": ("model", "recordings", _is_torchscript),
    "learn": ("mapping", "stops", _is_mapping),
}
"""For each command: the names of its first two arguments, and a function that recognises the first one's kind."""


def refuse_swapped(name: str, values: Mapping[str, Any]) -> None:
    """Raise DrawstopError where a command's first two arguments are swapped.

    Args:
        values: the command's arguments by name.

    >>> refuse_swapped("render", {"instrument": "organ.ts", "recording": "in.wav"})
    """
    if name not in SWAPPED:
        return
    first, second, is_first = SWAPPED[name]
    given = [values.get(argument) for argument in (first, second)]
    one, other = (value[0] if isinstance(value, list | tuple) and value else value for value in given)
    if one and other and is_first(Path(other)) and not is_first(Path(one)):
        raise DrawstopError(f"the {first} comes first: drawstop {name} {other} {one} …")
