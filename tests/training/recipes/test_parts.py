"""The recipes' modules are where the recipes, the justfile and the docstrings say: a wrong name would show after hours."""

import ast
import re
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.helpers.repository import REPOSITORY

RECIPES = "training.recipes"
PRINTED = re.compile(rf"python -m ({re.escape(RECIPES)}[\w.]*\w)")
TEXTS = (
    REPOSITORY / "justfile",
    REPOSITORY / "CONTRIBUTING.md",
    *(REPOSITORY / "training" / "recipes").rglob("*.py"),
)


def parts_in(source: str) -> list[str]:
    """The first argument of each `run_part`, a text in every call."""
    calls = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    parts = [call.args[0] for call in calls if isinstance(call.func, ast.Name) and call.func.id == "run_part"]
    return [f"{RECIPES}.{ast.literal_eval(part)}" for part in parts]


def named_in(path: Path) -> set[str]:
    text = path.read_text(encoding="utf-8")
    return {*PRINTED.findall(text), *(parts_in(text) if path.suffix == ".py" else ())}


NAMED = sorted({(name, path.relative_to(REPOSITORY).as_posix()) for path in TEXTS for name in named_in(path)})


def test_what_is_looked_for_is_found() -> None:
    assert {"training.recipes.separator.measure.figures", "training.recipes.musicgen"} <= {
        name for name, _ in NAMED
    }


@pytest.mark.parametrize(("name", "path"), NAMED)
def test_a_named_module_is_a_program(name: str, path: str) -> None:
    spec = find_spec(name)
    assert spec is not None, f"{path} names {name}"
    if spec.submodule_search_locations is not None:
        spec = find_spec(f"{name}.__main__")
    assert spec is not None and spec.origin is not None, f"{path} names {name}"
    assert 'if __name__ == "__main__":' in Path(spec.origin).read_text(encoding="utf-8")
