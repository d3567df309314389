"""Proof that an instrument file does in a host what it promises: called from disk, as nn~ would call it.

Every check compares outputs. A failure names what was expected, what came, and the likely cause.
"""

import functools
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from drawstop.base.description import EXTRA_FILE, InstrumentDescription
from drawstop.base.errors import DrawstopError
from training.models.rave import RaveModel

BLOCKS = 6
SEED = 20260101


@dataclass(frozen=True)
class Check:
    """One thing that was looked at: its name, whether it held, and what was seen."""

    name: str
    passed: bool
    seen: str


def open_instrument(path: Path) -> tuple[torch.jit.ScriptModule, InstrumentDescription]:
    """Loads an instrument and its description. Raises DrawstopError for a file that is none."""
    if not path.is_file():
        raise DrawstopError(f"no instrument at {path}: bake one with drawstop bake MODEL BANK -o X.ts")
    extra: dict[str, Any] = {EXTRA_FILE: ""}
    try:
        script = torch.jit.load(str(path), map_location="cpu", _extra_files=extra)
    except (RuntimeError, ValueError) as error:
        raise DrawstopError(f"{path} is no TorchScript file, or it is damaged: bake it again") from error
    script.eval()
    text = extra[EXTRA_FILE]
    if not text:
        raise DrawstopError(
            f"{path} is TorchScript but no Drawstop instrument: bake one with drawstop bake MODEL BANK "
            f"-o X.ts"
        )
    return script, InstrumentDescription.from_json(text.decode() if isinstance(text, bytes) else text)


def verify(path: Path, model: Path | None = None) -> list[Check]:
    """Runs every check on an instrument file; with the RAVE it was made from, also the neutral bits.

    Raises DrawstopError where the file can't be loaded at all.
    """
    _, description = open_instrument(path)
    checks = [_interface(path, description), _attributes(path, description)]
    checks += [_blocks(path, description), _hostile_input(path, description), _reset(path, description)]
    if model is not None:
        checks += [_neutral(path, model, description, noise) for noise in (1, 0)]
    return checks


def require(checks: list[Check]) -> None:
    """Raises DrawstopError naming the checks that failed."""
    failed = [f"{check.name}: {check.seen}" for check in checks if not check.passed]
    if failed:
        raise DrawstopError("the instrument failed its verification: " + "; ".join(failed))


def _interface(path: Path, description: InstrumentDescription) -> Check:
    script, _ = open_instrument(path)
    seen = []
    for name in script.get_methods():
        parameters = getattr(script, f"{name}_params", None)
        if not isinstance(parameters, Tensor) or parameters.numel() != 4:
            return Check(
                "interface", False, f"method {name} has no tensor {name}_params: nn~ would not find it"
            )
        inlets, in_ratio, _, out_ratio = (int(value) for value in parameters)
        if (
            len(getattr(script, f"{name}_input_labels")) != inlets
            or in_ratio & (in_ratio - 1)
            or out_ratio & (out_ratio - 1)
        ):
            return Check(
                "interface", False, f"method {name}: labels or ratios are wrong ({parameters.tolist()})"
            )
        seen.append(name)
    wanted = {stop.slug for stop in description.stops} | {"ramp", "bypass", "noise", "reset"}
    missing = wanted - set(script.get_attributes())
    return Check(
        "interface", not missing, f"methods {', '.join(seen)}" + (f"; missing {missing}" if missing else "")
    )


def _attributes(path: Path, description: InstrumentDescription) -> Check:
    script, _ = open_instrument(path)
    for stop in description.stops:
        for sent, expected in ((-0.25, -0.25), (5.0, 1.0), (float("nan"), 1.0), (0.0, 0.0)):
            code = getattr(script, f"set_{stop.slug}")(float(f"{sent:f}"))
            came = getattr(script, f"get_{stop.slug}")()[0]
            if code != 0 or came != expected:
                return Check(
                    "attributes",
                    False,
                    f"set {stop.slug} {sent}: expected {expected}, got {came} (code {code})",
                )
    return Check("attributes", True, f"{len(script.get_attributes())} set, clamped and read back")


