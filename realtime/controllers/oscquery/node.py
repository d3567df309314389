"""The tree of addresses that OSCQuery describes, and the changes from one tree to another."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from realtime.controllers.osc.subscriber import Reading

NO_VALUE, READ, WRITE, READ_AND_WRITE = range(4)
"""The values of ACCESS."""

SUPPORTED = (
    "DESCRIPTION", "FULL_PATH", "ACCESS", "TYPE", "VALUE", "RANGE", "CLIPMODE", "OVERLOADS", "CONTENTS",
)  # fmt: skip
"""The attributes that a node can have here; the proposal has more."""


@dataclass(frozen=True)
class Node:
    """An address, or a container of nodes. No node is both: many surfaces can't read that.

    Args:
        path: the path from the root.
        description: for people.
        access: 0 for a container.
        type: OSC type tags, one for each argument.
        ranges: for each argument {"MIN": …, "MAX": …} or {"VALS": […]}.
        clipmode: for each argument, whether a value beyond its range is clipped ("both") or not ("none").
        overloads: other arguments that are taken, each described by TYPE and so on.
        contents: the nodes by name; None: this is no container.
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
        """Whether the node has a value."""
        return bool(self.access & READ)

    def attributes(self, values: Mapping[str, Reading]) -> dict[str, Any]:
        """The attributes of the node and its contents, ready for JSON.

        Args:
            values: values by path; a node without one has no VALUE.
        """
        value = values.get(self.path) if self.readable else None
        possible = {
            "DESCRIPTION": self.description,
            "FULL_PATH": self.path,
            "ACCESS": self.access,
            "TYPE": self.type or None,
            "VALUE": [value] if isinstance(value, int | float) else value and list(value),
            "RANGE": list(self.ranges) or None,
            "CLIPMODE": list(self.clipmode) or None,
            "OVERLOADS": list(self.overloads) or None,
        }
        attributes = {name: value for name, value in possible.items() if value is not None}
        if self.contents is not None:
            attributes["CONTENTS"] = {name: node.attributes(values) for name, node in self.contents.items()}
        return attributes


@dataclass(frozen=True)
class Namespace:
    """A tree of nodes.

    Args:
        root: the root node, "/".
    """

    root: Node
    by_path: Mapping[str, Node] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "by_path", {node.path: node for node in _walk(self.root)})

    def methods(self) -> dict[str, Node]:
        """The nodes that aren't containers, by path."""
        return {path: node for path, node in self.by_path.items() if node.contents is None}


def container(path: str, description: str, nodes: list[Node]) -> Node:
    """A container of nodes, each under the last part of its path."""
    return Node(path, description, contents={node.path.rpartition("/")[2]: node for node in nodes})


def removed(old: Namespace, new: Namespace) -> list[str]:
    """The addresses that are in the old tree only."""
    return [path for path in old.methods() if path not in new.methods()]


def changes(old: Namespace, new: Namespace) -> list[dict[str, str]]:
    """The messages that inform a client of the changes between two trees. Changed values give no message.

    Returns:
        PATH_REMOVED and PATH_ADDED for each address, then PATH_CHANGED for each node that a client must read again,
        without the nodes inside it.
    """
    removed_paths = removed(old, new)
    added_paths = removed(new, old)
    stale = {_parent(path, new) for path in (*removed_paths, *added_paths)}
    stale |= {
        path
        for path, node in new.by_path.items()
        if path in old.by_path and _without_contents(old.by_path[path]) != _without_contents(node)
    }
    return [
        *({"COMMAND": "PATH_REMOVED", "DATA": path} for path in removed_paths),
        *({"COMMAND": "PATH_ADDED", "DATA": path} for path in added_paths),
        *({"COMMAND": "PATH_CHANGED", "DATA": path} for path in _outermost(stale)),
    ]


def _without_contents(node: Node) -> Node:
    return replace(node, contents=None)


def _parent(path: str, namespace: Namespace) -> str:
    """The innermost container in the namespace around a path."""
    while path not in namespace.by_path or namespace.by_path[path].contents is None:
        path = path.rpartition("/")[0] or "/"
    return path


def _outermost(paths: Iterable[str]) -> list[str]:
    outermost: list[str] = []
    for path in sorted(paths):
        if not any(path.startswith(outer.rstrip("/") + "/") for outer in outermost):
            outermost.append(path)
    return outermost


def _walk(node: Node) -> Iterator[Node]:
    yield node
    for inner in (node.contents or {}).values():
        yield from _walk(inner)
