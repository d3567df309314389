"""What `make_instrument` reports on its way: broken off at a step, and compared with the plan."""

from collections.abc import Callable, Sequence

from export.make.options import MakeRequest
from export.make.plan import planned_steps


class BrokenOffError(Exception):
    """Stands for whatever ends the process."""


def broken_off_at(step: str) -> Callable[[str, int, int], None]:
    """A progress function that raises BrokenOffError at a step that begins with this."""

    def progress(what: str, done: int, total: int) -> None:
        if what.startswith(step):
            raise BrokenOffError

    return progress


def check_reported_as_planned(request: MakeRequest, reported: Sequence[tuple[str, int, int]]) -> None:
    """Asserts that exactly the plan's parts were reported, in its order, each to its end."""
    names = [name for step in planned_steps(request) for name, _ in step]
    assert list(dict.fromkeys(what for what, _, _ in reported)) == names
    assert {what for what, done, total in reported if done == total} == set(names)
