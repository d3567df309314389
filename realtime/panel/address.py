"""The address at which people open the panel, and its QR code for a telephone's camera."""

import io

import segno

from realtime.controllers.oscquery.zeroconf import addresses_of
from realtime.panel.access import CODE, PanelAccess, is_this_machine
from realtime.panel.pages import PATH


def panel_address(host: str, port: int, access: PanelAccess) -> str:
    """The panel's address, with the present code where other machines can reach it.

    Args:
        host: the address at which the server listens.
        port: its port.
        access: holds the code.
    """
    if is_this_machine(host):
        return f"http://{host}:{port}{PATH}"
    reachable = next(iter(addresses_of(host)), "127.0.0.1")
    return f"http://{reachable}:{port}{PATH}?{CODE}={access.code}"


def qr_code(address: str) -> str:
    """An address as a QR code for a terminal, two rows of it in one line of text.

    >>> len(qr_code("http://127.0.0.1:9001/panel/").splitlines()) < 20
    True
    """
    text = io.StringIO()
    segno.make(address, error="l", micro=False).terminal(out=text, border=2, compact=True)
    return text.getvalue()


def qr_picture(address: str) -> str:
    """An address as a QR code, black on white whatever is around it: an SVG."""
    content = io.BytesIO()
    segno.make(address, error="l", micro=False).save(content, kind="svg", border=4, light="#fff", dark="#000")
    return content.getvalue().decode()
