"""Announces OSC and OSCQuery in the network (zeroconf, Bonjour), so that surfaces list them by name."""

import ipaddress
import socket
import threading
from collections.abc import Callable, Sequence

import ifaddr
from zeroconf import Error, ServiceInfo, Zeroconf

from drawstop.errors import reason_of

OSCJSON, OSC = "_oscjson._tcp.local.", "_osc._udp.local."
MAX_NAME_BYTES = 50
"""The longest name; the standard allows 63 bytes, and a number is appended to a name that is taken."""


class Announcement:
    """Announces from entering the context to leaving it, from a thread of its own: the network may be slow.

    Args:
        name: the name that surfaces list.
        addresses: this machine's addresses at which it can be reached, from `addresses_of`.
        osc_port: the UDP port.
        query_port: the port of OSCQuery; None: no OSCQuery.
        show_line: takes lines for the user; called from the thread.
    """

    def __init__(
        self,
        name: str,
        addresses: Sequence[str],
        osc_port: int,
        query_port: int | None,
        show_line: Callable[[str], None],
    ) -> None:
        self._addresses, self._show_line = list(addresses), show_line
        services = [(OSC, osc_port), *([(OSCJSON, query_port)] if query_port is not None else [])]
        self._infos = [self._info(service_name(name), kind, port) for kind, port in services]
        self._zeroconf: Zeroconf | None = None
        self._thread = threading.Thread(target=self._announce, name="announce", daemon=True)

    def __enter__(self) -> "Announcement":
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._thread.join()
        if self._zeroconf is not None:
            try:
                self._zeroconf.unregister_all_services()
            except (OSError, Error) as error_:
                self._show_line(f"the announcement of OSC can't be withdrawn ({_reason(error_)})")
            self._zeroconf.close()

    def _announce(self) -> None:
        if not self._addresses:
            self._show_line("OSC can't be announced (this machine is in no network)")
            return
        try:
            self._zeroconf = Zeroconf(self._addresses)
            for info in self._infos:
                self._zeroconf.register_service(info, allow_name_change=True)
                self._show_line(
                    f"{info.name.removesuffix('.local.')} is announced at {', '.join(self._addresses)}"
                )
        except (OSError, Error) as error:
            self._show_line(f"OSC can't be announced ({_reason(error)}); surfaces reach it by its address")

    def _info(self, name: str, kind: str, port: int) -> ServiceInfo:
        host = f"{socket.gethostname().partition('.')[0]}-drawstop-{port}.local."
        return ServiceInfo(
            kind,
            f"{name}.{kind}",
            port,
            parsed_addresses=self._addresses,
            server=host,
            properties={"txtvers": "1"},
        )


def addresses_of(host: str) -> list[str]:
    """This machine's IPv4 addresses at which others reach a server that listens at a host; none if they can't.

    Args:
        host: an address or name, or "0.0.0.0" or "::": all.
    """
    try:
        infos = socket.getaddrinfo(host, None, socket.AF_INET)
        addresses = {ipaddress.ip_address(info[4][0]) for info in infos}
    except OSError:
        addresses = set()
    if host == "::" or any(address.is_unspecified for address in addresses):
        ips = (ip.ip for adapter in ifaddr.get_adapters() for ip in adapter.ips)
        addresses = {ipaddress.ip_address(ip) for ip in ips if isinstance(ip, str)}
    return sorted(str(address) for address in addresses if not address.is_loopback)


def service_name(name: str) -> str:
    """A name shortened to one label of a network name, without dots.

    >>> service_name("Drawstop: no. 5")
    'Drawstop: no 5'
    """
    plain = "".join(char for char in name if char.isprintable() and char != ".")
    return plain.encode()[:MAX_NAME_BYTES].decode(errors="ignore").strip() or "Drawstop"


def _reason(error: Exception) -> str:
    return reason_of(error) if isinstance(error, OSError) else f"{type(error).__name__} {error}".strip()
