"""Likelihood of audio under a MusicGen with edits at its layers: a stop's effect on the model's own predictions."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from training.models.musicgen.hooks import Edit, Steps, Window
from training.models.musicgen.layer_names import read_layers
from training.models.musicgen.model import MusicGenModel


def log_likelihood(musicgen: MusicGenModel, audio: Tensor, edits: Mapping[str, Edit] | None = None) -> Tensor:
    """`token_log_likelihood` of audio. Shape: `[batch, channels, samples]`, at most one window long -> `[batch]` on the CPU."""
    with torch.no_grad():
        codes = musicgen.encode(audio)
    return token_log_likelihood(musicgen, codes, edits)


def token_log_likelihood(
    musicgen: MusicGenModel, codes: Tensor, edits: Mapping[str, Edit] | None = None
) -> Tensor:
    """Mean log-probability of a token in nats, teacher-forced, without a description. Gradients reach the edits.

    Shape: codes `[batch, codebooks, frames]`, as `MusicGenModel.encode` gives them -> `[batch]` on the CPU.
    """
    placed = {read_layers(site, musicgen.layers)[0]: edit for site, edit in (edits or {}).items()}
    steps = Steps(
        musicgen.lm, codes.shape[0], musicgen.frame_rate, [Window(0, codes.shape[-1])], edits=placed
    )
    with torch.no_grad():
        conditions = musicgen._conditions(None, codes.shape[0])
    with musicgen.model.autocast, steps.attached():
        output = musicgen.lm.compute_predictions(codes, [], conditions)
    logits = output.logits.float().log_softmax(-1)
    each = logits.gather(-1, codes.unsqueeze(-1)).squeeze(-1).where(output.mask, 0.0)
    mean: Tensor = each.sum((1, 2)) / output.mask.sum((1, 2)).clamp(min=1)
    return mean.cpu()


def likelihood_gradients(musicgen: MusicGenModel, audio: Tensor, sites: Sequence[str]) -> dict[str, Tensor]:
    """Gradients of audio's log-likelihood by a vector added to every frame of a site; all sites by one backward pass.

    Shape: audio `[batch, channels, samples]` -> `[width]` each on the CPU, nats per token and unit, the batch's mean.
    """
    probes = {
        site: torch.zeros(musicgen.width, 1, device=musicgen.device, requires_grad=True) for site in sites
    }

    def adding(probe: Tensor) -> Edit:
        return lambda x, seconds: x + probe

    likely = log_likelihood(musicgen, audio, {site: adding(probe) for site, probe in probes.items()}).mean()
    gradients = torch.autograd.grad(likely, list(probes.values()))
    return {site: gradient[:, 0].cpu() for site, gradient in zip(probes, gradients, strict=True)}
