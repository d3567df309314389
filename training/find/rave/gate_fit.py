"""Fitting a gated stop: its off gate on mixtures of latents, its on gate through the decoder."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from drawstop.progress import StepReport
from training.banks.gate import Gate, GateConfig
from training.banks.steering import with_error
from training.find.rave.mixtures import MixtureSource
from training.find.rave.static_addition import random_crops
from training.metrics.distances import level_error, spectral_distance
from training.models.rave.model import RaveModel
from training.sae.model import SAE

CROP_FRAMES = 128
"""Frames of a training crop: four times what a gate reads."""

QUIET_ENERGY = 1e-3
"""Energy per crop (in units of z, mean over frames and latents) below which errors don't weigh more."""

ON_PAIRS = 4
"""Pairs per step of the on gate's fit, two at least."""

ON_CROP_FRAMES = 80
LEVELLED_PAIRS = 32

COVERAGE = 0.999
"""Share of a concept's energy in the features that its gates give levels for; the rest goes in proportion."""

MOST_GAIN = 2.0


@dataclass(frozen=True)
class GateOptions:
    """How gates are fitted."""

    channels: int = 96
    off_steps: int = 1000
    on_steps: int = 500
    batch: int = 16
    learning_rate: float = 2e-3
    level_weight: float = 1.0
    sparsity: float = 0.0
    """Weight of the levels' sum beside the energy: larger, fewer features."""
    bfloat16: bool = False
    """Convolutions in bfloat16: a third faster on processors that have it, slower on others."""


def fit_off_gate(
    sae: SAE,
    source: MixtureSource,
    features: Tensor,
    options: GateOptions,
    seed: int,
    report: StepReport | None = None,
) -> Gate:
    """A gate whose levels `a` give the part of the frame that is the concept's:
    `sum_i min(a_i, f_i) d_i` over its features, with its share of everything else, ~ z(concept).

    Minimises the squared error as a share of the mixture's energy, by Adam with a one-cycle rate; on mixtures, on the
    concept alone and on other sounds alone (where nothing may be taken).

    Args:
        features: those that the gate gives levels for, see `features_of`.
    """
    gate = _new_gate(sae, features, options, seed)
    generator = torch.Generator().manual_seed(seed)
    step, finish = _optimiser(gate, options.learning_rate, options.off_steps)
    decoder = sae.W_dec.detach()[features]
    for done in range(options.off_steps):
        mixed, removed = (part / sae.scale for part in source.draw(options.batch, CROP_FRAMES, generator))
        z = mixed.transpose(1, 2)
        with torch.no_grad():
            chosen = sae.encode(z)[..., features]
        with _precision(options):
            levels = gate(mixed).float()
        limited = torch.minimum(levels.transpose(1, 2), chosen)
        taken = with_error(limited, chosen, z, decoder).transpose(1, 2)
        error = (taken - removed).square().mean((1, 2))
        energy = mixed.square().mean((1, 2)).clamp(min=QUIET_ENERGY)
        sparse = limited.sum(2).mean(1) / energy.sqrt()
        step((error / energy).mean() + options.sparsity * sparse.mean())
        if report:
            report(done + 1, options.off_steps)
    return finish()


