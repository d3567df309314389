"""Verifies an instrument file: it is loaded from disk and called as nn~ would call it.

Every check compares outputs. A failure names what was expected, what was returned, and the likely cause.
Boxes are copies of the file as it was read: reading it for each of them took half of the time.
"""

import copy
import functools
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from drawstop.errors import DrawstopError
from drawstop.instrument_description import EXTRA_FILE, InstrumentDescription, MethodDescription
from export.instrument.module import INPUT_LIMIT, LATENT_LIMIT
from export.instrument.nn_tilde_host import DEFAULT_BUFFER, NnTildeHost
from training.models.rave.model import RaveModel
from training.models.threads import fixed_threads

BLOCKS = 6
VOICES = 2
LARGE_BUFFER = 8192
HOSTILE = (float("nan"), float("inf"), -float("inf"), 1e30, 1e-40)
SEED = 20260101

Box = Callable[..., NnTildeHost]


@dataclass(frozen=True)
class Check:
    """The result of one check: its name, whether it passed, and what was seen."""

    name: str
    passed: bool
    seen: str


def open_instrument(path: Path) -> tuple[torch.jit.ScriptModule, InstrumentDescription]:
    """Load an instrument and its description. Raises DrawstopError for a file that is no instrument."""
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
    """Run every check on an instrument file; given the RAVE that it was made from, compare the neutral bits too.

    Raises:
        DrawstopError: the file can't be loaded at all.
    """
    script, description = open_instrument(path)
    box = functools.partial(_box, path, script)
    # A team of threads costs small models more than it gives, above all in threads of their own.
    with fixed_threads(1):
        unplayed = functools.partial(NnTildeHost, path, loaded=script)
        checks = [_interface(unplayed, description), _attributes(box, description)]
        checks += [_methods(box, description), _reset(copy.deepcopy(script), description)]
        if model is not None:
            checks += [_neutral(path, model, description, noise) for noise in (1, 0)]
    return checks


def require(checks: list[Check]) -> None:
    """Raise DrawstopError naming the checks that failed."""
    failed = [f"{check.name}: {check.seen}" for check in checks if not check.passed]
    if failed:
        raise DrawstopError("the instrument failed its verification: " + "; ".join(failed))


def _box(
    path: Path,
    script: torch.jit.ScriptModule,
    method: str = "forward",
    buffer: int = DEFAULT_BUFFER,
    voices: int = 1,
) -> NnTildeHost:
    """A box with a copy of an instrument."""
    return NnTildeHost(path, method, buffer, voices, loaded=copy.deepcopy(script))


def _interface(box: Box, description: InstrumentDescription) -> Check:
    """Check that the methods and attributes which nn~ finds are those of the description, and no others."""
    seen = []
    for method in description.methods:
        try:
            module = box(method.name).module
        except DrawstopError as error:
            return Check("interface", False, str(error))
        wanted = [len(method.inlets), method.in_ratio, len(method.outlets), method.out_ratio]
        labels = [list(getattr(module, f"{method.name}_{side}_labels", [])) for side in ("input", "output")]
        parameters = getattr(module, f"{method.name}_params").tolist()
        if parameters != wanted or labels != [list(method.inlets), list(method.outlets)]:
            return Check(
                "interface", False, f"{method.name}: expected {wanted}, got {parameters} and {labels}"
            )
        seen.append(method.name)
    attributes = [stop.slug for stop in description.stops] + ["ramp", "bypass", "noise", "reset"]
    if list(module.get_methods()) != seen or list(module.get_attributes()) != attributes:
        return Check("interface", False, f"expected {seen} and {attributes}: bake it again")
    return Check("interface", True, f"methods {', '.join(seen)}")


