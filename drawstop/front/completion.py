"""The commands as one typer group whose commands are imported when they are asked for: what shells complete from."""

from collections.abc import Callable
from typing import Any

from typer.core import TyperGroup

from drawstop.front.table import COMMANDS


def group(load: Callable[[str], Any]) -> Callable[..., Any]:
    """A program of all commands.

    Args:
        load: gives the program of one command by its name.
    """
    import typer

    class Commands(TyperGroup):
        """The table's commands, each loaded by its name."""

        def list_commands(self, ctx: Any) -> list[str]:
            return list(COMMANDS)

        def get_command(self, ctx: Any, cmd_name: str) -> Any:
            return load(cmd_name) if cmd_name in COMMANDS else None

    app = typer.Typer(cls=Commands, rich_markup_mode=None)

    @app.callback()
    def drawstop() -> None:
        """Knobs, found inside a neural audio model, that bring concepts in and take them away."""

    program: Callable[..., Any] = typer.main.get_command(app)
    return program
