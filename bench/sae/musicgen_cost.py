"""What a run of `drawstop train --stream` costs on MusicGen small, medium and large: one layer and one SAE step of each size are
measured here, in CPU seconds of one core; the rest is arithmetic and marked so.

python -m bench.sae.musicgen_cost [--features 4096] [--steps 20000]
"""

import argparse
import time
from collections.abc import Callable

import torch
from rich.console import Console
from rich.table import Table

from drawstop.units import hours, size
from training.banks.cost import Rates, cost_of
from training.models.musicgen.loading import import_audiocraft
from training.sae.config import SAEConfig
from training.sae.model import SAE
from training.sae.trainer import SAETrainer

SIZES = {"small": (1024, 24, 16), "medium": (1536, 48, 24), "large": (2048, 48, 32)}
"""Width, layers and heads, of audiocraft's configs musicgen/musicgen_base_32khz with model_scale small, medium and large."""

FRAME_RATE = 50
PIECE_FRAMES = 500
TEXT_TOKENS = 16
HOURS_OF_SOUND = 10
BUFFER_FRAMES = 65536


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.sae.musicgen_cost", description="What a real run costs."
    )
    parser.add_argument("--features", type=int, default=4096)
    parser.add_argument("--steps", type=int, default=20000)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    headings = [
        "layer, frames/s",
        "SAE, steps/s",
        "model",
        "SAEs",
        "buffer",
        "SAEs in training",
        "checkpoints",
        "or on disk",
    ]
    table = Table("MusicGen", *headings)
    for name, (width, layers, heads) in SIZES.items():
        layer_s, step_s = layer_seconds(width, heads), step_seconds(width, arguments.features)
        rates = Rates(PIECE_FRAMES / layer_s / layers, 1 / step_s)
        rows = HOURS_OF_SOUND * 3600 * FRAME_RATE
        pieces = [range(first, first + PIECE_FRAMES) for first in range(0, rows, PIECE_FRAMES)]
        config = SAEConfig(d_in=1, n_features=arguments.features, k=32, steps=arguments.steps)
        cost = cost_of(
            pieces, rows, [width] * layers, config, rates, stream=True, buffer_frames=BUFFER_FRAMES
        )
        stored = rows * width * layers * 4
        table.add_row(
            name,
            f"{rates.frames_per_s * layers:.0f}",
            f"{rates.steps_per_s:.3f}",
            hours(cost.model_hours),
            hours(cost.training_hours),
            size(cost.buffer_bytes),
            size(cost.weights_bytes),
            size(cost.checkpoint_bytes),
            size(stored),
        )
    console = Console(width=160)
    console.print(table)
    console.print(
        "Measured: the first two columns, on one core of this machine (CPU seconds). Arithmetic: all others, for "
        f"{HOURS_OF_SOUND} h of sound at {FRAME_RATE} frames a second, {arguments.steps} steps of {SAEConfig.batch_size} frames, "
        f"all layers, {arguments.features} features, a buffer of {BUFFER_FRAMES} frames."
    )


def layer_seconds(width: int, heads: int) -> float:
    """CPU seconds of one layer of audiocraft's transformer for a piece, with a description to attend to."""
    import_audiocraft()
    from audiocraft.modules.transformer import StreamingTransformerLayer

    how = {"dropout": 0.0, "causal": True, "cross_attention": True, "custom": True, "memory_efficient": True}
    how |= {"norm_first": True, "bias_ff": False, "bias_attn": False}
    layer = StreamingTransformerLayer(width, heads, 4 * width, **how).eval()
    x, text = torch.randn(1, PIECE_FRAMES, width), torch.randn(1, TEXT_TOKENS, width)
    with torch.no_grad():
        return _cpu_seconds(lambda: layer(x, cross_attention_src=text))


def step_seconds(width: int, features: int) -> float:
    """CPU seconds of one training step of one site's SAE."""
    config = SAEConfig(d_in=width, n_features=features, k=32)
    run, x = SAETrainer(SAE(config), "cpu", ""), torch.randn(config.batch_size, width)
    return _cpu_seconds(lambda: run.train_step(x))


def _cpu_seconds(call: Callable[[], object]) -> float:
    """The faster of two calls, after one that isn't measured."""
    call()
    found = []
    for _ in range(2):
        start = time.process_time()
        call()
        found.append(time.process_time() - start)
    return min(found)


if __name__ == "__main__":
    main()
