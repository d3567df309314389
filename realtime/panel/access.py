"""Decides whom the panel's port serves: this machine, and other machines that have brought the code.

Key idea: whoever opens the panel to a network shows its address, with a code, to those who may play: as text and as a
QR code. A code lets one browser in: that is given a cookie in exchange, for its later requests and its WebSocket, and
the next browser needs the next code. The address without a code, or with one that was used, is of no use.
"""

import ipaddress
import secrets
from collections.abc import Callable, Sequence
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qs

from realtime.controllers.osc.clients import Client
from realtime.controllers.oscquery.http_answers import HttpResponse

CODE_BYTES = 12
"""96 random bits: too many to guess, and few enough for a small QR code."""
CODE = "code"
"""The query's parameter that holds the code."""

NO_CODE = (
    "This panel opens with the address or QR code that drawstop play shows (key w). Each code lets one browser in, once: "
    "scan the present one."
)

CODE_PICTURE = "code.svg"
"""The name of the present address as a QR code, below the panel's path; for this machine alone."""


class PanelAccess:
    """The present code, and the cookies that earlier ones were exchanged for.

    Args:
        path: the panel's path; requests for it, or for what is below it, always need a code from other machines.
        port: names the cookie: several performances on one machine have one each.
        open_paths: whether other machines may make all other requests without a code.
        on_used: called with a client that has brought the code, when the next one is there.

    Attributes:
        code: the present code.
        used: the number of codes that were used.
    """

    def __init__(
        self,
        path: str,
        port: int,
        open_paths: bool = False,
        on_used: Callable[[Client], None] = lambda client: None,
    ) -> None:
        self._path, self._cookie, self._open_paths = path, f"drawstop_{port}", open_paths
        self._on_used = on_used
        self.code, self.used = secrets.token_urlsafe(CODE_BYTES), 0
        self._tokens: list[str] = []

    def admit(self, client: Client, target: str, cookies: Sequence[str]) -> HttpResponse | None:
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
            return self._exchanged(client, cookies)
        if is_this_machine(client.host):
            return None
        if path == self._path + CODE_PICTURE:
            return HttpResponse(403, error="asked for the code from another machine")
        if (self._open_paths and not is_panel) or self._is_known(cookies):
            # a browser that comes back with the address that it was let in by
            return (
                HttpResponse(303, content_type="text/plain", headers={"Location": self._path})
                if brought
                else None
            )
        return HttpResponse(403, NO_CODE, "came without the present code", "text/plain; charset=utf-8")

    def _exchanged(self, client: Client, cookies: Sequence[str]) -> HttpResponse:
        """Give the browser a cookie in exchange for the code. One that has a cookie already doesn't use the code up."""
        headers = {"Location": self._path}
        if not self._is_known(cookies):
            self._tokens.append(secrets.token_urlsafe(CODE_BYTES))
            headers["Set-Cookie"] = f"{self._cookie}={self._tokens[-1]}; Path=/; HttpOnly; SameSite=Lax"
            self.code, self.used = secrets.token_urlsafe(CODE_BYTES), self.used + 1
            self._on_used(client)
        return HttpResponse(303, content_type="text/plain", headers=headers)

    def _is_known(self, cookies: Sequence[str]) -> bool:
        """Whether a request has the cookie of a browser that was let in."""
        return any(_equal(value, token) for value in self._values(cookies) for token in self._tokens)

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
