"""The tree of addresses, as OSCQuery describes it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

NO_VALUE, READ, WRITE, READ_AND_WRITE = range(4)
"""What ACCESS says."""

SUPPORTED = (
    "DESCRIPTION", "FULL_PATH", "ACCESS", "TYPE", "VALUE", "RANGE", "CLIPMODE", "OVERLOADS", "CONTENTS",
)  # fmt: skip
"""The attributes that a node can have here; the proposal has more."""


@dataclass(frozen=True)
class Node:
    """An address, or a container of some. None is both: many surfaces can't read that.

    Args:
        path: from the root.
        description: for people.
        access: 0 for a container.
        type: OSC type tags, one for each argument.
        ranges: for each argument {"MIN": …, "MAX": …} or {"VALS": […]}.
        clipmode: for each argument, what is done with a value beyond its range: "both": it's brought in; "none".
        overloads: other arguments that are taken, each described by TYPE and so on.
        contents: by name; None: this is no container.
    """

    path: str
    description: str
    access: int = NO_VALUE
    type: str = ""
    ranges: tuple[Mapping[str, Any], ...] = ()
    clipmode: tuple[str, ...] = ()
    overloads: tuple[Mapping[str, Any], ...] = ()
    contents: Mapping[str, "Node"] | None = None

    @property
    def readable(self) -> bool:
        """Whether it has a value that can be asked for."""
        return bool(self.access & READ)

    def attributes(self, values: Mapping[str, float]) -> dict[str, Any]:
        """All that is so of it and its contents, ready for JSON.

        Args:
            values: by path; a node without one has no VALUE.
        """
        about = {
            "DESCRIPTION": self.description,
            "FULL_PATH": self.path,
            "ACCESS": self.access,
            "TYPE": self.type or None,
            "VALUE": [values[self.path]] if self.readable and self.path in values else None,
            "RANGE": list(self.ranges) or None,
            "CLIPMODE": list(self.clipmode) or None,
            "OVERLOADS": list(self.overloads) or None,
        }
        told = {name: value for name, value in about.items() if value is not None}
        if self.contents is not None:
            told["CONTENTS"] = {name: node.attributes(values) for name, node in self.contents.items()}
        return told


@dataclass(frozen=True)
class Namespace:
    """A tree of nodes.

    Args:
        root: its root, "/".
    """

    root: Node
    by_path: Mapping[str, Node] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "by_path", {node.path: node for node in _walk(self.root)})

    def methods(self) -> dict[str, Node]:
        """All that messages can be sent to, or come from, by path."""
        return {path: node for path, node in self.by_path.items() if node.contents is None}


def container(path: str, description: str, nodes: list[Node]) -> Node:
    """A container of nodes, each under the last part of its path."""
    return Node(path, description, contents={node.path.rpartition("/")[2]: node for node in nodes})


def _walk(node: Node) -> Iterator[Node]:
    yield node
    for inner in (node.contents or {}).values():
        yield from _walk(inner)
