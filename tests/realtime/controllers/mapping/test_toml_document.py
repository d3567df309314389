"""Lines of TOML keys: each key's line holds it, and an error names its line and a cure."""

import random
import tomllib
from pathlib import Path
from typing import Any

import pytest

from drawstop.errors import DrawstopError
from realtime.controllers.mapping.toml_document import KeyPath, parse_toml, read_toml

FILE = Path("my.toml")
TEXT = '''# a comment with [brackets] and = signs
title = "no # comment"  # but this

[[scene]]
name = "one"
values = { guitar = 0.5, "odd key" = 1 }

[[scene]]   # a second
name = """
[[scene]]
x = 1
"""""
values.guitar = 0.5
when = 1979-05-27 07:32:00
chain = [
    1,  # ]
    [2,
     "]"],
    { a = 1 },
]
[scene.more.'quoted.part']
path = 'C:\\'
[other . "a\\u0062"]
last = 3'''


def key_paths(value: Any, key_path: KeyPath = ()) -> list[KeyPath]:
    """Every key path of a document, as Python's own TOML reader sees it."""
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [found for key, each in pairs for found in [(*key_path, key), *key_paths(each, (*key_path, key))]]


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_every_key_path_has_its_line(newline: str) -> None:
    _, lines = parse_toml(TEXT.replace("\n", newline), FILE)
    expected = {
        ("title",): 2,
        ("scene",): 4,
        ("scene", 0): 4,
        ("scene", 0, "name"): 5,
        ("scene", 0, "values", "guitar"): 6,
        ("scene", 0, "values", "odd key"): 6,
        ("scene", 1): 8,
        ("scene", 1, "name"): 9,
        ("scene", 1, "values"): 13,
        ("scene", 1, "values", "guitar"): 13,
        ("scene", 1, "when"): 14,
        ("scene", 1, "chain"): 15,
        ("scene", 1, "chain", 0): 16,
        ("scene", 1, "chain", 1): 17,
        ("scene", 1, "chain", 1, 1): 18,
        ("scene", 1, "chain", 2, "a"): 19,
        ("scene", 1, "more", "quoted.part"): 21,
        ("scene", 1, "more", "quoted.part", "path"): 22,
        ("other", "ab"): 23,
        ("other", "ab", "last"): 24,
    }
    assert {key_path: lines.of(*key_path) for key_path in expected} == expected


def test_a_key_path_that_does_not_exist_has_the_line_of_what_encloses_it() -> None:
    _, lines = parse_toml(TEXT, FILE)
    assert lines.of("scene", 1, "seconds") == 8
    assert lines.of("nothing") == 1
    assert str(lines.error(("scene", 0, "name"), "no name; give one")) == "my.toml, line 5: no name; give one"


def written(value: Any, random_: random.Random) -> str:
    if isinstance(value, list):
        between = random_.choice([", ", ",\n  ", ", # [ {\n"])
        return (
            "[" + between.join(written(each, random_) for each in value) + "\n" * random_.randrange(2) + "]"
        )
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key} = {written(each, random_)}" for key, each in value.items()) + "}"
    return str(value)


def made(random_: random.Random, depth: int) -> Any:
    kind = random_.choice(["plain", "plain", "list", "table"]) if depth else "plain"
    if kind == "list":
        return [made(random_, depth - 1) for _ in range(random_.randrange(4))]
    if kind == "table":
        return {f"key_{random_.getrandbits(40)}": made(random_, depth - 1) for _ in range(2)}
    return random_.choice(
        ["1", "-0.5e3", "true", '"a ] } # ="', "''", '"""x\n\'"]\n"""', "'''\n[t]\n'''", "inf"]
    )


@pytest.mark.parametrize("seed", range(50))
def test_each_key_is_in_the_line_that_is_given_for_it(seed: int) -> None:
    random_ = random.Random(seed)
    parts = list[str]()
    for number in range(6):
        parts.append(random_.choice(["[[list]]", f"[table{number}]", f"[list{number}.deep]", "# nothing"]))
        parts += [f"key{number}_{each} = {written(made(random_, 3), random_)}" for each in range(3)]
    text = "\n\n".join(parts)
    document, lines = parse_toml(text, FILE)
    plain = tomllib.loads(text)
    assert document.unwrap() == plain
    rows = text.split("\n")
    for key_path in key_paths(plain):
        last = key_path[-1]
        if isinstance(last, str):
            assert last in rows[lines.of(*key_path) - 1]


@pytest.mark.parametrize(
    "text, message",
    [
        ("a = 1\nb = nope\n", "my.toml, line 2: Invalid value; put a text in quotes"),
        ("a = 1\n\na = 2\n", "my.toml, line 3: Cannot overwrite a value; keep one of the two"),
        ("[a]\n[b]\n[a]\n", "my.toml, line 3: Cannot declare .* twice; keep one of the two"),
        ("a = {x = 1, x = 2}", "my.toml, line 1: Duplicate inline table key 'x'; keep one of the two"),
        ("a\n", "my.toml, line 1: Expected '=' .*; write name = value"),
        ('a = 1\nb = "x\n', r"my.toml, line 2: Illegal character .*; end the text with a quote"),
        ("a = [1,\n2\n\n\n", "my.toml, line 2: Unclosed array; close it with ]"),
        ("a = 1 b = 2", "my.toml, line 1: Expected newline .*; write one name = value in a line"),
        ('a = "C:\\d"', r"my.toml, line 1: Unescaped .*; write \\\\ for a backslash"),
        ("a = 1 # \x00", "my.toml, line 1: .*; take that character out"),
        ("\n[a\nb = 1", r"my.toml, line 2: Expected '\]' .*; close the header: \[name\]"),
        (
            "b = 1\na = " + "[" * 5000,
            "my.toml, line 2: brackets stand in brackets too deeply; close some of them",
        ),
    ],
)
def test_a_syntax_error_names_its_line_and_a_cure(text: str, message: str) -> None:
    with pytest.raises(DrawstopError, match=message):
        parse_toml(text, FILE)


def test_a_file_is_read_with_its_comments_and_its_errors_are_reported(tmp_path: Path) -> None:
    path = tmp_path / "scenes.toml"
    with pytest.raises(DrawstopError, match=r"can't read .*scenes.toml: No such file"):
        read_toml(path)
    path.write_bytes(b"a = 1\n# caf\xe9\n")
    with pytest.raises(DrawstopError, match=r"scenes.toml, line 2: not UTF-8 text; save the file as UTF-8"):
        read_toml(path)
    path.write_bytes("\ufeffa = 1 # é\r\n".encode())
    document, lines = read_toml(path)
    assert document.as_string() == "a = 1 # é\r\n"
    assert lines.of("a") == 1
