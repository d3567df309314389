"""Banks for the few layers that carry a concept, from its recordings alone: the layers are compared first, without SAEs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from drawstop.errors import DrawstopError
from drawstop.progress import Progress
from training.activations.streamed_frames import ModelFrames
from training.banks.bank import StopBank
from training.banks.bank_folders import is_ours, save_banks
from training.banks.train.train import TrainOptions, train_banks
from training.find.musicgen.raw_layers import RawSweep, sweep_raw_layers
from training.models.musicgen.layer_model import MusicGenLayers
from training.sae.config import SAEConfig


@dataclass(frozen=True)
class QuickOptions:
    """How many layers get a bank, and what their SAEs are.

    Attributes:
        layers: those with the largest estimated effect.
        features: of each SAE; 0: none, so that stops are differences of means.
    """

    layers: int = 3
    features: int = 512
    k: int = 16
    steps: int = 1000
    seed: int = 0

    def __post_init__(self) -> None:
        if self.layers < 1 or self.features < 0:
            raise DrawstopError(
                f"expected at least one layer and 0 or more features, got {self.layers} and {self.features}"
            )


def make_quick_banks(
    model: MusicGenLayers,
    out: Path,
    paths: tuple[Sequence[Path], Sequence[Path]],
    options: QuickOptions,
    model_name: str,
    progress: Progress,
) -> tuple[RawSweep, list[StopBank]]:
    """Compares all layers on recordings with and without a concept, and writes banks without stops for the best ones.

    Interrupted, the same call goes on from `OUT.checkpoint` with the SAEs; the layers are compared anew.

    Raises:
        DrawstopError: `out` holds something else; or as `sweep_raw_layers`.
    """
    if not is_ours(out):
        raise DrawstopError(f"{out} holds files that aren't ours to replace; give another folder")
    sweep = sweep_raw_layers(model, paths, options.seed, progress)
    sites = sweep.strongest(options.layers)
    if not options.features:
        provenance = {"model": model_name, "recordings": len(sweep.clips.recordings), "seed": options.seed}
        banks = [StopBank(sweep.saes[site], (), model.fingerprint, site, provenance) for site in sites]
        save_banks(out, banks)
        return sweep, banks
    config = SAEConfig(1, options.features, options.k, steps=options.steps, seed=options.seed)
    frames = ModelFrames(model, sweep.clips.recordings, sites)
    train = TrainOptions(config, stream=True, device=model.musicgen.device)
    banks = train_banks(
        frames,
        out,
        train,
        model_name,
        lambda step, loss: progress("training the layers' autoencoders", step, options.steps),
    )
    return sweep, banks
