"""A training that can be killed: it goes on from its file with the same numbers, and refuses a file that isn't its own."""

from pathlib import Path
from typing import Any

import pytest
import torch

from drawstop.errors import DrawstopError
from training.models.resumable_training import ResumableTraining


class Counting(ResumableTraining):
    """Adds a random number in each step; saves every second step."""

    def __init__(self, path: Path | None, steps: int = 5, name: str = "counting") -> None:
        super().__init__(path, steps)
        self.name, self.total, self.generator = name, torch.zeros(()), torch.Generator().manual_seed(0)
        self.resume()

    def train_step(self) -> dict[str, float]:
        self.total = self.total + torch.rand((), generator=self.generator)
        return {"total": float(self.total)}

    def is_due(self) -> bool:
        return self.step % 2 == 0

    def state(self) -> dict[str, Any]:
        return {"name": self.name, "total": self.total, "random": self.generator.get_state()}

    def load_state(self, state: dict[str, Any]) -> None:
        if state["name"] != self.name:
            raise DrawstopError("another training")
        self.total = state["total"]
        self.generator.set_state(state["random"])


def test_it_goes_on_from_its_file_with_the_same_numbers(tmp_path: Path) -> None:
    whole = Counting(None)
    whole.run()
    Counting(tmp_path / "state.pt").run(until=3)
    seen = list[tuple[int, int]]()
    resumed = Counting(tmp_path / "state.pt")
    assert resumed.step == 3, "the last step of a run is saved, due or not"
    resumed.run(progress=lambda done, of: seen.append((done, of)))
    assert seen == [(4, 5), (5, 5)]
    assert torch.equal(resumed.total, whole.total)


def test_what_was_done_since_the_last_save_is_done_again(tmp_path: Path) -> None:
    training = Counting(tmp_path / "state.pt")

    def interrupt(done: int, of: int) -> None:
        if done == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        training.run(progress=interrupt)
    assert Counting(tmp_path / "state.pt").step == 2


def test_a_damaged_file_and_one_of_another_training_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "state.pt"
    Counting(path).run(until=2)
    with pytest.raises(DrawstopError, match="another training"):
        Counting(path, name="other")
    torch.save({"step": 1, "name": "counting"}, path)
    with pytest.raises(DrawstopError, match="is damaged; delete it"):
        Counting(path)
    path.write_bytes(b"nothing")
    with pytest.raises(DrawstopError, match="is damaged"):
        Counting(path)
