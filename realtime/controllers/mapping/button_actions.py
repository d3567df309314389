"""What a pressed button does, beside choosing a page of knobs and shifting."""

from collections.abc import Callable

from realtime.controllers.commands import Commands
from realtime.controllers.mapping.mapping import Button
from realtime.controllers.midi.source import ControllerInput
from realtime.controllers.parameters import ParameterStore
from realtime.engine.parameters import BYPASS, MUTE


def execute(
    button: Button,
    controller_input: ControllerInput,
    at: float | None,
    parameters: ParameterStore,
    commands: Commands | None,
) -> None:
    """Do what a button is for.

    Args:
        button: the button that is pressed.
        controller_input: the press.
        at: its moment on the clock of `time.monotonic`; None: now.
        parameters: moved by bypass and mute.
        commands: executes all else; None: nothing does.
    """
    values = parameters.values
    if button.does in ("bypass", "mute"):
        slug = BYPASS.slug if button.does == "bypass" else MUTE.slug
        if slug in values:
            parameters.move(
                {slug: 1.0 - round(values[slug])}, str(button.source), origin=controller_input.source
            )
    elif commands is not None and button.does == "scene":
        commands.scene(button.name, button.seconds, beats=button.beats)
    elif commands is not None and button.does == "tap":
        commands.tap(at)
    elif commands is not None:
        command: Callable[..., None] = getattr(commands, button.does.replace("-", "_"))
        command(*([button.name] if button.name else []))
