"""The generated pages of controllers: current, its defaults true, its keys and its errors all that there are."""

import ast
import os
import re
import subprocess
import sys
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest

from drawstop.errors import DrawstopError
from realtime.controllers.mapping.example import EXAMPLE
from realtime.controllers.mapping.file import (
    BUTTON_KEYS,
    KNOB_KEYS,
    MPE_KEYS,
    PROGRAM_KEYS,
    TOP_KEYS,
    parse_mapping,
)
from realtime.controllers.mapping.mapping import NAMED_ACTIONS, Mapping
from realtime.controllers.midi.mpe_zones import Zones
from realtime.controllers.midi.source import MAXIMA, parse_source
from tests.helpers.repository import REPOSITORY

GUIDE = (REPOSITORY / "docs" / "play" / "controllers.md").read_text(encoding="utf-8")
PAGE = (REPOSITORY / "docs" / "reference" / "mapping.md").read_text(encoding="utf-8")
PATH = Path("m.toml")
KNOB = '[[knob]]\nsource = "mpe bend"\nstop = "guitar"\n'
BUTTON = '[[button]]\nsource = "mpe strike"\ndoes = "panic"\n'
NOT_ON_THE_PAGE = {
    "a MIDI source is one of ": "no text that is read makes such a source",
    " is no value for a stop; give a number": "scenes.toml refuses it before, with its line",
    "a morph goes from 0 to 1, got nan": "OSC refuses what is no finite number before",
    "no scene comes ": "of the first and the last scene, shown on the screen",
    "no scene has the number ": "of program changes, whose errors are shown on the screen",
    " scenes already; remove some": "of the thousandth scene that is stored",
    " is a corner of the pad; give the pad another one first": "no message removes a scene",
    ": not UTF-8 text; save the file as UTF-8": "of files; test_toml_document",
    ": brackets stand in brackets too deeply; close some of them": "test_toml_document",
}
"""Errors that the page needn't show, with the reason."""


@pytest.mark.slow
def test_the_generated_pages_are_current() -> None:
    pages = ("play/controllers.md", "reference/mapping.md", "play/osc.md")
    check = subprocess.run(
        [sys.executable, "docs/generators/generate.py", "--check", *pages], cwd=REPOSITORY,
        env=os.environ | {"PYTHONPATH": str(REPOSITORY)}, capture_output=True, text=True,
    )  # fmt: skip
    assert (check.returncode, check.stderr) == (0, "")


def rows(title: str) -> dict[str, tuple[str, str]]:
    """What the page says that each key of a table takes, and its default."""
    part = PAGE.split(f"\n## {title}\n")[1].split("\n## ")[0]
    cells = [line.split(" | ") for line in part.splitlines() if line.startswith("| `")]
    return {cell[0].strip("|` "): (cell[1], cell[2].strip().strip("`")) for cell in cells}


@pytest.mark.parametrize(
    ("title", "keys"),
    [
        ("At the top", TOP_KEYS), ("`[[knob]]`", KNOB_KEYS), ("`[[button]]`", BUTTON_KEYS), ("`[mpe]`", MPE_KEYS),
        ("`[programs]`", PROGRAM_KEYS), ("Sources", MAXIMA),
    ],
)  # fmt: skip
def test_the_reference_has_every_key_and_no_other(title: str, keys: dict[str, object]) -> None:
    assert [key.strip("[]") for key in rows(title)] == list(keys)


def test_what_the_reference_calls_a_default_is_what_is_without_the_key() -> None:
    seen = 0
    for text, title in ((KNOB, "`[[knob]]`"), (BUTTON, "`[[button]]`")):
        for key, (_, default) in rows(title).items():
            if default:
                with_default, plain = (
                    parse_mapping(f"{text}{key} = {default}\n", PATH),
                    parse_mapping(text, PATH),
                )
                assert with_default == plain, key
                seen += 1
    for key, (_, default) in rows("At the top").items():
        if default:
            written = f"[mpe]\n{default}\n" if key == "[mpe]" else f"{key} = {default}\n"
            assert parse_mapping(written + KNOB, PATH) == parse_mapping(KNOB, PATH), key
            seen += 1
    assert seen == 17
    assert replace(Mapping().mpe, lower=0) == Zones(
        *(int(default) for _, default in rows("`[mpe]`").values())
    )


