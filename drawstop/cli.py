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
from typing import Any, NamedTuple, NoReturn

from drawstop import __version__
from drawstop.arguments import refuse_empty, spread_lists, spread_values
from drawstop.errors import DrawstopError, reason_of
from drawstop.names import write_anything

FAILURE = 2
INTERRUPTED = 130


START_AGAIN = "nothing is half written; start it again"


class Command(NamedTuple):
    """A sub-command.

    Attributes:
        package: `commands/` of this package has a file and in it a function of the command's name.
        summary: its line in the list.
        several: an option that takes several values, and how many.
        lists: the options that take any number of values.
        interrupted: what is kept then, and how to go on.
        module: the file's and the function's name, where the command's own can't be one.
    """

    package: str
    summary: str
    several: tuple[str, int] = ("", 1)
    lists: tuple[str, ...] = ()
    interrupted: str = START_AGAIN
    module: str = ""


AFTER_EXPERIMENTS = "finished experiments are kept: the same command goes on after them"

COMMANDS: dict[str, Command] = {
    "demo": Command("export", "Bake, verify, perform and measure the shipped instrument."),
    "make": Command(
        "export",
        "From your RAVE and your recordings to an instrument, and verdicts.",
        ("--stop", 3),
        interrupted="finished steps are stored: the same command resumes after them",
    ),
    "fine-tune": Command(
        "training",
        "Teach a RAVE's training run latents that add up; resumable.",
        interrupted="the same command goes on from what was saved last, two minutes ago at most",
    ),
    "activations": Command(
        "training",
        "Write a model's frames of some recordings to disk; resumable, by many workers or machines.",
        interrupted="finished files are kept: the same command goes on after them",
    ),
    "plan": Command("training", "Say what disk, memory and hours a training takes, before it begins."),
    "train": Command(
        "training",
        "Train a sparse autoencoder on a model's frames; resumable.",
        interrupted="the same command goes on from the frames and the checkpoint beside --out",
    ),
    "sweep": Command(
        "training",
        "Train SAEs of several widths, k, architectures and seeds, and compare them; resumable.",
        lists=("--site", "--widths", "--ks", "--architectures", "--seeds"),
        interrupted="the same command goes on where it was",
    ),
    "import": Command(
        "training",
        "Make a bank of an SAE that SAELens, dictionary_learning or sparsify trained.",
        module="import_sae",
    ),
    "find": Command("training", "Find a concept from recordings with and without it: a stop."),
    "layers": Command("training", "Say which of a MusicGen's layers carry a concept."),
    "classify": Command("training", "Say which stops sound in recordings, and when."),
    "evaluate": Command(
        "training", "Measure what a bank's stops do, beside controls.", interrupted=AFTER_EXPERIMENTS
    ),
    "report": Command(
        "training",
        "All the evidence for a bank as one page that works offline.",
        interrupted=AFTER_EXPERIMENTS,
    ),
    "bake": Command("export", "Put a bank inside a RAVE: the instrument, one .ts for nn~."),
    "compile": Command("export", "Compile an instrument for play --backend aotinductor: a third less work."),
    "verify": Command("export", "Call an instrument as its host would, and compare the outputs."),
    "patches": Command("export", "Write an instrument's patches for Pd, Max, Live and SuperCollider."),
    "plugin": Command(
        "export",
        "Write an instrument for the Neutone FX plug-in: any DAW.",
        lists=("--knobs", "--buffers", "--authors"),
    ),
    "inspect": Command("export", "Say what a file is: an instrument, a bank, a RAVE."),
    "play": Command(
        "realtime", "Play an instrument live: sound in, sound out, stops moving.", interrupted=""
    ),
    "learn": Command("realtime", "Map a controller to stops by moving it.", interrupted=""),
    "monitor": Command("realtime", "Show what controllers send, and what it moves.", interrupted=""),
    "devices": Command("realtime", "List the sound devices and MIDI inputs.", interrupted=""),
    "render": Command("realtime", "Play a sound file through an instrument, knobs moving."),
    "musicgen": Command(
        "export", "Make music with a MusicGen whose layers' stops are moved.", interrupted=""
    ),
}

EXTRAS = {
    "rave": "rave",
    "scripts": "rave",
    "gin": "rave",
    "cached_conv": "rave",
    "pytorch_lightning": "rave",
    "torchaudio": "rave",
    "audiocraft": "musicgen",
    "omegaconf": "musicgen",
    "psutil": "musicgen",
    "sae_lens": "saelens",
    "accelerate": "scale",
    "openvino": "openvino",
    "neutone_sdk": "plugin",
    "librosa": "evidence",
    "pesto": "evidence",
    "basic_pitch": "evidence",
    "mir_eval": "evidence",
}
"""For each top-level module that the base install lacks, our extra that installs it."""


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run `drawstop` with the given arguments (by default the process's); exits with 0, 2 or 130."""
    write_anything(sys.stdout, sys.stderr)
    given = list(sys.argv[1:] if arguments is None else arguments)
    first = given[0] if given else "--help"
    if first in ("-h", "--help"):
        sys.stdout.write(overview())
        sys.exit(0)
    if first == "--version":
        sys.stdout.write(f"drawstop {__version__}\n")
        sys.exit(0)
    if first not in COMMANDS:
        known = ", ".join(COMMANDS)
        _fail(f"no such command: {first!r}; expected one of {known} (drawstop --help)")
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # a SIGTERM tidies up as an interrupt does
    with _expected_failures(first):
        command = load(first)
        refuse_empty(given[1:])
        spread = spread_values(given[1:], *COMMANDS[first].several)
        spread = spread_lists(spread, COMMANDS[first].lists)
    command(args=spread, prog_name=f"drawstop {first}")
    sys.exit(0)


def overview() -> str:
    """The text of `drawstop --help`."""
    width = max(map(len, COMMANDS))
    lines = [f"  {name:<{width}}  {command.summary}" for name, command in COMMANDS.items()]
    return "\n".join(
        [
            "Usage: drawstop COMMAND [OPTIONS] [ARGUMENTS]",
            "",
            "Knobs, found inside a neural audio model, that bring concepts in and take them away.",
            "",
            "Commands:",
            *lines,
            "",
            "Options:",
            "  --help     This text; drawstop COMMAND --help shows a command's options, with an example.",
            "  --version  The version.",
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
    app.command(name)(_failing_in_one_line(name, implementation))
    program: Callable[..., Any] = typer.main.get_command(app)
    return program


def _failing_in_one_line(name: str, implementation: Callable[..., Any]) -> Callable[..., Any]:
    """The same function, but an expected failure ends the process with one line."""

    @functools.wraps(implementation)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        with _expected_failures(name):
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
    module = error.name or ""
    if f"{module_of(name)}.".startswith(f"{module}."):
        return f"{name} isn't part of this installation; expected the module {module}"
    extra = EXTRAS.get(module.split(".")[0])
    if extra is None:
        raise error
    return f"{name} needs {module.split('.')[0]} here; add the extra that brings it: uv sync --extra {extra}"


def _fail(message: str, cause: BaseException | None = None) -> NoReturn:
    sys.stderr.write(f"drawstop: {' '.join(message.split())}\n")
    raise SystemExit(FAILURE) from cause
