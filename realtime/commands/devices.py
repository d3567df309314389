"""The command `drawstop devices`."""

import typer


def devices() -> None:
    """List the sound devices and MIDI inputs that `play` can use.

    Example: drawstop devices  (then: drawstop play organ.ts --device 3)
    """
    from realtime.inputs.midi_port_process import input_names
    from realtime.processes.device_list import list_devices

    sound, midi = list_devices(), input_names()
    for device in sound:
        marks = [
            name for name, is_it in (("input", device.default_in), ("output", device.default_out)) if is_it
        ]
        default = f"  default {' and '.join(marks)}" if marks else ""
        typer.echo(
            f"{device.index:3}  {device.name} ({device.host_api}): {device.channels_in} in, {device.channels_out} out, "
            f"{device.rate} Hz{default}"
        )
    for name in midi:
        typer.echo(f"MIDI {name}")
    if not sound:
        typer.echo("no sound device is here; plug one in, or start its server (JACK, PipeWire)", err=True)
    if not midi:
        typer.echo("no MIDI input is here; plug a controller in, or play with --panel or --osc", err=True)
