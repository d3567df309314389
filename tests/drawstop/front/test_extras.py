import shlex
import tomllib

import pytest

from drawstop.front.extras import EXTRAS, OLD_PYTHON, OVERRIDDEN, OVERRIDES, how_to_add
from tests.helpers.repository import REPOSITORY

PROJECT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text("utf-8"))
DECLARED = PROJECT["project"]["optional-dependencies"]
NAMES = {"rave": "acids-rave", "audiocraft": "audiocraft", "basic_pitch": "basic-pitch"}


def test_the_wheels_overrides_are_the_projects() -> None:
    lines = [line for line in OVERRIDES.read_text("utf-8").splitlines() if not line.startswith("#")]
    assert lines == PROJECT["tool"]["uv"]["override-dependencies"]


def test_every_extra_is_declared_and_brought_by_a_module() -> None:
    assert set(EXTRAS.values()) == set(DECLARED)
    assert set(OVERRIDDEN) <= set(DECLARED)


@pytest.mark.parametrize("module", sorted(EXTRAS))
def test_the_hint_is_a_command_that_adds_the_extra(module: str) -> None:
    extra = EXTRAS[module]
    assert how_to_add(module, True, (3, 11)) == f"uv sync --extra {extra}"
    words = shlex.split(how_to_add(module, False, (3, 11)))
    assert words[:4] == ["uv", "pip", "install", f"drawstop[{extra}]"]
    assert words[4:] == (["--override", str(OVERRIDES)] if extra in OVERRIDDEN else [])


@pytest.mark.parametrize("module", sorted(EXTRAS))
def test_on_a_newer_python_the_hint_names_the_extra_that_needs_the_old_one(module: str) -> None:
    assert ("on Python 3.11" in how_to_add(module, False, (3, 13))) == (module in OLD_PYTHON)


@pytest.mark.parametrize("module", sorted(NAMES))
def test_what_needs_the_old_python_is_declared_so(module: str) -> None:
    [line] = [line for line in DECLARED[EXTRAS[module]] if line.startswith(NAMES[module])]
    assert line.endswith("; python_version < '3.12'")
