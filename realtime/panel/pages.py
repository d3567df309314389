"""The panel's files, read once from the package, as responses to HTTP requests."""

from collections.abc import Callable, Sequence
from importlib.resources import files

from realtime.controllers.osc.clients import Client
from realtime.controllers.oscquery.http_answers import HttpResponse
from realtime.panel.access import CODE_PICTURE, PanelAccess

PATH = "/panel/"
"""The panel's path on OSCQuery's port."""

INDEX = "index.html"
CONTENT_TYPES = {".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}

HEADERS = {
    # everything from this server, nothing inline, no frame around it
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class PanelPages:
    """Serves the panel's files; implements `realtime.controllers.oscquery.service.WebPages`.

    Args:
        access: whom the port serves.
        code_picture: returns the present address as a QR code, an SVG; None: no other machine reaches the panel.
    """

    def __init__(self, access: PanelAccess, code_picture: Callable[[], str] | None = None) -> None:
        self._access, self._code_picture = access, code_picture
        self._answers = {
            file.name: HttpResponse(
                200, file.read_text("utf-8"), content_type=f"{kind}; charset=utf-8", headers=HEADERS
            )
            for file in files("realtime.panel").joinpath("page").iterdir()
            for suffix, kind in CONTENT_TYPES.items()
            if file.name.endswith(suffix)
        }

    def admit(self, client: Client, target: str, cookies: Sequence[str]) -> HttpResponse | None:
        """The response to a request that isn't let in, or that has brought the code; None: it is let in."""
        return self._access.admit(client, target, cookies)

    def answer(self, target: str) -> HttpResponse | None:
        """The file at a target; None: the target isn't the panel's."""
        path = target.partition("?")[0].partition("#")[0]
        if path == PATH.rstrip("/"):
            return HttpResponse(303, content_type="text/plain", headers={"Location": PATH})
        if not path.startswith(PATH):
            return None
        name = path.removeprefix(PATH) or INDEX
        if name == CODE_PICTURE and self._code_picture is not None:
            return HttpResponse(200, self._code_picture(), content_type="image/svg+xml", headers=HEADERS)
        return self._answers.get(name) or HttpResponse(404, error=f"no file is at {path[:80]!r}")
