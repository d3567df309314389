"""The command `drawstop devices`."""

import typer


def devices() -> None:
    """List the sound devices and MIDI inputs that `play` can use.

    Example: drawstop devices  (then: drawstop play organ.ts --device 3)
    """
    from realtime.inputs.midi_port_process import input_names
    from realtime.processes.device_list import list_devices

    for device in list_devices():
        marks = [
            name for name, is_it in (("input", device.default_in), ("output", device.default_out)) if is_it
        ]
        default = f"  default {' and '.join(marks)}" if marks else ""
        typer.echo(
            f"{device.index:3}  {device.name} ({device.host_api}): {device.channels_in} in, {device.channels_out} out, "
            f"{device.rate} Hz{default}"
        )
    for name in input_names():
        typer.echo(f"MIDI {name}")
