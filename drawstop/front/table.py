"""The table of the commands: where each one's code is, what `--help` says of it, and under which heading."""

from typing import NamedTuple

START_AGAIN = "nothing is half written; start it again"


class Command(NamedTuple):
    """A sub-command.

    Attributes:
        group: its heading in the list.
        package: `commands/` of this package has a file and in it a function of the command's name.
        summary: its line in the list.
        several: an option that takes several values, and how many.
        lists: the options that take any number of values.
        interrupted: what is kept then, and how to go on.
        module: the file's and the function's name, where the command's own can't be one.
    """

    group: str
    package: str
    summary: str
    several: tuple[str, int] = ("", 1)
    lists: tuple[str, ...] = ()
    interrupted: str = START_AGAIN
    module: str = ""


PLAY, MAKE, MEASURE, LARGE = "Play", "Make", "Measure", "Large"

AFTER_EXPERIMENTS = "finished experiments are kept: the same command goes on after them"

COMMANDS: dict[str, Command] = {
    "demo": Command(PLAY, "export", "Bake, verify, perform and measure the shipped instrument."),
    "play": Command(
        PLAY, "realtime", "Play an instrument live: sound in, sound out, stops moving.", interrupted=""
    ),
    "render": Command(PLAY, "realtime", "Play a sound file through an instrument, knobs moving."),
    "learn": Command(PLAY, "realtime", "Map a controller to stops by moving it.", interrupted=""),
    "monitor": Command(PLAY, "realtime", "Show what controllers send, and what it moves.", interrupted=""),
    "devices": Command(PLAY, "realtime", "List the sound devices and MIDI inputs.", interrupted=""),
    "musicgen": Command(
        PLAY, "export", "Make music with a MusicGen whose layers' stops are moved.", interrupted=""
    ),
    "patches": Command(PLAY, "export", "Write an instrument's patches for Pd, Max, Live and SuperCollider."),
    "plugin": Command(
        PLAY,
        "export",
        "Write an instrument for the Neutone FX plug-in: any DAW.",
        lists=("--knobs", "--buffers", "--authors"),
    ),
    "make": Command(
        MAKE,
        "export",
        "From your RAVE and your recordings to an instrument, and verdicts.",
        ("--stop", 3),
        interrupted="finished steps are stored: the same command resumes after them",
    ),
    "find": Command(MAKE, "training", "Find a concept from recordings with and without it: a stop."),
    "train": Command(
        MAKE,
        "training",
        "Train a sparse autoencoder on a model's frames; resumable.",
        interrupted="the same command goes on from the frames and the checkpoint beside --out",
    ),
    "import": Command(
        MAKE,
        "training",
        "Make a bank of an SAE that SAELens, dictionary_learning or sparsify trained.",
        module="import_sae",
    ),
    "fine-tune": Command(
        MAKE,
        "training",
        "Teach a RAVE's training run latents that add up; resumable.",
        interrupted="the same command goes on from what was saved last, two minutes ago at most",
    ),
    "bake": Command(MAKE, "export", "Put a bank inside a RAVE: the instrument, one .ts for nn~."),
    "compile": Command(
        MAKE, "export", "Compile an instrument for play --backend aotinductor: a quarter less work."
    ),
    "verify": Command(MAKE, "export", "Call an instrument as its host would, and compare the outputs."),
    "inspect": Command(MAKE, "export", "Say what a file is: an instrument, a bank, a RAVE."),
    "report": Command(
        MEASURE,
        "training",
        "All the evidence for a bank as one page that works offline.",
        interrupted=AFTER_EXPERIMENTS,
    ),
    "evaluate": Command(
        MEASURE, "training", "Measure what a bank's stops do, beside controls.", interrupted=AFTER_EXPERIMENTS
    ),
    "classify": Command(MEASURE, "training", "Say which stops sound in recordings, and when."),
    "layers": Command(MEASURE, "training", "Say which of a MusicGen's layers carry a concept."),
    "sweep": Command(
        MEASURE,
        "training",
        "Train SAEs of several widths, k, architectures and seeds, and compare them; resumable.",
        lists=("--site", "--widths", "--ks", "--architectures", "--seeds"),
        interrupted="the same command goes on where it was",
    ),
    "plan": Command(LARGE, "training", "Say what disk, memory and hours a training takes, before it begins."),
    "activations": Command(
        LARGE,
        "training",
        "Write a model's frames of some recordings to disk; resumable, by many workers or machines.",
        interrupted="finished files are kept: the same command goes on after them",
    ),
}
"""In the order of `drawstop --help`."""
