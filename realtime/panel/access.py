"""Decides whom the panel's port serves: this machine, and other machines that have brought the code.

Key idea: whoever opens the panel to a network shows its address, with a code, to those who may play: as text and as a
QR code. The code is made anew for each performance. A browser brings it once and is given a cookie in exchange, with
which its later requests and its WebSocket are let in; the address without the code is of no use.
"""

import ipaddress
import secrets
from collections.abc import Sequence
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qs

from realtime.controllers.osc.clients import Client
from realtime.controllers.oscquery.http_answers import Answer

CODE_BYTES = 12
"""96 random bits: too many to guess, and few enough for a small QR code."""
CODE = "code"
"""The query's parameter that holds the code."""

NO_CODE = (
    "This panel opens with the address or QR code that drawstop play prints. Each performance has a new one: "
    "scan it again."
)


class PanelAccess:
    """The code of one performance, and the cookie that it is exchanged for.

    Args:
        path: the panel's path; requests for it, or for what is below it, always need the code from other machines.
        port: names the cookie: several performances on one machine have one each.
        open_paths: whether other machines may make all other requests without the code.

    Attributes:
        code: the code.
    """

    def __init__(self, path: str, port: int, open_paths: bool = False) -> None:
        self._path, self._cookie, self._open_paths = path, f"drawstop_{port}", open_paths
        self.code, self._token = secrets.token_urlsafe(CODE_BYTES), secrets.token_urlsafe(CODE_BYTES)

    def admit(self, client: Client, target: str, cookies: Sequence[str]) -> Answer | None:
        """The response to a request that isn't let in, or that has brought the code; None: it is let in.

        Args:
            client: the client that asks.
            target: path and perhaps a query.
            cookies: the values of Cookie.
        """
        path, _, query = target.partition("?")
        is_panel = (path + "/").startswith(self._path)
        brought = parse_qs(query).get(CODE, []) if is_panel else []
        if brought and _equal(brought[0], self.code):
            cookie = f"{self._cookie}={self._token}; Path=/; HttpOnly; SameSite=Lax"
            return Answer(
                303, content_type="text/plain", headers={"Location": self._path, "Set-Cookie": cookie}
            )
        if is_this_machine(client.host) or (self._open_paths and not is_panel):
            return None
        if any(_equal(value, self._token) for value in self._values(cookies)):
            return None
        return Answer(403, NO_CODE, "came without this performance's code", "text/plain; charset=utf-8")

    def _values(self, cookies: Sequence[str]) -> list[str]:
        """The values of this panel's cookie in a request."""
        values = []
        for text in cookies:
            try:
                morsel = SimpleCookie(text).get(self._cookie)
            except CookieError:
                continue
            if morsel is not None:
                values.append(morsel.value)
        return values


def is_this_machine(host: str) -> bool:
    """Whether an address or name is the loopback's.

    >>> [is_this_machine(host) for host in ("127.0.0.1", "::ffff:127.0.0.1", "localhost", "192.168.1.2", "rig.local")]
    [True, True, True, False, False]
    """
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return host == "localhost"
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    return address.is_loopback


def _equal(one: str, other: str) -> bool:
    """Whether two secrets are equal; takes as long for any two."""
    return secrets.compare_digest(one.encode(errors="replace"), other.encode())