def _blocks(path: Path, description: InstrumentDescription) -> Check:
    """Every method at three block sizes: the length and type nn~ demands.

    Lengths don't depend on torch's optimiser, which takes seconds per method and shape: it is off here, and on
    in the checks that compare bits.
    """
    script, _ = open_instrument(path)
    for size in (description.ratio, 4 * description.ratio, 16 * description.ratio):
        for name in script.get_methods():
            inlets, in_ratio, outlets, out_ratio = (int(value) for value in getattr(script, f"{name}_params"))
            for voices in (1, 2):
                block = noise_block(voices, inlets, size // in_ratio, SEED)
                with torch.jit.optimized_execution(False):  # type: ignore[attr-defined]
                    out = _perform(script, name, block)
                if out.dtype != torch.float32 or out.shape != (voices, outlets, size // out_ratio):
                    return Check("blocks", False, f"{name} at {size}: got {list(out.shape)} {out.dtype}")
    return Check("blocks", True, "every method gives its length, one and two voices")


def _hostile_input(path: Path, description: InstrumentDescription) -> Check:
    script, _ = open_instrument(path)
    for value in (float("nan"), float("inf"), -float("inf"), 1e30, 1e-40):
        block = torch.full((1, description.channels_in, 4 * description.ratio), value)
        if not torch.isfinite(_perform(script, "forward", block)).all():
            return Check("hostile input", False, f"an input of {value} came out not finite")
    return Check("hostile input", True, "NaN, infinities and denormals give finite sound")


def _reset(path: Path, description: InstrumentDescription) -> Check:
    script, _ = open_instrument(path)
    blocks = [noise_block(1, description.channels_in, 4 * description.ratio, SEED + i) for i in range(3)]
    first = [_seeded(functools.partial(_perform, script, "forward", block)) for block in blocks]
    script.set_reset(1)
    second = [_seeded(functools.partial(_perform, script, "forward", block)) for block in blocks]
    same = all(torch.equal(a, b) for a, b in zip(first, second, strict=True))
    return Check(
        "reset", same, "same bits after a reset" if same else "a reset leaves something in the caches"
    )


def _neutral(path: Path, model: Path, description: InstrumentDescription, noise: int) -> Check:
    """Every knob at 0 against the plain RAVE, the same inner blocks, both from fresh caches."""
    name = f"neutral, noise {noise}"
    script, _ = open_instrument(path)
    script.set_noise(noise)
    rave = RaveModel(model)
    plain = rave.script if noise else rave.core
    for index in range(BLOCKS):
        block = noise_block(1, description.channels_in, 4 * description.ratio, SEED + index)
        ours = _seeded(functools.partial(_perform, script, "forward", block))
        theirs = _seeded(functools.partial(_plain, plain, block))
        if not torch.equal(ours, theirs):
            return Check(
                name, False, f"block {index} differs from the plain RAVE by {(ours - theirs).abs().max():.2e}"
            )
    return Check(name, True, "bit for bit the plain RAVE")


def noise_block(voices: int, channels: int, samples: int, seed: int) -> Tensor:
    """A block of seeded noise at -20 dBFS. `[voices, channels, samples]`."""
    return 0.1 * torch.randn(voices, channels, samples, generator=torch.Generator().manual_seed(seed))


def _perform(script: torch.jit.ScriptModule, method: str, block: Tensor) -> Tensor:
    with torch.inference_mode():
        out: Tensor = getattr(script, method)(block)
    return out.clone()


@torch.inference_mode()
def _plain(rave: torch.nn.Module, block: Tensor) -> Tensor:
    return rave(block).clone()


def _seeded(call: Callable[[], Tensor]) -> Tensor:
    """Runs a call with torch's generator seeded, and leaves the generator as it was."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(SEED)
        return call()
