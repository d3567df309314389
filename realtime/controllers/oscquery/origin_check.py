"""Keeps web pages out: a browser asks in the name of any page that is open in it.

Key idea: a browser says by Origin whose page is asking by WebSocket, and by Host what name led it here. A page of
another's can neither leave them out nor choose them. Nothing here is a page, so nothing in a browser has to get in; but
some programs send the Origin of the very server that they ask, which is no page's if the name is none of the internet's:
else a page could have its own name lead to this machine once it's loaded.
"""

import ipaddress
import socket
from collections.abc import Sequence

NEAR_ENDINGS = (".local", ".localhost", ".lan", ".home", ".internal", ".home.arpa")
"""Of names that belong to nobody in the internet."""


def refusal(hosts: Sequence[str], origins: Sequence[str]) -> str:
    """Why a request isn't heard; nothing: it is.

    Args:
        hosts: the values of Host.
        origins: the values of Origin.
    """
    far = [host for host in hosts if not is_near(host)]
    if far:
        return f"it asked for {far[0][:80]!r}; ask by this machine's address, or by a name without a dot or in .local"
    if len(hosts) > 1:
        return f"it asked for several hosts, {hosts[0][:80]!r} and others"
    strangers = [
        origin for origin in origins if [origin.lower()] != [f"http://{host}".lower() for host in hosts]
    ]
    return f"it came from a page of {strangers[0][:80]!r}" if strangers else ""


def is_near(host: str) -> bool:
    """Whether a Host, with or without a port, is an address or a name that only this network knows.

    >>> [is_near(host) for host in ("127.0.0.1:9001", "[::1]:9001", "rig.local", "rig:9001", "example.com:9001")]
    [True, True, True, True, False]
    """
    name = host.lower().strip()
    if not name.endswith("]"):
        before, colon, port = name.rpartition(":")
        name = before if colon and port.isdigit() else name
    try:
        ipaddress.ip_address(name.removeprefix("[").removesuffix("]").partition("%")[0])
    except ValueError:
        name = name.rstrip(".")
        return "." not in name or name.endswith(NEAR_ENDINGS) or name == socket.gethostname().lower()
    return True
