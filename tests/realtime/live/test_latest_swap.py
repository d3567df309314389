"""Where several requests come during a swap, the last is carried out."""

import threading
from pathlib import Path

from drawstop.errors import DrawstopError
from realtime.live.latest_swap import LatestSwap
from tests.helpers.waiting import PATIENCE_S, wait_for


class Loading:
    """Swaps that end when `let_end` allows it."""

    def __init__(self) -> None:
        self.begun, self.may_end = threading.Semaphore(0), threading.Semaphore(0)
        self.loaded: list[str] = []
        self.notes: list[str] = []
        self.swaps = LatestSwap(self.swap_to, self.notes.append)

    def swap_to(self, path: Path) -> None:
        self.begun.release()
        assert self.may_end.acquire(timeout=PATIENCE_S)
        if path.stem == "broken":
            raise DrawstopError("broken.ts is broken")
        self.loaded.append(path.stem)

    def ask(self, *names: str) -> None:
        for name in names:
            self.swaps.ask(Path(f"{name}.ts"))

    def let_end(self, count: int) -> None:
        for _ in range(count):
            self.may_end.release()


def test_keys_pressed_quickly_end_at_the_last_and_a_version_saved_meanwhile_comes_after() -> None:
    loading = Loading()
    loading.ask("one")
    assert loading.begun.acquire(timeout=PATIENCE_S)
    loading.ask("two", "three", "one", "four", "one")  # the same file again: a newer version
    assert loading.swaps.superseded and loading.swaps.busy
    loading.let_end(2)
    assert loading.begun.acquire(timeout=PATIENCE_S)
    loading.swaps.close()
    assert loading.loaded == ["one", "one"]
    assert not loading.swaps.busy


def test_an_error_is_reported_unless_a_newer_request_waits() -> None:
    loading = Loading()
    loading.ask("broken")
    assert loading.begun.acquire(timeout=PATIENCE_S)
    loading.ask("broken")
    loading.let_end(1)
    assert loading.begun.acquire(timeout=PATIENCE_S)
    loading.let_end(1)
    wait_for(lambda: not loading.swaps.busy, "the end of the swap")
    assert loading.notes == ["broken.ts is broken"]
    loading.swaps.close()
    loading.ask("one")
    assert loading.loaded == []
