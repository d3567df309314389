import shlex
import tomllib

import pytest
from repository import REPOSITORY

from drawstop.front.extras import EXTRAS, OLD_PYTHON, OVERRIDDEN, OVERRIDES, how_to_add

PROJECT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text("utf-8"))
DECLARED = PROJECT["project"]["optional-dependencies"]


def test_the_wheels_overrides_are_the_projects() -> None:
    lines = [line for line in OVERRIDES.read_text("utf-8").splitlines() if not line.startswith("#")]
    assert lines == PROJECT["tool"]["uv"]["override-dependencies"]


def test_every_extra_that_is_named_is_declared() -> None:
    assert {*EXTRAS.values(), *OVERRIDDEN, *OLD_PYTHON} <= set(DECLARED)


@pytest.mark.parametrize("extra", sorted(DECLARED))
def test_what_is_said_is_a_command_that_names_the_extra(extra: str) -> None:
    assert how_to_add(extra, True, (3, 11)) == f"uv sync --extra {extra}"
    words = shlex.split(how_to_add(extra, False, (3, 11)))
    assert words[:4] == ["uv", "pip", "install", f"drawstop[{extra}]"]
    assert words[4:] == (["--override", str(OVERRIDES)] if extra in OVERRIDDEN else [])


@pytest.mark.parametrize("extra", OLD_PYTHON)
def test_on_a_newer_python_it_says_that_the_extra_needs_the_old_one(extra: str) -> None:
    assert how_to_add(extra, False, (3, 13)).startswith("Python 3.11")
    newer = [line for line in DECLARED[extra] if "python_version" not in line]
    assert newer == []
