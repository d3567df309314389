"""The one command. Its sub-commands are a table; only the one that is called is imported.

`drawstop --help` therefore needs neither torch nor typer, and `drawstop render` never imports acids-rave.
"""

import functools
import importlib
import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NoReturn

from drawstop.errors import DrawstopError, reason_of
from drawstop.front.arguments import refuse_empty, spread_lists, spread_values
from drawstop.front.calling import as_called, completes
from drawstop.front.table import COMMANDS
from drawstop.names import did_you_mean, write_anything

FAILURE = 2
INTERRUPTED = 130
HELP = ("-h", "--help")


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run `drawstop` with the given arguments (by default the process's); exits with 0, 2 or 130."""
    write_anything(sys.stdout, sys.stderr)
    given = list(sys.argv[1:] if arguments is None else arguments)
    if given[:1] == ["help"]:
        given = [*given[1:2], "--help"]
    first = given[0] if given else "--help"
    if completes(first):
        from drawstop.front.completion import group

        group(load)(args=given, prog_name="drawstop")
    if first in HELP:
        sys.stdout.write(overview())
        sys.exit(0)
    if first == "--version":
        from drawstop import __version__

        sys.stdout.write(f"drawstop {__version__}\n")
        sys.exit(0)
    if first not in COMMANDS:
        from drawstop.front.slips import unknown_command

        _fail(unknown_command(first, given[1:]))
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # a SIGTERM tidies up as an interrupt does
    with _expected_failures(first):
        from drawstop.torchscript import keep_advice_quiet

        keep_advice_quiet()
        command, spread = prepared(first, given[1:])
    _run(first, command, spread)


def prepared(name: str, given: list[str]) -> tuple[Any, list[str]]:
    """A sub-command as a program, and its arguments as that program takes them: an option's several values one by one.

    Raises:
        DrawstopError: an argument is empty, or a setting is written in two words.
    """
    from drawstop.front.slips import refuse_split_settings

    command = load(name)
    refuse_empty(given)
    refuse_split_settings(name, given)
    spread = spread_values(given, *COMMANDS[name].several)
    return command, spread_lists(spread, COMMANDS[name].lists)


def _run(name: str, command: Callable[..., Any], arguments: list[str]) -> NoReturn:
    """Call a command; what is wrong with its arguments is one line."""
    import typer

    try:
        status = command(args=arguments, prog_name=f"drawstop {name}", standalone_mode=False)
    except typer.TyperException as error:
        meant = did_you_mean(getattr(error, "option_name", ""), getattr(error, "possibilities", None) or ())
        said = error.format_message() if hasattr(error, "format_message") and not meant else str(error)
        _fail(f"{said.rstrip('.')}{meant or f'; see drawstop {name} --help'}")
    except typer.Abort:
        sys.exit(1)
    sys.exit(status if isinstance(status, int) else 0)


def overview() -> str:
    """The text of `drawstop --help`."""
    width = max(map(len, COMMANDS))
    groups: dict[str, list[str]] = {}
    for name, command in COMMANDS.items():
        groups.setdefault(command.group, []).append(f"  {name:<{width}}  {command.summary}")
    lists = [line for group, lines in groups.items() for line in (f"{group}:", *lines, "")]
    return "\n".join(
        [
            "Usage: drawstop COMMAND [OPTIONS] [ARGUMENTS]",
            "",
            "Knobs, found inside a neural audio model, that bring concepts in and take them away.",
            "",
            *lists,
            "Options:",
            "  -h, --help            This text; drawstop COMMAND --help shows a command's options, with an example.",
            "  --version             The version.",
            "  --install-completion  Complete commands and options in this shell (bash, zsh, fish, PowerShell).",
            "  --show-completion     Print what would be installed.",
            "",
            "Example: drawstop demo --out drawstop-demo",
            "",
        ]
    )


def module_of(name: str) -> str:
    """The module of a sub-command; its function has the module's name.

    >>> module_of("fine-tune")
    'training.commands.fine_tune'
    """
    command = COMMANDS[name]
    return f"{command.package}.commands.{command.module or name.replace('-', '_')}"


def load(name: str) -> Callable[..., Any]:
    """Import a sub-command's function and make it a program (click's calling convention).

    Raises:
        ImportError: the command's module, or an extra that it needs, isn't there.
    """
    import typer

    module = module_of(name)
    implementation = getattr(importlib.import_module(module), module.rpartition(".")[2])
    app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)
    app.command(name, context_settings={"help_option_names": list(HELP)})(
        _failing_in_one_line(name, implementation)
    )
    command: Callable[..., Any] = typer.main.get_command(app)
    return command


def _failing_in_one_line(name: str, implementation: Callable[..., Any]) -> Callable[..., Any]:
    """The same function, but an expected failure ends the process with one line."""

    @functools.wraps(implementation)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        with _expected_failures(name):
            from drawstop.front.slips import refuse_swapped

            refuse_swapped(name, kwargs)
            return implementation(*args, **kwargs)

    return wrapped


@contextmanager
def _expected_failures(name: str) -> Iterator[None]:
    try:
        yield
    except DrawstopError as error:
        _fail(str(error))
    except BrokenPipeError:
        # The reader has closed the pipe (`drawstop inspect X | head`): print nothing, and flush nothing more.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(FAILURE)
    except ImportError as error:
        _fail(_missing(name, error), error)
    except OSError as error:
        path = f"{os.fsdecode(error.filename)}: " if error.filename is not None else ""
        _fail(f"{path}{reason_of(error)}")
    except KeyboardInterrupt:
        kept = COMMANDS[name].interrupted
        sys.stderr.write(f"drawstop: interrupted{'; ' if kept else ''}{kept}\n")
        sys.exit(INTERRUPTED)


def _missing(name: str, error: ImportError) -> str:
    """The message that names the extra to add for a missing module; any other failed import is a bug, and raised again."""
    from drawstop.front.extras import EXTRAS, how_to_add

    module = error.name or ""
    if f"{module_of(name)}.".startswith(f"{module}."):
        return f"{name} isn't part of this installation; expected the module {module}"
    top = module.split(".")[0]
    if top not in EXTRAS:
        raise error
    return f"{name} needs {top} here; add the extra that brings it: {how_to_add(top)}"


def _fail(message: str, cause: BaseException | None = None) -> NoReturn:
    sys.stderr.write(f"drawstop: {as_called(' '.join(message.split()), COMMANDS)}\n")
    raise SystemExit(FAILURE) from cause
