"""Names of code and files that docstrings quote in backticks, looked up in the packages' text; nothing is imported."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from tests.helpers.repository import REPOSITORY

PACKAGES = ("drawstop", "realtime", "training", "export")
FOLDERS = (*PACKAGES, "bench", "docs", "examples", "tests")
QUOTED = re.compile(r"`+([^`\n]+)`+")
DOTTED = re.compile(r"([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+)(?:\(.*\))?")
OUR_PATH = re.compile(rf"(?:{'|'.join(FOLDERS)})/[\w./-]+|[\w./-]+\.(?:py|md)")
PLACEHOLDER = re.compile(r"(?:^|[./])[A-Z]+(?:$|[./])")
DATA = (
    "csv", "flac", "gin", "json", "jsonl", "mp3", "mp4", "npy", "npz", "pt", "safetensors", "toml", "ts", "wav", "yaml",
)  # fmt: skip
"""Endings of names that are files of data, not names of code."""
ELSEWHERE = {
    "convert_musicgen_transformers.py": "a script of transformers",
    "SparseCoder.load_from_disk": "of eai-sparsify, which no environment of ours has",
    "engine.wet": "the slug of a parameter",
}
"""What is no name of ours."""


def docstrings(tree: ast.AST) -> Iterator[str]:
    """Every string that stands as a statement: docstrings, and what stands below a constant or a field."""
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Expr)
            and isinstance(node.value, ast.Constant)
            and isinstance(node.value.value, str)
        ):
            yield node.value.value


def lost_names(path: Path, text: str) -> list[str]:
    """What the docstrings of a file quote and the repository doesn't have.

    Args:
        path: the file, in the repository.
        text: its content.
    """
    tree = ast.parse(text)
    quoted = {name for each in docstrings(tree) for name in QUOTED.findall(each)}
    return sorted(name for name in quoted if not PLACEHOLDER.search(name) and not _is_there(name, path, tree))


@cache
def modules() -> dict[str, ast.Module]:
    """The trees of the packages' files by their dotted names."""
    paths = (path for package in PACKAGES for path in (REPOSITORY / package).rglob("*.py"))
    return {
        ".".join(path.relative_to(REPOSITORY).with_suffix("").parts).removesuffix(".__init__"): ast.parse(
            path.read_text("utf-8")
        )
        for path in paths
    }


def _is_there(name: str, path: Path, tree: ast.Module) -> bool:
    if name in ELSEWHERE:
        return True
    if OUR_PATH.fullmatch(name):
        return any((folder / name).exists() for folder in path.parents)
    dotted = DOTTED.fullmatch(name)
    if dotted is None or dotted[1].endswith(tuple(f".{ending}" for ending in DATA)):
        return True
    parts = dotted[1].split(".")
    return _in_a_module(parts) or _in_a_class(parts) or _is_of_others(parts[0]) or parts[0] in _words(tree)


def _in_a_module(parts: list[str]) -> bool:
    """Whether the last parts are bound in a module whose dotted name is, or ends with, the first ones."""
    for count in range(len(parts), 0, -1):
        end = ".".join(parts[:count])
        for dotted, tree in modules().items():
            if f".{dotted}".endswith(f".{end}"):
                rest = parts[count:]
                if not rest or (len(rest) == 1 and rest[0] in _bound(tree)) or _in_a_class(rest):
                    return True
    return False


def _in_a_class(parts: list[str]) -> bool:
    """Whether a class of that name, or one that it is derived from, has the attribute."""
    if len(parts) != 2:
        return False
    return any(
        parts[1] in _attributes(node) or any(_in_a_class([base, parts[1]]) for base in _bases(node))
        for node in _classes().get(parts[0], [])
    )


@cache
def _classes() -> dict[str, list[ast.ClassDef]]:
    found: dict[str, list[ast.ClassDef]] = {}
    for tree in modules().values():
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef):
                found.setdefault(node.name, []).append(node)
    return found


def _bases(node: ast.ClassDef) -> list[str]:
    return [base.id for base in node.bases if isinstance(base, ast.Name) and base.id != node.name]


def _bound(node: ast.Module | ast.ClassDef) -> set[str]:
    """What a module or a class binds: functions, classes, constants, fields."""
    names = set()
    for each in node.body:
        if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.add(each.name)
        elif isinstance(each, ast.Assign | ast.AnnAssign):
            names |= {
                name.id
                for name in ast.walk(each)
                if isinstance(name, ast.Name) and isinstance(name.ctx, ast.Store)
            }
    return names


def _attributes(node: ast.ClassDef) -> set[str]:
    """What a class binds, and what its methods assign to `self`."""
    assigned = {
        each.attr
        for each in ast.walk(node)
        if isinstance(each, ast.Attribute) and isinstance(each.ctx, ast.Store)
    }
    return _bound(node) | assigned


def _words(tree: ast.Module) -> set[str]:
    """The variables, arguments and attributes of a file, and the words of its examples."""
    keys = ((ast.Name, "id"), (ast.arg, "arg"), (ast.Attribute, "attr"))
    code = {getattr(node, key) for node in ast.walk(tree) for kind, key in keys if isinstance(node, kind)}
    examples = re.findall(r">>> (.*)", "\n".join(docstrings(tree)))
    return code.union(*(re.findall(r"\w+", example) for example in examples))


def _is_of_others(name: str) -> bool:
    """Whether it is the name of an installed library; `np` is numpy."""
    return (
        name == "np"
        or name in sys.stdlib_module_names
        or (name not in PACKAGES and find_spec(name) is not None)
    )
