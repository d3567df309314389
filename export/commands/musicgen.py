"""The command `drawstop musicgen`."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from drawstop.errors import DrawstopError

if TYPE_CHECKING:
    from export.musicgen.take_file import Record, TakeRequest

BANKS = "banks"
"""The folder of banks that a model's folder may have."""


def musicgen(
    model: Annotated[
        str | None,
        typer.Argument(
            help="A folder in audiocraft's or transformers' format, or a name on the hub: facebook/musicgen-small. "
            "Without one: the small one that comes with Drawstop, whose prompts are guitar, voice, both and neither.",
            show_default=False,
        ),
    ] = None,
    out: Annotated[
        Path, typer.Option("-o", "--out", help="A folder, or one file in .wav or .flac for one piece.")
    ] = Path("drawstop-musicgen"),
    bank: Annotated[
        list[Path] | None,
        typer.Option(
            help="A bank of one of its layers, or a folder of them. May be repeated. Without one: the folder banks/ in the "
            "model's folder; where there is none, plain music.",
            show_default=False,
        ),
    ] = None,
    prompt: Annotated[
        list[str] | None, typer.Option(help="What the music is to be, in words. May be repeated.")
    ] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            help="A stop's value: guitar=1; in a span, guitar=-1@0s..4s; on a ramp, guitar=-1..1@2s..6s; of one layer only, "
            "layers.3/guitar=1. May be repeated.",
        ),
    ] = None,
    midi: Annotated[
        Path | None, typer.Option(help="A MIDI file that moves the stops, as in drawstop render.")
    ] = None,
    mapping: Annotated[
        str | None, typer.Option(help="With --midi: which of its controllers moves what, M.toml.")
    ] = None,
    audio_prompt: Annotated[Path | None, typer.Option(help="A sound to continue.")] = None,
    melody: Annotated[
        Path | None, typer.Option(help="A sound whose melody is followed; melody models only.")
    ] = None,
    seconds: Annotated[float, typer.Option(help="Length of the piece, a sound to continue counted in.")] = 10,
    seed: Annotated[int, typer.Option(help="Same seed, same draws; the first of --seeds.", min=0)] = 0,
    seeds: Annotated[int, typer.Option(help="How many seeds, one after the other.", min=1)] = 1,
    batch: Annotated[
        int, typer.Option(help="Pieces of each prompt at once, of one seed's draws.", min=1)
    ] = 1,
    cfg: Annotated[float, typer.Option(help="Classifier-free guidance; 1 is none.")] = 3.0,
    two_step_cfg: Annotated[
        bool, typer.Option("--two-step-cfg", help="Guidance by two calls a step: less memory, more time.")
    ] = False,
    top_k: Annotated[
        int | None,
        typer.Option(
            help="Draw from so many likeliest tokens; 0: from all. Without: 250 of a codebook of 2048, the same share of others."
        ),
    ] = None,
    top_p: Annotated[float, typer.Option(help="Draw from this share of probability; 0: --top-k.")] = 0.0,
    temperature: Annotated[float, typer.Option(help="Higher is more daring; 0 takes the likeliest.")] = 1.0,
    unsteered: Annotated[
        bool,
        typer.Option(help="Beside each piece, the same seed with every stop at 0."),
    ] = True,
    sound_format: Annotated[
        str, typer.Option("--format", help="The format of the sounds in a folder: wav or flac.")
    ] = "wav",
    device: Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:1 or mps.")] = "auto",
    precision: Annotated[
        str, typer.Option(help="auto (float16 unless on a CPU), float16, bfloat16 or float32.")
    ] = "auto",
    again: Annotated[
        Path | None,
        typer.Option(
            help="Make a take again from its JSON file: same tokens. MODEL, --bank and sounds only where they lie elsewhere now."
        ),
    ] = None,
) -> None:
    """Make music with a MusicGen whose layers' stops are moved: sound, the unsteered sound beside it, and a JSON file that makes
    both again.

    A stop moves at every layer whose bank has one of its name. Without a bank there is plain music. Interrupted, what is finished
    stays.

    Example: drawstop musicgen facebook/musicgen-small --bank banks/ --prompt "a slow folk song" --set guitar=1 -o takes/
    """
    from export.musicgen.take_file import TakeRequest, read_record
    from training.models.musicgen.sampling import Sampling

    if again is not None:
        if prompt or settings or midi:
            raise DrawstopError(f"{again} says what to make: with --again give no --prompt, --set or --midi")
        record = read_record(again)
        moved = _with_parts(record.request, model, bank, (audio_prompt, melody), device)
        _make_again(record, moved, out, sound_format)
        return
    model = str(_shipped()) if model is None else model
    banks = list(bank) if bank else [path for path in [Path(model) / BANKS] if path.is_dir()]
    if not banks and (settings or midi):
        raise DrawstopError(
            f"{model} has no bank, so nothing can be moved: give --bank, or leave out --set and --midi"
        )
    request = TakeRequest(
        _absolute(model),
        tuple(map(_absolute, banks)),
        tuple(text.strip() or None for text in prompt or [""] for _ in range(batch)),
        tuple(settings or ()),
        Sampling(seconds, seed, cfg, two_step_cfg, None, top_k, top_p, temperature, temperature > 0),
        audio_prompt=_absolute(audio_prompt) if audio_prompt else None,
        melody=_absolute(melody) if melody else None,
        device=device,
        precision=precision,
    )
    _make(request, range(seed, seed + seeds), unsteered and bool(banks), out, sound_format, midi, mapping)


