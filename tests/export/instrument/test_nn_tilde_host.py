"""The imitation of nn~ does what was measured of nn~ (`nn_tilde_contract.md` has it): good habits and bad."""

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import torch
from torch import Tensor, nn

from drawstop.errors import DrawstopError
from export.instrument.nn_tilde_host import NnTildeHost

pytestmark = pytest.mark.slow

if TYPE_CHECKING:
    from export.instrument.bake import Baked


class Box(nn.Module):
    """A module as nn~ loads it, with a fault for each number that its switch is set to."""

    forward_params: Tensor
    slow_params: Tensor
    fault_params: Tensor
    flag_params: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.fault: tuple[int] = (0,)
        self.flag: tuple[bool] = (False,)
        self.register_buffer("forward_params", torch.tensor([1, 1, 2, 1]))
        self.register_buffer("slow_params", torch.tensor([1, 256, 1, 256]))
        self.register_buffer("fault_params", torch.tensor([1]))
        self.register_buffer("flag_params", torch.tensor([0]))

    @torch.jit.export
    def get_methods(self) -> list[str]:
        return ["forward", "slow"]

    @torch.jit.export
    def get_attributes(self) -> list[str]:
        return ["fault", "flag", "none"]

    def forward(self, x: Tensor) -> Tensor:
        if self.fault[0] == 1:
            raise RuntimeError("on purpose")
        if self.fault[0] == 2:
            return torch.cat([x, x], 1).double()
        if self.fault[0] == 3:
            return torch.cat([x, x], 1)[..., :-1]
        return torch.cat([x, -x], 1)

    @torch.jit.export
    def slow(self, x: Tensor) -> Tensor:
        return x

    @torch.jit.export
    def set_fault(self, value: int) -> int:
        self.fault = (value,)
        return 0 if value >= 0 else 1

    @torch.jit.export
    def get_fault(self) -> int:
        return self.fault[0]

    @torch.jit.export
    def set_flag(self, value: bool) -> int:
        self.flag = (value,)
        return 0

    @torch.jit.export
    def get_flag(self) -> tuple[bool]:
        return self.flag


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("box") / "box.ts"
    torch.jit.save(torch.jit.script(Box().eval()), str(path))
    return path


def ramp(host: NnTildeHost) -> Tensor:
    return torch.arange(host.buffer, dtype=torch.float32).reshape(1, 1, -1)


@pytest.mark.parametrize(
    "asked, given", [(0, 256), (64, 256), (256, 256), (257, 512), (3000, 4096), (8192, 8192)]
)
def test_the_buffer_is_a_power_of_two_and_at_least_the_largest_ratio(
    box: Path, asked: int, given: int
) -> None:
    host = NnTildeHost(box, buffer=asked)
    assert host.buffer == given
    assert host.delay_samples == 2 * given - 64


def test_a_slow_inlet_takes_the_last_sample_of_each_group_and_an_outlet_repeats(box: Path) -> None:
    host = NnTildeHost(box, "slow", buffer=1024)
    assert host.perform(ramp(host))[0, 0, ::256].tolist() == [255, 511, 767, 1023]
    assert host.perform(ramp(host))[0, 0, :256].eq(255).all()


@pytest.mark.parametrize("fault, silent", [(1, False), (2, True), (3, True)])
def test_a_failure_is_reported_and_repeats_or_silences(box: Path, fault: int, silent: bool) -> None:
    host = NnTildeHost(box)
    good = host.perform(ramp(host))
    host.set("fault", fault)
    assert host.errors == []
    out = host.perform(torch.zeros(1, 1, host.buffer) + 5)
    assert len(host.errors) == 1
    assert out.eq(0).all() if silent else torch.equal(out, good)
    host.set("fault", 0)
    assert host.perform(torch.zeros(1, 1, host.buffer) + 5)[0, 0].eq(5).all()


def test_numbers_travel_as_text(box: Path) -> None:
    host = NnTildeHost(box)
    host.set("fault", 2.9)
    assert host.module.get_fault() == 2
    host.set("flag", 0.0)
    assert host.get("flag") == (True,)  # "0.000000" isn't "0"
    assert host.errors == []


def test_what_nn_would_refuse_is_reported(box: Path) -> None:
    host = NnTildeHost(box)
    for name, values in (("none", (1,)), ("fault", (1, 2)), ("fault", (-3,))):
        host.set(name, *values)
    assert host.get("fault") is None
    assert [error.split(":")[0] for error in host.errors] == [
        "set none",
        "set fault",
        "set fault",
        "get fault",
    ]
    with pytest.raises(DrawstopError, match="no method sing"):
        NnTildeHost(box, "sing")


def test_a_setter_beside_a_playing_box_and_a_reload_harm_nothing(baked: "Baked") -> None:
    host = NnTildeHost(baked.path, "play")
    sound = torch.zeros(1, host.inlets, host.buffer)
    for value in (-1.0, 0.3, 1.0):
        host.set("guitar", value)
        host.reload()
        host.perform(sound)
    assert host.errors == []
    assert host.get("guitar") == (1.0,)
