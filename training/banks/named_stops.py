"""The stops of a bank of either kind, by their names."""

from collections.abc import Sequence
from typing import Protocol, TypeVar

from drawstop.errors import DrawstopError
from drawstop.names import did_you_mean


class Named(Protocol):
    """A stop of either kind."""

    @property
    def name(self) -> str:
        """What the user called it."""

    @property
    def slug(self) -> str:
        """An ASCII identifier made from the name."""


S = TypeVar("S", bound=Named)


def stop_named(stops: Sequence[S], slug: str) -> S:
    """The stop of a slug or name. Raises DrawstopError naming the known ones."""
    for stop in stops:
        if slug in (stop.slug, stop.name):
            return stop
    known = ", ".join(stop.slug for stop in stops) or "none"
    raise DrawstopError(f"no stop {slug} in this bank: it has {known}{did_you_mean(slug, known.split(', '))}")


def with_stop(stops: Sequence[S], stop: S) -> tuple[S, ...]:
    """The stops with one added at the end; any other of its name is left out."""
    return (*(other for other in stops if other.name != stop.name), stop)
