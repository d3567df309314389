"""The command `drawstop play`."""

from pathlib import Path
from typing import Annotated

import typer


def play(
    instruments: Annotated[list[Path], typer.Argument(help="Baked instruments, X.ts; the first one plays.")],
    settings: Annotated[
        list[str] | None, typer.Option("--set", help="Set a stop, slug=value in -1..1. May be repeated.")
    ] = None,
    midi: Annotated[
        list[str] | None,
        typer.Option(
            help="A MIDI input by (part of) its name: CC 20, 21, … and notes 60, 61, … move the stops. May be repeated."
        ),
    ] = None,
    mapping: Annotated[
        str | None,
        typer.Option(
            help="Which controller moves what: M.toml, made by drawstop learn, or a controller's name: nanokontrol2, "
            "x-touch-mini, launch-control-xl. It opens every MIDI input."
        ),
    ] = None,
    scenes: Annotated[
        Path | None, typer.Option(help="Scenes to recall, and where new ones are stored: scenes.toml.")
    ] = None,
    osc: Annotated[
        int | None, typer.Option(help="Listen for OSC at this port, UDP and TCP; 9000 is usual.")
    ] = None,
    oscquery: Annotated[
        int | None,
        typer.Option(
            help="Describe all that can be moved at this port, HTTP and WebSocket, so that surfaces build themselves; "
            "9001 beside --osc 9000."
        ),
    ] = None,
    announce: Annotated[
        bool,
        typer.Option(
            "--announce",
            help="Announce OSC and OSCQuery to the network (zeroconf, Bonjour); with --listen.",
        ),
    ] = False,
    listen: Annotated[
        str,
        typer.Option(help="The address that OSC listens at; 0.0.0.0 opens it to every network you are in."),
    ] = "127.0.0.1",
    allow: Annotated[
        list[str] | None,
        typer.Option(
            help="An address or network that may send OSC, such as 192.168.1.0/24. May be repeated."
        ),
    ] = None,
    osc_feedback: Annotated[
        list[str] | None,
        typer.Option(
            help="HOST:PORT of a surface that is sent all values, because it can't ask for them. May be repeated."
        ),
    ] = None,
    panel: Annotated[
        bool,
        typer.Option(
            "--panel",
            help="Serve the panel, a web page with all knobs, for browsers on this machine; its address is printed. At the port "
            "of --oscquery, else 9001 if that is free.",
        ),
    ] = False,
    panel_open: Annotated[
        bool,
        typer.Option(
            "--panel-open",
            help="The panel for telephones and other machines, too: at every network you are in (or at --listen's), with a code "
            "in its address, as text and QR code. --allow names who may come.",
        ),
    ] = False,
    device: Annotated[
        str | None,
        typer.Option(help="Sound device for both directions, by name or number: drawstop devices."),
    ] = None,
    input_device: Annotated[
        str | None, typer.Option("--input", help="Sound input, if it is another.")
    ] = None,
    output_device: Annotated[
        str | None, typer.Option("--output", help="Sound output, if it is another.")
    ] = None,
    input_channels: Annotated[
        str | None, typer.Option(help="The input's channels, from 1: 2, or 3,4; else the first ones.")
    ] = None,
    output_channels: Annotated[
        str | None, typer.Option(help="The output's channels, from 1: 3,4; else the first two.")
    ] = None,
    rate: Annotated[
        int | None, typer.Option(help="The device's sample rate in Hz; else the instrument's.")
    ] = None,
    device_block: Annotated[
        int, typer.Option(help="Samples per device block; 0 lets the device choose.")
    ] = 0,
    block: Annotated[
        int | None,
        typer.Option(help="Samples per block of the instrument, a multiple of its ratio; else by trial."),
    ] = None,
    latency: Annotated[
        str,
        typer.Option(
            help="The engine's delay: safe (blocks may take 2.5 times as long), low (as long as the longest of the trial), or a "
            "number of device samples."
        ),
    ] = "safe",
    input_gain: Annotated[float, typer.Option(help="dB, before the instrument.")] = 0.0,
    output_gain: Annotated[float, typer.Option(help="dB, before the limiter (ceiling -0.3 dBFS).")] = 0.0,
    wet: Annotated[
        float, typer.Option(help="The instrument's share, 0 to 1; the rest is the delayed input.")
    ] = 1.0,
    ramp: Annotated[float, typer.Option(help="Seconds in which a stop reaches a new value.")] = 0.02,
    noise: Annotated[
        bool, typer.Option(help="The instrument's own noise; without it the same input sounds the same.")
    ] = True,
    seed: Annotated[int, typer.Option(help="Seed of the instrument's noise.")] = 0,
    backend: Annotated[
        str,
        typer.Option(
            help="What computes the instrument: torchscript; packed or openvino (large models: a third of the time); "
            "aotinductor (what drawstop compile wrote for this --block)."
        ),
    ] = "torchscript",
    levels: Annotated[
        bool,
        typer.Option(
            "--levels",
            help="Measure how strongly each stop sounds in what you play: shown, and sent as OSC's /level/<slug>. Takes another "
            "copy of the model in memory and up to one core, at the lowest priority.",
        ),
    ] = False,
    record: Annotated[Path | None, typer.Option(help="Record the performance into this new folder.")] = None,
    takes: Annotated[
        Path,
        typer.Option(
            help="Where recordings go that are begun while it plays (the panel, OSC, a button, the key r): a folder each."
        ),
    ] = Path("takes"),
    seconds: Annotated[float | None, typer.Option(help="End by itself after so long.")] = None,
    headless: Annotated[
        bool,
        typer.Option(
            "--headless",
            help="No live view, for scripts and stages; as it is where errors go to no terminal.",
        ),
    ] = False,
    measure: Annotated[
        bool,
        typer.Option(
            "--measure", help="Measure the delay with a click through a cable from output to input, and end."
        ),
    ] = False,
    report: Annotated[
        Path | None, typer.Option("--json", help="Write delay, counters and timing here at the end.")
    ] = None,
) -> None:
    """Play an instrument live: sound in, sound out, stops moving.

    Keys: arrows choose and move a stop (Shift: fine), 0 rests it, l learns the knob that is turned next for it; b bypass, m
    mute, p panic (mute, stops to 0, memory cleared); n and N the next and previous scene, s store one, u undo; 1-9 another
    of the instruments; r record, and end it; w the panel's QR code; q end.
    An instrument that is baked anew while it plays comes in by itself, and so do a mapping and scenes that are saved.

    Without a controller: drawstop play organ.ts --panel, and open the address that it prints.

    Example: drawstop play organ.ts --midi nanoKONTROL --set guitar=-1 --record takes/1
    """
    options = dict(locals())
    from realtime.live.play import perform
    from realtime.live.play_options import PlayOptions

    perform(PlayOptions(**options))