def _shipped() -> Path:
    """The small MusicGen that comes with Drawstop. Raises DrawstopError where it isn't there."""
    import training

    folder = Path(training.__file__).parent / "demo" / "musicgen"
    if not folder.is_dir():
        raise DrawstopError(
            f"no MODEL given, and the small one isn't in {folder}: run from a full clone, or give a MODEL"
        )
    return folder


def _make(
    request: "TakeRequest",
    seeds: Sequence[int],
    unsteered: bool,
    out: Path,
    sound_format: str,
    midi: Path | None,
    mapping: str | None,
) -> None:
    from drawstop.progress import steps_bar
    from export.musicgen.takes import OutputPaths, TakeMaker, write_take

    paths, written = OutputPaths(out, f".{sound_format.lower()}"), 0
    paths.require_usable(len(request.prompts), len(seeds))
    maker = TakeMaker(request, midi, mapping)
    if midi is not None and not maker.request.events:
        typer.echo(f"note: {midi} moves no stop; see --mapping, or use CC 20, 21, …", err=True)
    try:
        with steps_bar() as progress:
            for take in maker.takes(seeds, unsteered, progress):
                written += len(write_take(maker, take, paths))
    except KeyboardInterrupt:
        typer.echo(f"what is finished is kept: {written} sounds in {out}", err=True)
        raise
    typer.echo(f"{out}: {written} sound{'s' if written != 1 else ''} of {request.sampling.seconds:g} s")


def _make_again(record: "Record", request: "TakeRequest", out: Path, sound_format: str) -> None:
    from drawstop.progress import steps_bar
    from export.musicgen.takes import OutputPaths, TakeMaker, write_take

    paths = OutputPaths(out, f".{sound_format.lower()}")
    paths.require_usable(len(request.prompts), 1)
    maker, differing = TakeMaker(request), []
    record.require_parts(maker.fingerprints)
    with steps_bar() as progress:
        for take in maker.takes([request.sampling.seed], "unsteered" in record.outputs, progress):
            write_take(maker, take, paths)
            differing = record.differing(take.made)
    if differing:
        typer.echo(
            f"{out}: other tokens than in the record ({', '.join(differing)}); it was made with {record.made_with}, and another "
            f"device or version rounds otherwise",
            err=True,
        )
    else:
        typer.echo(f"{out}: the same tokens")


def _with_parts(
    request: "TakeRequest",
    model: str | None,
    banks: list[Path] | None,
    sounds: tuple[Path | None, Path | None],
    device: str,
) -> "TakeRequest":
    """A record's request, with the new paths of parts that were moved."""
    audio_prompt, melody = sounds
    return replace(
        request,
        model=_absolute(model) if model else request.model,
        banks=tuple(map(_absolute, banks)) if banks else request.banks,
        audio_prompt=_absolute(audio_prompt) if audio_prompt else request.audio_prompt,
        melody=_absolute(melody) if melody else request.melody,
        device=request.device if device == "auto" else device,
    )


def _absolute(path: Path | str) -> str:
    """An existing path made absolute, so that it holds in any working directory; a name on the hub as it is."""
    return str(Path(path).absolute()) if Path(path).exists() else str(path)
