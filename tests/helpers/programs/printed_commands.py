"""The command lines that README and the pages print, and how the real command line parses one."""

import re
import shlex
from typing import NamedTuple

import typer

from drawstop.cli import prepared
from drawstop.errors import DrawstopError
from drawstop.front.table import COMMANDS
from tests.helpers.repository import DOCS, REPOSITORY

PAGES = (REPOSITORY / "README.md", REPOSITORY / "CONTRIBUTING.md", *sorted(DOCS.rglob("*.md")))
FENCE = re.compile(r"^( *)```sh\n(.*?)^\1```", re.DOTALL | re.MULTILINE)
ANY_FENCE = re.compile(r"^( *)```.*?^\1```", re.DOTALL | re.MULTILINE)
INLINE = re.compile(r"`([^`\n]+)`")
THEN = re.compile(r"\s*(?:\(then: |\)$)")
HELP = re.compile(r"Examples?: (drawstop .*?)(?=\n\s*\n|\n```|\Z)", re.DOTALL)
INCOMPLETE = ("…", "COMMAND")
"""A line with one of these shows a part of a command, or any command."""


class Printed(NamedTuple):
    """A command line, the page that prints it, and whether it stands in a block of its own.

    Args:
        line: as printed, without a comment; lines that a backslash joins are one.
    """

    page: str
    line: str
    in_block: bool

    @property
    def words(self) -> list[str]:
        """The words after `uv run`."""
        words = shlex.split(self.line)
        return words[2:] if words[:2] == ["uv", "run"] else words


def printed() -> list[Printed]:
    """All of them, page by page: of shell blocks each line, of the running text and of help what begins as a command."""
    found = []
    for path in PAGES:
        page, text = path.relative_to(REPOSITORY).as_posix(), path.read_text("utf-8")
        for _, block in FENCE.findall(text):
            joined = re.sub(r"\s*\\\n\s*", " ", block)
            lines = (without_comment(line) for line in joined.splitlines())
            found += [Printed(page, line, True) for line in lines if line]
        examples = [
            " ".join(each.split()) for example in HELP.findall(text) for each in THEN.split(example) if each
        ]
        inline = INLINE.findall(ANY_FENCE.sub("", text))
        spoken = [span for span in inline if re.match(r"(uv run |just |drawstop |python -m )", span)]
        found += [
            Printed(page, line, False)
            for line in (*examples, *spoken)
            if not any(mark in line for mark in INCOMPLETE) and len(shlex.split(line)) > 1
        ]
    return found


def without_comment(line: str) -> str:
    """
    >>> without_comment("  drawstop devices    # what is there")
    'drawstop devices'
    >>> without_comment("oscdump -L 9001 &   # a client")
    'oscdump -L 9001 &'
    """
    return re.sub(r"(^|\s+)#(\s.*)?$", "", line).strip()


def mistake(words: list[str], whole: bool = True) -> str | None:
    """What the real command line says is wrong with the words after `drawstop`; None: nothing.

    Args:
        words: as a shell passes them.
        whole: whether a missing argument or value is a mistake, as it isn't where a page names a command with an option only.
    """
    name, *arguments = words
    if name in ("-h", "--help", "--version", "--install-completion", "--show-completion", "help"):
        return None
    if name not in COMMANDS:
        return f"there is no command {name!r}"
    try:
        command, given = prepared(name, arguments)
        command.make_context(name, given)
    except DrawstopError as error:
        return str(error)
    except SystemExit as error:
        return f"it ended with {error.code}" if error.code else None
    except typer.TyperException as error:
        if type(error).__name__ in ("MissingParameter", "BadOptionUsage") and not whole:
            return None
        return f"{type(error).__name__}: {error}"
    return None
