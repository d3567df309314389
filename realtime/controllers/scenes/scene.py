"""A scene: the values of some stops, under a name; and mixtures of several scenes."""

import math
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from drawstop.errors import DrawstopError
from realtime.engine.control_signals import Ranged

LONGEST_NAME = 100
LONGEST_SECONDS = 3600.0
LONGEST_BEATS = 4096.0
CORNERS = 4


@dataclass(frozen=True)
class Scene:
    """Values of some stops under a name.

    Args:
        name: for people; controllers use its slug.
        values: by stop slug. A stop that it doesn't name keeps its value at a recall.
        seconds: duration of its recall, unless the recall gives one.
        beats: the same in quarter notes.

    Raises:
        DrawstopError: a name without a letter or digit, a value that is no number, a duration out of range.
    """

    name: str
    values: Mapping[str, float]
    seconds: float | None = None
    beats: float | None = None

    def __post_init__(self) -> None:
        scene_slug(self.name)
        for slug, value in self.values.items():
            if not math.isfinite(value):
                raise DrawstopError(f"{slug} = {value} is no value for a stop; give a number")
        check_times(self.seconds, self.beats)

    @property
    def slug(self) -> str:
        """The name's slug, as in the OSC address `/scene/<slug>`."""
        return scene_slug(self.name)


def scene_slug(name: str) -> str:
    """The slug of a name: small letters without accents, with _ for all that is no letter or digit.

    >>> scene_slug("Verse 1"), scene_slug("Été -- plein")
    ('verse_1', 'ete_plein')

    Raises:
        DrawstopError: nothing is left, or the name is too long.
    """
    plain = "".join(char for char in unicodedata.normalize("NFKD", name) if not unicodedata.combining(char))
    slug = re.sub(r"[\W_]+", "_", plain.lower()).strip("_")
    if not slug or len(name) > LONGEST_NAME:
        raise DrawstopError(
            f"a scene's name has a letter or digit and at most {LONGEST_NAME} characters, got {name[:LONGEST_NAME]!r}"
        )
    return slug


def check_times(seconds: float | None, beats: float | None) -> None:
    """Check the duration of a recall.

    Raises:
        DrawstopError: both given, below 0, too long, or no number.
    """
    if seconds is not None and beats is not None:
        raise DrawstopError(f"got seconds = {seconds:g} and beats = {beats:g}; give one of the two")
    if seconds is not None and not 0 <= seconds <= LONGEST_SECONDS:
        raise DrawstopError(f"a recall takes 0 to {LONGEST_SECONDS:g} seconds, got {seconds:g}")
    if beats is not None and not 0 <= beats <= LONGEST_BEATS:
        raise DrawstopError(f"a recall takes 0 to {LONGEST_BEATS:g} beats, got {beats:g}")


def mixed(scenes: Sequence[tuple[Mapping[str, float], float]], base: Mapping[str, float]) -> dict[str, float]:
    """Weighted mean of scenes' values, for each stop of `base` that one of them names.

    Args:
        scenes: values by stop, and weight; the weights sum to 1.
        base: the value of a stop in a scene that doesn't name it.
    """
    slugs = dict.fromkeys(slug for values, _ in scenes for slug in values)
    return {
        slug: math.fsum(weight * values.get(slug, base[slug]) for values, weight in scenes)
        for slug in slugs
        if slug in base
    }


def corner_weights(x: float, y: float) -> tuple[float, float, float, float]:
    """A point of the pad as weights of its corners (0, 0), (1, 0), (0, 1), (1, 1); a point beyond the edge is moved to it.

    Raises:
        DrawstopError: a coordinate that is no number.
    """
    x, y = share(x), share(y)
    return (1 - x) * (1 - y), x * (1 - y), (1 - x) * y, x * y


def share(x: float) -> float:
    """A number clipped to 0..1. Raises DrawstopError for what is no number."""
    if math.isnan(x):
        raise DrawstopError("a morph goes from 0 to 1, got nan")
    return min(max(float(x), 0.0), 1.0)


def clipped(target: Ranged, value: float) -> float:
    """A value clipped to the target's range."""
    return min(max(float(value), target.minimum), target.maximum)
