"""The settings that `--set` takes: a stop's value, constant, in a span of time, or on a ramp."""

import re
from dataclasses import dataclass

from drawstop.errors import DrawstopError

_NUMBER = r"[-+]?(?:(?:\d+(?:\.\d+)?|\.\d+)(?:[eE][-+]?\d+)?|nan|inf)"  # the last two, so that their range is what is refused
_TIME = r"(?:\d+(?:\.\d+)?|\.\d+)"
_SETTING = re.compile(
    rf"(?P<slug>[^=]+)=(?P<first>{_NUMBER})(?:\.\.(?P<last>{_NUMBER}))?"
    rf"(?:@(?P<start>{_TIME})s?(?:\.\.(?:(?P<end>{_TIME})s?)?)?)?"
)


@dataclass(frozen=True)
class Setting:
    """One movement of one stop.

    Attributes:
        slug: the stop.
        first: its value, or the start of its ramp.
        last: the end of its ramp; the same as `first` where there is none.
        start_seconds: the start of its span; None: it holds for the whole piece.
        end_seconds: the end of its span; None: the end of the piece.
    """

    slug: str
    first: float
    last: float
    start_seconds: float | None = None
    end_seconds: float | None = None


def read_setting(text: str) -> Setting:
    """Parse the text of one `--set`.

    Raises:
        DrawstopError: text of another form, a span that ends before it begins, or a ramp without an end.

    >>> read_setting("guitar=-0.5")
    Setting(slug='guitar', first=-0.5, last=-0.5, start_seconds=None, end_seconds=None)
    >>> read_setting("voice=-1..1@2s..6s")
    Setting(slug='voice', first=-1.0, last=1.0, start_seconds=2.0, end_seconds=6.0)
    >>> read_setting("voice=1@2.5s..").start_seconds
    2.5
    """
    match = _SETTING.fullmatch(text.strip())
    if match is None or not match["slug"].strip():
        raise DrawstopError(
            f"--set takes slug=value with a number, such as guitar=0.8, or with a span, such as guitar=-1@0s..4s or "
            f"guitar=-1..1@2s..6s; got {text!r}{_meant(text)}"
        )
    first = float(match["first"])
    last = first if match["last"] is None else float(match["last"])
    start, end = (None if match[name] is None else float(match[name]) for name in ("start", "end"))
    if start is not None and end is not None and end <= start:
        raise DrawstopError(f"--set {text}: expected a span that ends after it begins")
    if match["last"] is not None and end is None:
        raise DrawstopError(f"--set {text}: a ramp needs a beginning and an end, such as @2s..6s")
    return Setting(match["slug"].strip(), first, last, start, end)


def _meant(text: str) -> str:
    """The right form of a setting that is nearly one, as the end of a line; "" where it can't be told.

    >>> _meant("guitar:1"), _meant("guitar=-1,voice=.5"), _meant("guitar")
    ('; did you mean --set guitar=1?', '; did you mean --set guitar=-1 --set voice=.5?', '')
    """
    parts = [re.sub(r"\s*[:=]\s*|\s+", "=", part.strip(), count=1) for part in re.split(r"[,;]", text)]
    meant = " ".join(f"--set {part}" for part in parts if _SETTING.fullmatch(part))
    return f"; did you mean {meant}?" if meant.count("--set") == len(parts) else ""


def parse_setting(text: str) -> tuple[str, float]:
    """Split `slug=value` into slug and value.

    >>> parse_setting("guitar=-0.5")
    ('guitar', -0.5)
    """
    setting = read_setting(text)
    if setting.start_seconds is not None:
        raise DrawstopError(
            f"here --set holds from beginning to end, got {text!r}: leave the span out, or move the stop with --midi"
        )
    return setting.slug, setting.first
