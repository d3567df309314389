"""Exports a trained example RAVE to TorchScript with acids-rave's own export class.

    python -m training.recipes.rave.export_rave runs/demo training/demo/rave.ts

Run it as a process of its own: when imported, acids-rave's export script turns gradients off and sets
up logging.
"""

from __future__ import annotations

import argparse
import logging
from pathlib import Path

import cached_conv.convs
import torch
from torch import nn

from training.recipes.rave.rave_model import ModelConfig, SmallRAVE, build_model, remove_weight_norm
from training.recipes.rave.rave_training import CHECKPOINT

VOICES = 8
"""Largest batch the exported file can play: its caches are this deep (acids-rave's default is 64)."""


def load_model(run: Path, *, streaming: bool) -> SmallRAVE:
    """The model of a run's last checkpoint, weight norm removed; OSError where there is no checkpoint yet."""
    state = torch.load(run / CHECKPOINT, map_location="cpu", weights_only=True)
    model = build_model(ModelConfig(**state["model_config"]), streaming=streaming)
    model.load_state_dict(state["model"])
    remove_weight_norm(model)
    return model.eval()


def export(pretrained: nn.Module, out: Path) -> None:
    """Write a streaming model, with the attributes of a trained Wasserstein RAVE, as TorchScript, whole or not at all."""
    from scripts.export import WasserteinScriptedRAVE

    logging.getLogger().setLevel(logging.WARNING)
    cached_conv.convs.MAX_BATCH_SIZE = VOICES
    scripted: nn.Module = WasserteinScriptedRAVE(pretrained=pretrained, channels=1)
    temporary = out.with_name(f".{out.stem}.part.ts")
    out.parent.mkdir(parents=True, exist_ok=True)
    scripted.eval()
    with torch.no_grad():
        scripted.decode(scripted.encode(torch.zeros(1, 1, 2**14)))  # type: ignore[operator]
        scripted.export_to_ts(str(temporary))  # type: ignore[operator]
    temporary.replace(out)


def main() -> None:
    """Command line: RUN OUT."""
    parser = argparse.ArgumentParser(description="Export the example RAVE to TorchScript.")
    parser.add_argument("run", type=Path, help="folder with the checkpoint")
    parser.add_argument("out", type=Path, help="the .ts to write")
    arguments = parser.parse_args()
    export(load_model(arguments.run, streaming=True), arguments.out)


if __name__ == "__main__":
    main()