def _attributes(box: Box, description: InstrumentDescription) -> Check:
    """Check that every attribute can be set from Pd's text while blocks play, is clamped, and can be read back."""
    host = box()
    sounding = noise_block(1, host.inlets, host.buffer, SEED)
    sent: dict[str, tuple[tuple[float, float], ...]] = {
        stop.slug: ((-0.25, -0.25), (5.0, stop.maximum), (float("nan"), stop.maximum), (0.0, 0.0))
        for stop in description.stops
    }
    sent |= {"ramp": ((0.5, 0.5), (-1.0, 0.0)), "bypass": ((1.0, 1), (0.0, 0)), "noise": ((0.0, 0), (1.0, 1))}
    for name, values in sent.items():
        for value, expected in values:
            host.perform(sounding)
            host.set(name, value)
            read_back = host.get(name)
            if host.errors or read_back != (expected,):
                return Check("attributes", False, f"set {name} {value}: got {read_back}, {host.errors}")
    return Check("attributes", True, f"{len(host.attributes)} set, clamped and read back")


def _methods(box: Box, description: InstrumentDescription) -> Check:
    """Check every method at the smallest and at a large buffer: the shapes that nn~ demands, and finite sound for any input."""
    for method in description.methods:
        host = box(method.name, buffer=0, voices=VOICES)
        ceiling = LATENT_LIMIT if method.name in ("encode", "steer") else INPUT_LIMIT
        shape = (VOICES, host.inlets, host.buffer)
        blocks = [noise_block(*shape, SEED)] + [torch.full(shape, value) for value in HOSTILE]
        played = [host.perform(block) for block in blocks]
        host.bufsize(LARGE_BUFFER)
        played.append(host.perform(noise_block(VOICES, host.inlets, host.buffer, SEED)))
        odd = _odd_blocks(host.module, method, description.ratio)
        if odd:
            return Check("methods", False, f"{method.name}: {odd}")
        peak = max(float(out.abs().max()) for out in played)
        if host.errors or not peak <= ceiling:  # also a NaN isn't
            seen = host.errors[0] if host.errors else f"peak {peak:.3g}, expected at most {ceiling:g}"
            return Check("methods", False, f"{method.name}: {seen}")
    return Check(
        "methods", True, f"each gives its length for {VOICES} voices, and finite sound for NaN and infinities"
    )


def _odd_blocks(script: torch.jit.ScriptModule, method: MethodDescription, ratio: int) -> str:
    """What is wrong with the outputs' lengths for blocks that are no multiple of the ratio; empty if nothing is."""
    script.set_reset(1)
    came = 0
    for samples in (ratio - 1, 0, ratio + 1, 1):
        block = noise_block(1, len(method.inlets), samples, SEED)
        with torch.jit.optimized_execution(False):  # type: ignore[attr-defined]
            given = _perform(script, method.name, block).shape[-1]
        before, came = came, came + samples
        expected = samples * method.in_ratio
        if method.out_ratio > 1 and method.in_ratio == 1:
            expected = came // ratio - before // ratio
        elif method.in_ratio == method.out_ratio:
            expected = samples
        if given != expected:
            return f"expected {expected} for a block of {samples}, got {given}"
    script.set_reset(1)
    return ""


def _reset(script: torch.jit.ScriptModule, description: InstrumentDescription) -> Check:
    """Check that the same blocks give the same bits again after `reset`."""
    blocks = [noise_block(1, description.channels_in, 4 * description.ratio, SEED + i) for i in range(3)]
    first = [_seeded(functools.partial(_perform, script, "forward", block)) for block in blocks]
    script.set_reset(1)
    second = [_seeded(functools.partial(_perform, script, "forward", block)) for block in blocks]
    same = all(torch.equal(a, b) for a, b in zip(first, second, strict=True))
    return Check(
        "reset", same, "same bits after a reset" if same else "a reset leaves something in the caches"
    )


def _neutral(path: Path, model: Path, description: InstrumentDescription, noise: int) -> Check:
    """Compare the instrument, every knob at 0, with the plain RAVE: the same inner blocks, both from fresh caches."""
    name = f"neutral, noise {noise}"
    script, _ = open_instrument(path)
    script.set_noise(noise)
    rave = RaveModel(model)
    plain: torch.nn.Module = rave.script if noise else rave.core
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
    """Call with torch's generator seeded; its state is restored afterwards."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(SEED)
        return call()
