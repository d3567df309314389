"""The demo: the shipped RAVE and bank baked and verified, a performance played, and the stops measured."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from drawstop.front.calling import program
from drawstop.progress import Plan, Progress, named

if TYPE_CHECKING:
    from rich.console import Console

    from drawstop.types import Audio
    from realtime.engine.control_event import ControlEvent
    from training.banks.separated_bank import SeparatedBank
    from training.classifiers.classifier import Classifier
    from training.models.rave.model import RaveModel

FINDING = (
    ("listening to recordings with", 3.0),
    ("listening to recordings without", 5.0),
    ("listening to mixtures", 4.0),
    ("comparing known queries", 31.0),
    ("fitting", 12.0),
)
PERFORMING: Plan = (
    [("baking and verifying", 10.0)],
    [("playing performance", 10.0)],
    [("playing neutral", 10.0)],
)
"""The names by which the demo reports progress, and about how many seconds on two cores each part takes."""
MEASURING_S, DRAWING = 60.0, ("drawing", 3.0)

THREADS = 2  # a sum's order, and so its last bit, depends on it
FOLDERS = {"guitar": ("voice", "neither"), "voice": ("guitar", "neither")}
"""For each concept, the shipped folders of recordings without it."""


def planned_demo(from_scratch: bool, measured: bool) -> Plan:
    """The steps of `run_demo`, in order."""
    found = [[(f"{name}: {what}", seconds) for what, seconds in FINDING] for name in FOLDERS]
    banks = 2 if from_scratch else 1
    return [
        *(found if from_scratch else ()),
        *PERFORMING,
        *([[("measuring", banks * MEASURING_S)]] if measured else ()),
        [DRAWING],
    ]


@dataclass(frozen=True)
class DemoFiles:
    """The paths of the files that the demo needs."""

    rave: Path
    bank: Path
    classifier: Path
    musicnn: Path
    stems: tuple[Path, Path]
    midi: Path
    recordings: Path

    @staticmethod
    def find() -> "DemoFiles":
        """The files in `training`. Raises DrawstopError naming the first that isn't there."""
        import training
        from drawstop.errors import DrawstopError
        from training.shipped import PERFORMANCE, SHIPPED_BANK, SHIPPED_RAVE

        folder = Path(training.__file__).parent / "demo"
        parts = DemoFiles(
            SHIPPED_RAVE,
            SHIPPED_BANK,
            folder / "judge.safetensors",
            folder / "tagger.safetensors",
            (PERFORMANCE / "guitar.flac", PERFORMANCE / "voice.flac"),
            PERFORMANCE / "knobs.mid",
            folder / "recordings",
        )
        for path in (*parts.stems, *(part for part in vars(parts).values() if isinstance(part, Path))):
            if not path.exists():
                raise DrawstopError(f"the demo needs {path}, which isn't there: run it from a full clone")
        return parts


def run_demo(
    parts: DemoFiles,
    given: "tuple[Audio, int] | None",
    out: Path,
    seed: int,
    from_scratch: bool,
    measured: bool,
    console: "Console",
    progress: Progress,
) -> None:
    """Bake, verify, perform and measure; write the sounds, the picture and figures.json into `out`, and print the tables.

    Args:
        parts: the shipped files.
        given: audio `[1, samples]` and its rate in hertz, to be played instead of the demo's own duet.
        out: the folder to write into.
        seed: decides everything random.
        from_scratch: also find the stops anew from the shipped recordings, and play those.
        measured: whether the stops are measured on held-out recordings.
        console: where the tables are printed.
        progress: called as the steps are done.
    """
    import torch

    from drawstop.files import write_json
    from export.demo.measurements import probabilities_in_files, refuse_other_concepts
    from export.demo.plot import draw
    from export.demo.tables import show
    from export.instrument.bake import bake
    from training.classifiers.classifier import two_classifiers
    from training.classifiers.musicnn import load_musicnn
    from training.classifiers.network import load_classifier
    from training.models.rave.model import RaveModel

    torch.set_num_threads(THREADS)
    torch.manual_seed(seed)
    model = RaveModel(parts.rave)
    banks, bank_folder, recipe = _banks(model, parts, out, seed, from_scratch, console, progress)
    bank = list(banks.values())[-1]  # the one that plays
    progress("baking and verifying", 0, 1)
    baked = bake(parts.rave, [bank_folder], out / "instrument.ts")
    progress("baking and verifying", 1, 1)
    for check in baked.checks:
        console.print(f"  {'✓' if check.passed else '✗'} {check.name}: {check.seen}", highlight=False)
    events = perform(parts, given, out, seed, progress)

    torch.set_num_threads(THREADS)
    classifier = load_classifier(parts.classifier)
    musicnn = load_musicnn(parts.musicnn)
    refuse_other_concepts(model, bank, classifier, musicnn)
    figures: dict[str, Any] = {"recipe": recipe, "checks": {check.name: check.seen for check in baked.checks}}
    figures["found"] = {
        name: {stop.slug: stop.metrics for stop in each.stops} for name, each in banks.items()
    }
    if measured:
        classifiers, recordings = two_classifiers(classifier, musicnn), parts.recordings / "held_out"
        figures["stops"] = _measured(model, banks, classifiers, recordings, seed, progress)
    progress(DRAWING[0], 0, 1)
    figures["heard"] = probabilities_in_files(classifier, out)
    write_json(out / "figures.json", figures)
    draw(out, events, classifier, [stop.slug for stop in bank.stops])
    progress(DRAWING[0], 1, 1)
    show(console, figures)
    console.print(
        f"\nWritten to {out}: input, neutral and performance .wav, performance.png, figures.json, instrument.ts"
    )
    console.print(f"Next: {program()} render {out / 'instrument.ts'} YOURS.wav -o out.wav --set voice=-1")


