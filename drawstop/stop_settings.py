"""What `--set` takes: a stop's value, held, in a span of time, or on a ramp."""

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
        first: its value, or where its ramp begins.
        last: where its ramp ends; the same as `first` where there is none.
        start_seconds: when it begins to hold; None: it holds for the whole piece.
        end_seconds: when it ends; None: with the piece.
    """

    slug: str
    first: float
    last: float
    start_seconds: float | None = None
    end_seconds: float | None = None


def read_setting(text: str) -> Setting:
    """A `--set`'s text.

    Raises:
        DrawstopError: another form, a span that ends before it begins, or a ramp without an end.

    >>> read_setting("guitar=-0.5")
    Setting(slug='guitar', first=-0.5, last=-0.5, start_seconds=None, end_seconds=None)
    >>> read_setting("voice=-1..1@2s..6s")
    Setting(slug='voice', first=-1.0, last=1.0, start_seconds=2.0, end_seconds=6.0)
    >>> read_setting("voice=1@2.5s..").start_seconds
    2.5
    """
    found = _SETTING.fullmatch(text.strip())
    if found is None or not found["slug"].strip():
        raise DrawstopError(
            f"--set takes slug=value with a number, such as guitar=0.8, or with a span, such as guitar=-1@0s..4s or "
            f"guitar=-1..1@2s..6s; got {text!r}"
        )
    first = float(found["first"])
    last = first if found["last"] is None else float(found["last"])
    start, end = (None if found[name] is None else float(found[name]) for name in ("start", "end"))
    if start is not None and end is not None and end <= start:
        raise DrawstopError(f"--set {text}: expected a span that ends after it begins")
    if found["last"] is not None and end is None:
        raise DrawstopError(f"--set {text}: a ramp needs a beginning and an end, such as @2s..6s")
    return Setting(found["slug"].strip(), first, last, start, end)


def parse_setting(text: str) -> tuple[str, float]:
    """`slug=value` to its parts.

    >>> parse_setting("guitar=-0.5")
    ('guitar', -0.5)
    """
    setting = read_setting(text)
    if setting.start_seconds is not None:
        raise DrawstopError(
            f"here --set holds from beginning to end, got {text!r}: leave the span out, or move the stop with --midi"
        )
    return setting.slug, setting.first
