"""Names of files as text: on a terminal or a pipe of any encoding, in a table, in JSON."""

from __future__ import annotations

import codecs
import io
import unicodedata
from collections.abc import Iterable
from pathlib import PurePath
from typing import TextIO

PLAIN = {"−": "-", "–": "-", "→": "->", "·": "|", "×": "x", "“": '"', "”": '"', "…": "..."}
"""Signs of ours that an encoding may lack, in ASCII."""

UNENCODABLE = "drawstop-names"
"""The name of the error handler that writes what an encoding lacks."""


def shown(name: PurePath | str) -> str:
    """A name as one line of text: control characters and bytes that are no UTF-8 as escapes.

    >>> shown("two\\nlines"), shown(PurePath("caf\\udce9.wav"))
    ('two\\\\nlines', 'caf\\\\xe9.wav')
    """
    return "".join(_shown(sign) for sign in str(name))


def same_name(name: str) -> str:
    """A name as it compares: composed, whichever way its accents were written (NFC; macOS stores NFD).

    >>> same_name("Gru\\u0308n") == same_name("Gr\\u00fcn")
    True
    """
    return unicodedata.normalize("NFC", name)


def nearest(word: str, known: Iterable[str]) -> str:
    """The known name that is most like a word, whatever its capitals; "" where none is.

    >>> nearest("Guitr", ["guitar", "voice"]), nearest("organ", ["guitar", "voice"])
    ('guitar', '')
    """
    import difflib  # here, since `drawstop --help` has no time for it

    names = {name.casefold(): name for name in known}
    found = difflib.get_close_matches(word.casefold(), names, n=1)
    return names[found[0]] if found else ""


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """The end of a line about an unknown name.

    >>> did_you_mean("guitr", ["guitar", "voice"]), did_you_mean("x", ["guitar"])
    ("; did you mean 'guitar'?", '')
    """
    meant = nearest(word, known)
    return f"; did you mean {meant!r}?" if meant else ""


def write_anything(*streams: TextIO) -> None:
    """Make streams write what their encoding lacks in ASCII instead of raising UnicodeEncodeError."""
    codecs.register_error(UNENCODABLE, _in_ascii)
    for stream in streams:
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=UNENCODABLE)


def _shown(sign: str) -> str:
    code = ord(sign)
    if 0xDC80 <= code <= 0xDCFF:  # a byte that was no UTF-8: os.fsdecode adds 0xDC00
        return f"\\x{code - 0xDC00:02x}"
    return sign if sign.isprintable() else sign.encode("unicode_escape", "surrogatepass").decode()


def _in_ascii(error: UnicodeError) -> tuple[str | bytes, int]:
    assert isinstance(error, UnicodeEncodeError)
    signs = error.object[error.start : error.end]
    return "".join(PLAIN.get(sign) or _escaped(sign) for sign in signs), error.end


def _escaped(sign: str) -> str:
    text = _shown(sign)
    return text if text.isascii() else sign.encode("unicode_escape").decode()
