"""Training the SAE of a RAVE's latents that stops are found with."""

from pathlib import Path

import torch
from torch import Tensor

from drawstop.progress import Progress
from training.models.rave.model import RaveModel
from training.sae.config import SAEConfig
from training.sae.model import SAE
from training.sae.train import train

MIXTURES_PER_RECORDING = 2


def train_latent_sae(
    model: RaveModel,
    frames: list[Tensor],
    seed: int,
    steps: int,
    progress: Progress | None = None,
    checkpoint: Path | None = None,
    n_features: int = SAEConfig.n_features,
) -> SAE:
    """A TopK SAE without centre and bias, so that features scale with the sound.

    It is trained on the frames and on sums of two of them.

    Shape: frames: a list of `[latents, frames]`.
    """
    generator = torch.Generator().manual_seed(seed)
    mixtures = []
    for _ in range(MIXTURES_PER_RECORDING * len(frames)):
        i, j = torch.randint(len(frames), (2,), generator=generator).tolist()
        length = min(frames[i].shape[-1], frames[j].shape[-1])
        mixtures.append(frames[i][:, :length] + frames[j][:, :length])
    data = torch.cat([*frames, *mixtures], 1).T.contiguous()
    config = SAEConfig(
        d_in=model.rates.width,
        n_features=n_features,
        centre=False,
        bias=False,
        steps=steps,
        batch_size=512,
        seed=seed,
    )
    report = (lambda done, _loss: progress("training the SAE", done, steps)) if progress else None
    return train(data, config, checkpoint=checkpoint, progress=report)
