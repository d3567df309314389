"""The response to each HTTP request, after the OSCQuery proposal.

The proposal contradicts itself about an attribute that a server knows of but doesn't have (204 in its text, 400 in its
list of errors); here it is 400, as for an unknown one.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote, urlsplit

from realtime.controllers.osc.subscriber import Reading
from realtime.controllers.oscquery.node import SUPPORTED, Namespace

OPTIONAL = (
    "ACCESS", "VALUE", "RANGE", "DESCRIPTION", "CLIPMODE", "OVERLOADS",
    "LISTEN", "PATH_CHANGED", "PATH_ADDED", "PATH_REMOVED",
)  # fmt: skip
"""The optional parts of the proposal that HOST_INFO lists as present."""


@dataclass(frozen=True)
class HttpResponse:
    """The response to a request.

    Args:
        status: the HTTP status.
        body: JSON; empty for errors and 204.
        error: what was wrong with the request; empty if nothing was.
        content_type: the body's.
        headers: more headers.
    """

    status: int
    body: str = ""
    error: str = ""
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)


def answer(
    target: str, namespace: Namespace, values: Mapping[str, Reading], host_info: Mapping[str, Any]
) -> HttpResponse:
    """The response to `GET <target>`.

    Args:
        target: path and perhaps a query; a whole URL is taken too.
        namespace: the tree of addresses.
        values: values by path.
        host_info: the content of `?HOST_INFO`.
    """
    path, requested = _split(target)
    if "HOST_INFO" in requested:
        return _json(host_info)
    unknown = [attribute for attribute in requested if attribute not in SUPPORTED]
    if unknown:
        return HttpResponse(
            400, error=f"attributes are {', '.join(SUPPORTED)}, HOST_INFO; got {unknown[0][:40]!r}"
        )
    node = namespace.by_path.get(path)
    if node is None:
        return HttpResponse(404, error=f"nothing is at {path[:80]!r}")
    if "VALUE" in requested and not node.readable:
        return HttpResponse(204)
    attributes = node.attributes(values)
    if requested:
        attributes = {name: attributes[name] for name in requested if name in attributes}
    return _json(attributes)


def host_info(name: str, osc_ip: str, osc_port: int) -> dict[str, Any]:
    """The content of `?HOST_INFO`. It names no WebSocket port, which means: the port of this request.

    Args:
        name: this program's name, for people.
        osc_ip: this machine's address, as the client reached it.
        osc_port: the UDP port.
    """
    return {
        "NAME": name,
        "OSC_IP": osc_ip,
        "OSC_PORT": osc_port,
        "OSC_TRANSPORT": "UDP",
        "EXTENSIONS": dict.fromkeys(OPTIONAL, True),
    }


def _split(target: str) -> tuple[str, list[str]]:
    """The path and the requested attributes of a request's target."""
    target = target.partition("#")[0]
    if target.startswith("http://"):
        try:
            parts = urlsplit(target)
            target = f"{parts.path}?{parts.query}"
        except ValueError:  # brackets without an IPv6 address
            return "", []
    path, _, query = target.partition("?")
    requested = [part.partition("=")[0] for part in query.split("&") if part]
    return "/" + unquote(path).strip("/"), requested


def _json(content: Mapping[str, Any]) -> HttpResponse:
    return HttpResponse(200, json.dumps(content, ensure_ascii=False, allow_nan=False))
