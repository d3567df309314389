"""The command `drawstop render`."""

from pathlib import Path
from typing import Annotated

import typer

from drawstop.errors import DrawstopError
from drawstop.stop_settings import parse_setting


def render(
    out: Annotated[Path, typer.Option("-o", "--out", help="The file to write, .wav or .flac.")],
    instrument: Annotated[Path | None, typer.Argument(help="A baked instrument, X.ts.")] = None,
    recording: Annotated[
        Path | None, typer.Argument(help="The recording to play through it; any format and rate.")
    ] = None,
    session: Annotated[
        Path | None,
        typer.Option(help="Play a recorded performance (drawstop play --record) again, bit for bit."),
    ] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", help="Set a stop, slug=value, value in -1..1. May be repeated."),
    ] = None,
    midi: Annotated[
        Path | None, typer.Option(help="A MIDI file that moves the stops: CC 20, 21, … and notes 60, 61, ….")
    ] = None,
    mapping: Annotated[
        str | None, typer.Option(help="With --midi: which of its controllers moves what, M.toml.")
    ] = None,
    block: Annotated[
        int, typer.Option(help="Samples per block, a multiple of the instrument's ratio.")
    ] = 2048,
    seed: Annotated[int, typer.Option(help="Seed of the instrument's noise; same seed, same file.")] = 0,
) -> None:
    """Play a recording through an instrument, with the delay taken out; or a recorded performance again.

    Example: drawstop render organ.ts drums.wav -o out.wav --set guitar=0.8 --set voice=-0.3
    """
    if session is not None:
        _render_session(session, out, given=[instrument, recording, settings, midi, mapping])
        return
    if instrument is None or recording is None:
        raise DrawstopError(
            "render takes an instrument and a recording, or --session DIR; see drawstop render --help"
        )
    from drawstop.audio.files import check_output, read_audio, write_audio

    check_output(out, recording)
    values = dict(parse_setting(setting) for setting in settings or [])

    from drawstop.progress import track
    from realtime.controllers.mapping.file import find_mapping, read_mapping
    from realtime.controllers.midi.midi_file import read_midi_file
    from realtime.engine import instrument_file
    from realtime.engine.render import render as render_audio

    loaded = instrument_file.load(instrument)
    description = loaded.description
    audio, rate = read_audio(recording, description.sample_rate, description.channels_in)
    events = []
    if midi is not None:
        events = read_midi_file(
            midi, rate, description.stops, read_mapping(find_mapping(mapping)) if mapping else None
        )
        if not events:
            movers = f"see {mapping}" if mapping else "CC 20, 21, … and notes 60, 61, … would"
            typer.echo(f"note: {midi} moves no stop; {movers}", err=True)
    rendered = render_audio(
        loaded, audio, events, values, block, seed, progress=lambda blocks: track(blocks, "rendering")
    )
    write_audio(out, rendered, rate)
    _say_written(out, rendered.shape[-1], rate)


def _say_written(out: Path, samples: int, rate: int) -> None:
    typer.echo(f"{out} is written: {samples / rate:.1f} s, {rate} Hz")


def _render_session(folder: Path, out: Path, given: list[object]) -> None:
    if any(given):
        raise DrawstopError(
            "--session has its instrument, input and events inside; give only --session and -o"
        )
    from drawstop.audio.files import check_output, write_audio

    check_output(out, folder)

    from drawstop.progress import track
    from realtime.recording.replay import compared, replay
    from realtime.recording.session_file import read_session

    session = read_session(folder)
    rendered = replay(session, progress=lambda blocks: track(blocks, "rendering"))
    write_audio(out, rendered, session.about.sample_rate)
    _say_written(out, rendered.shape[-1], session.about.sample_rate)
    typer.echo("\n".join(compared(session, rendered)), err=True)