def fit_on_gate(
    model: RaveModel,
    sae: SAE,
    pairs: tuple[Tensor, Tensor],
    features: Tensor,
    options: GateOptions,
    seed: int,
    report: StepReport | None = None,
) -> Gate:
    """A gate whose levels `b` are what the concept would add, were it to play along: fitted through the decoder.

    Latents hold the waveform's phase, which can't be known for a sound that isn't there yet; its spectrum can. The
    written latents should decode to what the target's do (multi-scale spectral distance and level): in half of the
    crops alone, as after the playing was taken away, in half added to the playing.

    Args:
        pairs: latents of parallel recordings `[pairs, latents, frames]`: without and with the concept.
        features: those that the gate gives levels for, see `features_of`.
    """
    gate = _new_gate(sae, features, options, seed)
    generator = torch.Generator().manual_seed(seed)
    step, finish = _optimiser(gate, options.learning_rate, options.on_steps)
    decoder = sae.W_dec.detach()[features]
    sources, targets = pairs
    length = min(ON_CROP_FRAMES, sources.shape[-1])
    count = min(ON_PAIRS, model.voices())
    backing = (torch.arange(count) % 2)[:, None, None].float()
    for done in range(options.on_steps):
        playing, wanted = random_crops((sources, targets), count, length, generator)
        with _precision(options):
            with torch.no_grad():
                target = model.decode(wanted + backing * playing).flatten(0, 1).float()
            written = _written(gate, playing, decoder, sae.scale)
            made = model.decode(written + backing * playing).flatten(0, 1).float()
        step(spectral_distance(made, target) + options.level_weight * level_error(made, target))
        if report:
            report(done + 1, options.on_steps)
    _level(model, sae, gate, pairs)
    model.reset()
    return finish()


@torch.no_grad()
def features_of(sae: SAE, latents: Sequence[Tensor], coverage: float = COVERAGE) -> Tensor:
    """The fewest features that carry `coverage` of the features' energy in a concept's recordings, in rising order.

    Args:
        latents: `[latents, frames]` each.
    """
    energy = torch.zeros(sae.config.n_features)
    for z in latents:
        energy += sae.encode(sae.normalise(z.T)).square().sum(0)
    energy *= sae.W_dec.square().sum(1)
    largest = energy.sort(descending=True)
    needed = int((largest.values.cumsum(0) < coverage * energy.sum()).sum()) + 1
    return largest.indices[:needed].sort().values


def _written(gate: Gate, playing: Tensor, decoder: Tensor, scale: Tensor) -> Tensor:
    """What an on gate brings in, in the model's own units. `[batch, latents, frames]` -> the same."""
    return torch.einsum("bnt,nw->bwt", gate(playing / scale), decoder) * scale


@torch.no_grad()
def _level(model: RaveModel, sae: SAE, gate: Gate, pairs: tuple[Tensor, Tensor]) -> None:
    """Scales the gate so that what it brings in has the targets' level: a spectral loss leaves the doubtful too quiet."""
    stride = -(-len(pairs[0]) // LEVELLED_PAIRS)
    made, wanted = torch.zeros(()), torch.zeros(())
    for playing, target in zip(*(part[::stride].split(model.voices()) for part in pairs), strict=True):
        written = _written(gate, playing, sae.W_dec[gate.features], sae.scale)
        made += model.decode(written).square().sum()
        wanted += model.decode(target).square().sum()
    gain = (wanted / made.clamp(min=1e-12)).sqrt().clamp(1 / MOST_GAIN, MOST_GAIN)
    gate.exit.weight.mul_(gain)


@torch.no_grad()
def rounded(gate: Gate) -> Gate:
    """The gate with its weights rounded to half precision, so that a bank stores them in half the space, bit for bit."""
    for weight in gate.parameters():
        weight.copy_(weight.half().float())
    return gate


def _precision(options: GateOptions) -> torch.autocast:
    return torch.autocast("cpu", torch.bfloat16, enabled=options.bfloat16)


def _new_gate(sae: SAE, features: Tensor, options: GateOptions, seed: int) -> Gate:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return Gate(GateConfig(sae.config.d_in, len(features), options.channels), features)


def _optimiser(gate: Gate, rate: float, steps: int) -> tuple[Callable[[Tensor], None], Callable[[], Gate]]:
    optimizer = torch.optim.Adam(gate.parameters(), rate)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, rate, total_steps=max(2, steps))

    def step(loss: Tensor) -> None:
        optimizer.zero_grad()
        loss.backward()
        norm = nn.utils.clip_grad_norm_(gate.parameters(), 1.0)
        if bool(torch.isfinite(norm)):
            optimizer.step()
        schedule.step()

    def finish() -> Gate:
        return rounded(gate.eval().requires_grad_(False))

    return step, finish