@pytest.mark.parametrize("title", ["`[[knob]]`", "`[[button]]`", "At the top"])
def test_a_key_takes_each_word_that_the_reference_says_and_nothing_of_another_kind(title: str) -> None:
    text = {"`[[knob]]`": KNOB, "`[[button]]`": BUTTON}.get(title, "")
    for key, (takes, _) in rows(title).items():
        if key.startswith("["):
            continue
        for word in re.findall(r'`"(.+?)"`', takes):
            source, name = ("note 36", "") if word == "velocity" else ("cc 20", "")
            if key == "notes":
                source = "mpe bend"
            if key == "trigger" and title == "`[[knob]]`":
                name = 'mode = "toggle"\n'
            if key == "does" and word in NAMED_ACTIONS:
                name = 'name = "a"\n'
            others = [line for line in text.splitlines(True) if not line.startswith((f"{key} =", "source ="))]
            lines = "".join(others).replace("]]\n", f']]\nsource = "{source}"\n')
            assert parse_mapping(f'{lines}{key} = "{word}"\n{name}', PATH)
        others = [line for line in text.splitlines(True) if not line.startswith(f"{key} =")]
        with pytest.raises(DrawstopError, match="line"):
            parse_mapping("".join(others) + f"{key} = 1979-05-27\n", PATH)


def test_the_example_on_the_page_uses_every_table_and_is_read() -> None:
    assert f"```toml\n{EXAMPLE}```" in GUIDE
    assert parse_mapping(EXAMPLE, PATH).knobs
    assert set(tomllib.loads(EXAMPLE)) == set(TOP_KEYS)
    for kind in MAXIMA:
        assert str(
            parse_source(kind if " " in kind or kind in ("bend", "pressure") else f"{kind} 1")
        ).startswith(kind)


RAISING = [
    "mapping/mapping", "mapping/file", "midi/source", "midi/mpe_zones", "mapping/curves", "mapping/takeover",
    "mapping/toml_tables", "mapping/toml_document", "scenes/scene", "scenes/file", "scenes/scene_list", "scenes/scenes",
    "osc/arguments", "osc/router",
]  # fmt: skip


def errors_of(module: str) -> list[str]:
    """The longest piece of text that never changes in each error that a module's code makes."""
    source = (REPOSITORY / "realtime" / "controllers" / f"{module}.py").read_text(encoding="utf-8")
    texts = []
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        name = getattr(node.func, "id", getattr(node.func, "attr", ""))
        if name not in ("DrawstopError", "RefusedError", "error") or not node.args:
            continue
        text = node.args[-1]
        parts = text.values if isinstance(text, ast.JoinedStr) else [text]
        fixed = [
            part.value for part in parts if isinstance(part, ast.Constant) and isinstance(part.value, str)
        ]
        if fixed:
            texts.append(max(fixed, key=len))
    return texts


@pytest.mark.parametrize("module", RAISING)
def test_every_error_of_the_code_stands_on_the_page_or_is_left_out_for_a_reason(module: str) -> None:
    said = errors_of(module)
    assert said
    missing = {text for text in said if text not in PAGE}
    assert missing <= NOT_ON_THE_PAGE.keys()


def test_each_error_that_the_page_leaves_out_is_raised_by_some_code() -> None:
    assert {text for module in RAISING for text in errors_of(module)} >= NOT_ON_THE_PAGE.keys()
    assert not [text for text in NOT_ON_THE_PAGE if text in PAGE]
