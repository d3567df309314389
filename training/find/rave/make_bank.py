"""Makes a bank from a folder of labelled recordings: the SAE, then a stop for each concept."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor

from drawstop.errors import DrawstopError
from drawstop.progress import Progress
from training.banks.bank import StopBank
from training.data.phrases import deal_files
from training.data.recordings import scan
from training.find.rave.encoded_recordings import concatenated, encode_recordings, refuse_overlap
from training.find.rave.find import FindOptions, fit_stop
from training.models.rave.model import RaveModel
from training.sae.config import SAEConfig
from training.sae.model import SAE
from training.sae.train import train

MIXED_LABEL = "both"
MIXTURES_PER_RECORDING = 2


def make_bank(
    model: RaveModel,
    recordings: Path,
    seed: int = 0,
    progress: Progress | None = None,
    checkpoint: Path | None = None,
    concepts: tuple[str, ...] = ("guitar", "voice"),
    sae_steps: int = 1500,
    options: FindOptions | None = None,
    like: Mapping[str, str] | None = None,
) -> StopBank:
    """Trains an SAE on every recording of a folder and finds a stop per concept.

    Args:
        recordings: a sub-folder per label; those named like a concept hold it alone, `both` holds mixtures (for the SAE only),
            any other holds none of the concepts.
        checkpoint: file that the SAE's training resumes from.
        like: by concept, a pattern of the file names that +1 should sound like.

    Raises:
        DrawstopError: a concept without a folder, or with too few recordings.
    """
    scanned = scan(recordings)
    labels = {recording.label for recording in scanned}
    missing = [concept for concept in concepts if concept not in labels]
    if missing:
        raise DrawstopError(
            f"expected a folder {missing[0]} in {recordings}, scanned {', '.join(sorted(labels))}"
        )
    options = options or FindOptions(seed=seed)
    paths = {label: [each.path for each in scanned if each.label == label] for label in sorted(labels)}
    rest = {
        concept: [label for label in paths if label not in (concept, MIXED_LABEL)] for concept in concepts
    }
    for concept, others in rest.items():
        refuse_overlap(paths[concept], [path for label in others for path in paths[label]])
    encoded = {}
    dealt = dict(zip(paths, deal_files(list(paths.values()), seed), strict=True))
    for label, of_label in paths.items():
        counts = (0, 0) if label == MIXED_LABEL else (options.variations, options.transpositions)
        encoded[label] = encode_recordings(
            model, of_label, seed, *counts, f"listening to {label}", progress, dealt[label]
        )
    frames = [z for each in encoded.values() for z in each.latents]
    sae = train_latent_sae(model, frames, seed, sae_steps, progress, checkpoint)
    bank = StopBank(sae, (), model.fingerprint, provenance={"seed": seed, "recordings": len(scanned)})
    for concept, others in rest.items():
        parts = encoded[concept], concatenated([encoded[label] for label in others])
        target = replace(options, like=(like or {}).get(concept, "*"))
        bank = bank.with_stop(fit_stop(model, sae, concept, parts, target, progress))
    return bank


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
