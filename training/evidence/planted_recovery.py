"""Does each architecture find planted directions? Trains all of them on three seeds and writes `training/demo/planted.json`.

python -m training.evidence.planted_recovery
"""

from __future__ import annotations

import statistics
from dataclasses import asdict
from pathlib import Path
from typing import Any, get_args

from drawstop.base.files import write_json
from training.evidence import planted
from training.sae.config import Architecture, SAEConfig
from training.sae.train import train

FILE = Path(__file__).parents[1] / "demo" / "planted.json"
FRAMES = 50_000
SEEDS = (0, 1, 2)
GOAL = 0.9
"""Share of the directions that are to be found."""


def config_of(architecture: Architecture, seed: int) -> SAEConfig:
    """The settings under which planted directions are looked for."""
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
    assert sae.figures is not None
    return {
        "recovered": planted.recovered_share(directions, sae.W_dec),
        "fve": sae.figures.fraction_of_variance_explained,
        "l0": sae.figures.l0,
        "dead": sae.figures.dead_features,
    }


def measure() -> dict[str, Any]:
    """Every architecture's recovery, by seed and in the mean, with the settings."""
    found: dict[str, Any] = {}
    for architecture in get_args(Architecture):
        each = {str(seed): recovery(config_of(architecture, seed)) for seed in SEEDS}
        mean = {name: statistics.fmean(one[name] for one in each.values()) for name in each["0"]}
        found[architecture] = {
            "seeds": {seed: _rounded(one) for seed, one in each.items()},
            "mean": _rounded(mean),
        }
    settings = asdict(config_of("jumprelu", 0))
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
    return {"architectures": found, "settings": settings, "planted": truth}


def _rounded(figures: dict[str, float]) -> dict[str, float]:
    return {name: round(value, 4) for name, value in figures.items()}


if __name__ == "__main__":
    write_json(FILE, measure())
