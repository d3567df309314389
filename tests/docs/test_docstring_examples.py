"""Every example (`>>>`) in a docstring of the packages is run, and gives what stands below it."""

import doctest
import importlib
from pathlib import Path

import pytest

from tests.helpers.repository import REPOSITORY

PACKAGES = ("drawstop", "realtime", "training", "export")
ELSEWHERE = ("training/recipes/", "export/api/")
"""What takes the recipes' libraries; what tests/export/api/test_public_names.py runs."""
SLOW = ("training.evaluation.open", "training.commands.plots.classification")
"""Importing scikit-learn or matplotlib takes over half a second."""


def modules_with_examples() -> list[str]:
    """The names of all modules whose text has an example."""
    paths = (path for package in PACKAGES for path in sorted((REPOSITORY / package).rglob("*.py")))
    names = (path.relative_to(REPOSITORY) for path in paths if ">>> " in path.read_text("utf-8"))
    return [
        ".".join(name.with_suffix("").parts).removesuffix(".__init__")
        for name in names
        if not name.as_posix().startswith(ELSEWHERE)
    ]


@pytest.mark.parametrize(
    "module",
    [
        pytest.param(name, marks=[pytest.mark.slow] if name in SLOW else [])
        for name in modules_with_examples()
    ],
)
def test_the_examples_run_and_give_what_they_print(
    module: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    imported = importlib.import_module(module)
    monkeypatch.chdir(tmp_path)
    found = doctest.testmod(imported, optionflags=doctest.ELLIPSIS)
    assert found.attempted > 0
    assert found.failed == 0
    assert list(tmp_path.iterdir()) == []