def _banks(
    model: "RaveModel",
    parts: DemoFiles,
    out: Path,
    seed: int,
    from_scratch: bool,
    console: "Console",
    progress: Progress,
) -> "tuple[dict[str, SeparatedBank], Path, dict[str, Any]]":
    """The banks by name, the last of which plays; its folder; and what decides the result, which is printed, too."""
    from drawstop import __version__
    from training.banks.bank import bank_fingerprint
    from training.banks.separated_bank import load_separated_bank

    bank, bank_folder = load_separated_bank(parts.bank, model.fingerprint), parts.bank
    recipe: dict[str, Any] = {
        "drawstop": __version__,
        "seed": seed,
        "rave": model.fingerprint,
        "bank": bank_fingerprint(parts.bank),
    }
    console.print(f"Drawstop {__version__}, seed {seed}", highlight=False)
    console.print(f"  RAVE {recipe['rave'][:16]}   {model.rates.sample_rate} Hz, {model.rates.width} latents")
    console.print(f"  bank {recipe['bank'][:16]}   {', '.join(stop.name for stop in bank.stops)}")
    banks = {"shipped": bank}
    if from_scratch:
        bank_folder = out / "bank"
        bank = _bank_anew(model, bank, parts.recordings / "train", bank_folder, seed, progress)
        banks["from scratch"] = bank
        recipe["bank_from_scratch"] = bank_fingerprint(bank_folder)
        console.print(f"  bank {recipe['bank_from_scratch'][:16]}   made anew: {bank_folder}")
    return banks, bank_folder, recipe


def _measured(
    model: "RaveModel",
    banks: "dict[str, SeparatedBank]",
    classifiers: "Sequence[Classifier]",
    recordings: Path,
    seed: int,
    progress: Progress,
) -> dict[str, Any]:
    """What each bank's stops do on held-out recordings, by the bank's name."""
    from export.demo.measurements import load_clips, measure

    def measuring(number: int, done: int, total: int) -> None:
        progress("measuring", number * total + done, len(banks) * total)

    clips = load_clips(model, recordings)
    return {
        name: measure(model, each, classifiers, clips, seed, partial(measuring, number))
        for number, (name, each) in enumerate(banks.items())
    }


def _bank_anew(
    model: "RaveModel",
    shipped: "SeparatedBank",
    recordings: Path,
    folder: Path,
    seed: int,
    progress: Progress,
) -> "SeparatedBank":
    """The shipped separator with stops found anew from the shipped recordings."""
    from dataclasses import replace

    from drawstop.audio.files import list_audio
    from training.banks.separated_bank import load_separated_bank, save_separated_bank
    from training.find.separated.find import SeparatedFindOptions, find_separated_stop

    bank = replace(shipped, stops=())
    for name, others in FOLDERS.items():
        having = list_audio(recordings / name)
        lacking = [path for other in others for path in list_audio(recordings / other)]
        options = SeparatedFindOptions(seed=seed)
        bank = bank.with_stop(
            find_separated_stop(model, bank, name, having, lacking, options, named(progress, name))
        )
    save_separated_bank(folder, bank)
    return load_separated_bank(folder, model.fingerprint)


def perform(
    parts: DemoFiles, given: "tuple[Audio, int] | None", out: Path, seed: int, progress: Progress
) -> "list[ControlEvent]":
    """Play the sound through `out`/instrument.ts, once with the knobs moving and once at 0; gives the knobs' movements.

    Args:
        given: audio `[1, samples]` and its rate in hertz; None: the demo's own duet.
    """
    from drawstop.audio.files import resample, write_audio
    from realtime.controllers.midi.midi_file import read_midi_file
    from realtime.engine import instrument_file
    from realtime.engine.render import render

    instrument = instrument_file.load(out / "instrument.ts")
    description = instrument.description
    audio, rate = given or duet(parts)
    if rate != description.sample_rate:
        audio = resample(audio, rate, description.sample_rate)
    audio = audio.repeat(description.channels_in, axis=0)
    events = read_midi_file(parts.midi, description.sample_rate, description.stops)
    write_audio(out / "input.wav", audio, description.sample_rate)
    for name, moves in (("performance", events), ("neutral", [])):

        def tracked(blocks: range, name: str = name) -> Iterator[int]:
            for done, block in enumerate(blocks):
                yield block
                progress(f"playing {name}", done + 1, len(blocks))

        played = render(instrument, audio, moves, seed=seed, progress=tracked)
        write_audio(out / f"{name}.wav", played, description.sample_rate)
    return events


def duet(parts: DemoFiles) -> "tuple[Audio, int]":
    """The demo's own sound: a guitar and a singer at once. Gives audio `[1, samples]` and its rate in hertz."""
    from drawstop.audio.files import read_audio

    (guitar, rate), (voice, _) = (read_audio(path, channels=1) for path in parts.stems)
    return guitar + voice, rate
