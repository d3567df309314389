"""What a Neutone model says about itself, within the SDK's limits of length."""

from dataclasses import dataclass, field

from drawstop import __version__
from drawstop.errors import DrawstopError
from drawstop.instrument_description import InstrumentDescription

NAME_LIMIT, SHORT_LIMIT, LONG_LIMIT = 30, 150, 500
AUTHORS_LIMIT = 5
LICENCE = (
    "Made with Drawstop (MIT). The file holds compiled code of acids-rave and cached_conv, CC BY-NC 4.0: "
    "not for commercial use; and of the Neutone SDK, LGPL-2.1. Its weights have their makers' licences."
)


@dataclass(frozen=True)
class Texts:
    """The texts of one model.

    Raises:
        DrawstopError: a name or authors beyond the SDK's limits.
    """

    name: str
    short: str
    long: str
    technical: str
    version: str = __version__
    authors: tuple[str, ...] = ("Drawstop",)
    tags: list[str] = field(default_factory=lambda: ["drawstop", "rave", "separation"])

    def __post_init__(self) -> None:
        if not 0 < len(self.name) <= NAME_LIMIT:
            raise DrawstopError(
                f"a model's name has 1 to {NAME_LIMIT} letters, got {self.name!r}: give another with --name"
            )
        if (
            not 0 < len(self.authors) <= AUTHORS_LIMIT
            or not all(self.authors)
            or len(set(self.authors)) < len(self.authors)
        ):
            raise DrawstopError(
                f"expected 1 to {AUTHORS_LIMIT} different authors, got {', '.join(self.authors)!r}"
            )


def texts_of(
    description: InstrumentDescription, knobs: tuple[str, ...], name: str = "", authors: tuple[str, ...] = ()
) -> Texts:
    """The texts of an instrument; `name` and `authors` take the place of its own."""
    stops = ", ".join(knobs)
    milliseconds = 1000 * description.delay_samples / description.sample_rate
    short = f"Takes concepts out of the sound or brings them in: {stops}. All knobs at rest: as played."
    long = (
        f"Each knob is a concept, found inside a neural audio model: 0 takes it away, 0.5 leaves it as played, 1 brings it in "
        f"where the model can. Knobs: {stops}. {description.sample_rate} Hz, {description.channels_in} in, "
        f"{description.channels_out} out; {milliseconds:.1f} ms late, which the host makes up for."
    )
    technical = (
        f"Model {description.model_fingerprint[:16]}, bank {description.bank_fingerprint[:16]}, latent frames of "
        f"{description.ratio} samples. {LICENCE}"
    )
    return Texts(
        name or description.name[:NAME_LIMIT],
        _cut(short, SHORT_LIMIT),
        _cut(long, LONG_LIMIT),
        _cut(technical, LONG_LIMIT),
        authors=authors or ("Drawstop",),
    )


def _cut(text: str, limit: int) -> str:
    """The text, or as much of it as fits, with an ellipsis."""
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"
