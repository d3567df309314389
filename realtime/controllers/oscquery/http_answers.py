"""HTTP requests to their answers, as the proposal says. Pure.

The proposal is of two minds about an attribute that a server knows of but doesn't have (204 in its text, 400 in its
list of errors); here it's 400, as for one that nobody knows.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlsplit

from realtime.controllers.oscquery.node import SUPPORTED, Namespace

OPTIONAL = (
    "ACCESS", "VALUE", "RANGE", "DESCRIPTION", "CLIPMODE", "OVERLOADS",
    "LISTEN", "PATH_CHANGED", "PATH_ADDED", "PATH_REMOVED",
)  # fmt: skip
"""What HOST_INFO says that we have of the proposal's optional parts."""


@dataclass(frozen=True)
class Answer:
    """What is answered to a request.

    Args:
        status: HTTP's.
        body: JSON; for errors and 204, nothing.
        complaint: what was wrong; nothing where nothing was.
    """

    status: int
    body: str = ""
    complaint: str = ""


def answer(
    target: str, namespace: Namespace, values: Mapping[str, float], host_info: Mapping[str, Any]
) -> Answer:
    """The answer to `GET <target>`.

    Args:
        target: path and perhaps a query; a whole URL is taken too.
        namespace: what is here.
        values: where it stands, by path.
        host_info: see `host_info`.
    """
    path, wanted = _split(target)
    if "HOST_INFO" in wanted:
        return _json(host_info)
    unknown = [attribute for attribute in wanted if attribute not in SUPPORTED]
    if unknown:
        return Answer(
            400, complaint=f"attributes are {', '.join(SUPPORTED)}, HOST_INFO; got {unknown[0][:40]!r}"
        )
    node = namespace.by_path.get(path)
    if node is None:
        return Answer(404, complaint=f"nothing is at {path[:80]!r}")
    if "VALUE" in wanted and not node.readable:
        return Answer(204)
    told = node.attributes(values)
    return _json({name: told[name] for name in wanted if name in told} if wanted else told)


def host_info(name: str, osc_ip: str, osc_port: int) -> dict[str, Any]:
    """What `?HOST_INFO` tells. The WebSocket is at the port that was asked, which is what its absence here says.

    Args:
        name: for people.
        osc_ip: this machine, as the client reached it.
        osc_port: of UDP.
    """
    return {
        "NAME": name,
        "OSC_IP": osc_ip,
        "OSC_PORT": osc_port,
        "OSC_TRANSPORT": "UDP",
        "EXTENSIONS": dict.fromkeys(OPTIONAL, True),
    }


def _split(target: str) -> tuple[str, list[str]]:
    """Path and attributes."""
    target = target.partition("#")[0]
    if target.startswith("http://"):
        try:
            parts = urlsplit(target)
            target = f"{parts.path}?{parts.query}"
        except ValueError:  # brackets without an IPv6 address
            return "", []
    path, _, query = target.partition("?")
    wanted = [part.partition("=")[0] for part in query.split("&") if part]
    return "/" + unquote(path).strip("/"), wanted


def _json(content: Mapping[str, Any]) -> Answer:
    return Answer(200, json.dumps(content, ensure_ascii=False, allow_nan=False))
