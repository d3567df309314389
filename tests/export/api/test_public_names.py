"""`drawstop.NAME`: there, typed, lazily imported, documented, with examples that run."""

import ast
import doctest
import importlib
import inspect
import subprocess
import sys
from pathlib import Path

import pytest

import drawstop
from tests.helpers.repository import DOCS, REPOSITORY

MODULES = ("files", "instrument", "making", "measuring")
FUNCTIONS = [name for name in drawstop.__all__ if inspect.isfunction(getattr(drawstop, name))]


def in_a_process(program: str) -> str:
    command = [sys.executable, "-c", program]
    return subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=True).stdout


def test_importing_drawstop_imports_nothing_heavy_and_nothing_of_ours() -> None:
    program = (
        "import sys, drawstop\n"
        "dir(drawstop)\n"
        "tops = {name.split('.')[0] for name in sys.modules}\n"
        "print(sorted(tops & {'torch', 'numpy', 'typer', 'rich', 'export', 'realtime', 'training', 'importlib.metadata'}))\n"
    )
    assert in_a_process(program) == "[]\n"


def test_every_name_is_there_and_listed_once() -> None:
    assert len(drawstop.__all__) == len(set(drawstop.__all__))
    assert set(drawstop.__all__) <= set(dir(drawstop))
    for name in drawstop.__all__:
        assert getattr(drawstop, name) is getattr(drawstop, name)
    with pytest.raises(AttributeError, match="has no attribute 'instrument'"):
        drawstop.instrument  # type: ignore[attr-defined]  # noqa: B018


def test_type_checkers_see_the_names_that_are_imported_at_run_time() -> None:
    tree = ast.parse((REPOSITORY / "drawstop" / "__init__.py").read_text("utf-8"))
    [block] = [
        node for node in tree.body if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
    ]
    seen = {
        node.module: tuple(alias.name for alias in node.names)
        for node in block.body
        if isinstance(node, ast.ImportFrom)
    }
    assert seen == drawstop._MODULES
    assert sorted(name for names in seen.values() for name in names) == drawstop.__all__
    assert (REPOSITORY / "drawstop" / "py.typed").is_file()


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_function_is_typed_and_says_what_it_takes_gives_and_raises(name: str) -> None:
    function = getattr(drawstop, name)
    signature, text = inspect.signature(function), inspect.getdoc(function) or ""
    assert signature.return_annotation is not inspect.Signature.empty
    for parameter in signature.parameters.values():
        assert parameter.annotation is not inspect.Parameter.empty
        assert f"    {parameter.name}: " in text or len(signature.parameters) == 1, parameter.name
    assert "Raises:" in text


@pytest.mark.slow
@pytest.mark.parametrize("module", MODULES)
def test_the_examples_of_the_docs_run(module: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    found = doctest.testmod(importlib.import_module(f"export.api.{module}"), optionflags=doctest.ELLIPSIS)
    assert found.attempted >= 2
    assert found.failed == 0
    assert list(tmp_path.iterdir()) == []


def test_the_page_has_every_name_with_the_first_sentence_of_its_docs() -> None:
    page = (DOCS / "reference" / "python.md").read_text("utf-8")
    for name in drawstop.__all__:
        assert f"`{name}`" in page, name
