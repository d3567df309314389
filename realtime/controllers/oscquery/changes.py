"""What has changed between two namespaces, as the messages that say so."""

from collections.abc import Iterable
from dataclasses import replace

from realtime.controllers.oscquery.node import Namespace, Node


def removed(before: Namespace, after: Namespace) -> list[str]:
    """The addresses that are no more."""
    return [path for path in before.methods() if path not in after.methods()]


def changes(before: Namespace, after: Namespace) -> list[dict[str, str]]:
    """PATH_REMOVED and PATH_ADDED for each address, then PATH_CHANGED for what clients have to read again.

    Of a container to read again, what is inside isn't named too. Values are no change.
    """
    gone = removed(before, after)
    new = removed(after, before)
    stale = {_parent(path, after) for path in (*gone, *new)}
    stale |= {
        path
        for path, node in after.by_path.items()
        if path in before.by_path and _alone(before.by_path[path]) != _alone(node)
    }
    return [
        *({"COMMAND": "PATH_REMOVED", "DATA": path} for path in gone),
        *({"COMMAND": "PATH_ADDED", "DATA": path} for path in new),
        *({"COMMAND": "PATH_CHANGED", "DATA": path} for path in _outermost(stale)),
    ]


def _alone(node: Node) -> Node:
    """A node without what is inside."""
    return replace(node, contents=None)


def _parent(path: str, namespace: Namespace) -> str:
    """The innermost container around a path that is there."""
    while path not in namespace.by_path or namespace.by_path[path].contents is None:
        path = path.rpartition("/")[0] or "/"
    return path


def _outermost(paths: Iterable[str]) -> list[str]:
    found: list[str] = []
    for path in sorted(paths):
        if not any(path.startswith(outer.rstrip("/") + "/") for outer in found):
            found.append(path)
    return found
