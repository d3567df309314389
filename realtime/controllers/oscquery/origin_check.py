"""Keeps web pages out: any page that is open in a browser could send requests here.

Key idea: a browser sends in Origin whose page opens a WebSocket, and in Host by which name it found this server. A
foreign page can neither leave them out nor choose them. Only the panel, a page of this very server, needs access, and
some programs send the Origin of the server that they ask. That is accepted if its name isn't an internet name;
otherwise a page could make its own name point to this machine once it is loaded (DNS rebinding).
"""

import ipaddress
import socket
from collections.abc import Sequence

NEAR_ENDINGS = (".local", ".localhost", ".lan", ".home", ".internal", ".home.arpa")
"""The endings of names that belong to nobody in the internet."""


def refusal(hosts: Sequence[str], origins: Sequence[str]) -> str:
    """The reason for which a request is refused; empty if it is accepted.

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
    """Whether a Host, with or without a port, is an IP address or a name that only this network knows.

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
