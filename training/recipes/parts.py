"""Running the parts of a recipe."""

import subprocess
import sys


def run_part(module: str, *arguments: object) -> None:
    """Run a module of `training.recipes` in a process of its own.

    Its memory is given back when it ends, and acids-rave's export can't change torch's and gin's global state for the next part.
    """
    name = f"training.recipes.{module}"
    subprocess.run([sys.executable, "-m", name, *(str(argument) for argument in arguments)], check=True)
