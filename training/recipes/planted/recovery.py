"""Does each architecture find planted directions? Trains all of them on three seeds and writes `training/demo/planted.json`.

python -m training.recipes.planted.recovery
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from drawstop.files import write_json
from training.recipes.planted import planted
from training.sae.config import Architecture, SAEConfig
from training.sae.train import train
from training.shipped import EXAMPLE_FOLDER

FILE = EXAMPLE_FOLDER / "planted.json"
FRAMES = 50_000
SEEDS = (0, 1, 2)
TRAINED: tuple[Architecture, ...] = ("topk", "batchtopk", "matryoshka", "jumprelu")
"""`topk-jumprelu` has the directions of `topk`, bit for bit."""
GOAL = 0.9
"""Least share of the directions that should be found."""


def config_of(architecture: Architecture, seed: int) -> SAEConfig:
    """The settings of an SAE that is trained on planted frames."""
    return SAEConfig(
        d_in=planted.WIDTH,
        n_features=384,
        k=planted.ACTIVE,
        architecture=architecture,
        steps=1200,
        batch_size=512,
        learning_rate=6e-3,
        seed=seed,
    )


def recovery(config: SAEConfig, frames: int = FRAMES) -> dict[str, float]:
    """Trains an SAE on planted frames of its own seed; `recovered` is the share of the true directions that it found."""
    directions, x = planted.planted_frames(config.seed, frames)
    sae = train(x, config)
    assert sae.metrics is not None
    return {
        "recovered": planted.recovered_share(directions, sae.W_dec),
        "fve": sae.metrics.fraction_of_variance_explained,
        "l0": sae.metrics.l0,
        "dead": sae.metrics.dead_features,
    }


def measure(path: Path) -> None:
    """Writes every architecture's recovery by seed, with the settings; results of the same settings stay."""
    settings = _settings()
    stored = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    found = stored["architectures"] if stored.get("settings") == settings else {}
    for architecture in TRAINED:
        seeds = found.setdefault(architecture, {})
        for seed in SEEDS:
            if str(seed) not in seeds:
                metrics = recovery(config_of(architecture, seed))
                seeds[str(seed)] = {name: round(value, 4) for name, value in metrics.items()}
                write_json(path, {"architectures": found, "settings": settings})


def _settings() -> dict[str, Any]:
    settings = config_of("jumprelu", 0).described()
    for varying in ("architecture", "seed"):
        del settings[varying]
    truth = {
        "width": planted.WIDTH,
        "directions": planted.DIRECTIONS,
        "active": planted.ACTIVE,
        "snr_db": planted.SIGNAL_TO_NOISE_DB,
        "cosine": planted.RECOVERED_COSINE,
        "frames": FRAMES,
    }
    return settings | {"planted": truth}


if __name__ == "__main__":
    measure(FILE)
