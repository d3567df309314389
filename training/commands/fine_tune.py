"""The command `drawstop fine-tune`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from training.commands.options import first_look

if TYPE_CHECKING:
    from training.fine_tuning.run import FineTuned

WORSE = 1.1
"""If the reconstructions' distance grows by more than this factor, a line says so."""


def fine_tune(
    run: Annotated[
        Path, typer.Argument(help="Your RAVE's training run: config.gin and a checkpoint inside.")
    ],
    recordings: Annotated[Path, typer.Argument(help="A folder of recordings; any format and rate.")],
    out: Annotated[Path, typer.Option("-o", "--out", help="The new run's folder.")],
    steps: Annotated[int, typer.Option(help="Training steps.")] = 3000,
    seed: Annotated[int, typer.Option(help="Same seed, same bits (on one thread).", min=0)] = 0,
    learning_rate: Annotated[float, typer.Option(help="Adam's learning rate; falls along a cosine.")] = 2e-4,
    additivity: Annotated[
        float, typer.Option(help="Weight of z(a+b) = z(a) + z(b) beside the sound's fidelity.")
    ] = 5.0,
    pairs: Annotated[int, typer.Option(help="Pairs of sounds in a step.")] = 2,
    device: Annotated[str, typer.Option(help="cpu, or cuda: a full-sized RAVE wants one.")] = "cpu",
) -> None:
    """Teach a RAVE latents that add up: z(a+b) near z(a) + z(b), which is what stops separate sounds by.

    Your run stays as it is; OUT is a new one, for every command that takes a RAVE. Encoder and decoder are trained by
    spectral distances, without a discriminator: what an adversarial phase gave to the sound can wear off.
    Interrupted, the same command goes on from OUT.

    Example: drawstop fine-tune runs/my_rave recordings/ --out runs/my_rave_adds_up --steps 3000
    """
    from drawstop.progress import steps_bar
    from training.fine_tuning.fine_tune import FineTuneConfig
    from training.fine_tuning.run import fine_tune_run

    config = FineTuneConfig(
        steps=steps, seed=seed, learning_rate=learning_rate, additivity=additivity, pairs=pairs
    )
    first_look([recordings])
    with steps_bar() as progress:
        result = fine_tune_run(run, recordings, out, config, device=device, progress=progress)
    assert result is not None
    for line in report(out, result):
        typer.echo(line)


def report(out: Path, result: "FineTuned") -> list[str]:
    """Lines that compare metrics on held-out recordings, before and after."""
    from training.evaluation.verdict.text import ADDITIVE

    before, after = result.before, result.after
    lines = [
        f"{out}: trained on {result.training} recordings, measured on {result.held_out} others:",
        f"  additivity error {before.additivity:.2f} → {after.additivity:.2f} (0: latents add up)",
        f"  distance of the reconstructions {before.distance:.2f} → {after.distance:.2f}, "
        f"of decoded sums z(a) + z(b) {before.sum_distance:.2f} → {after.sum_distance:.2f}",
        f"  rms of the latents {before.latent_rms:.3g} → {after.latent_rms:.3g}",
    ]
    if after.additivity > ADDITIVE:
        lines.append(
            f"The latents don't add up yet (above {ADDITIVE}): try more --steps, or more --additivity."
        )
    if after.distance > WORSE * before.distance:
        lines.append(
            "The reconstructions are farther from the sound than before: listen before you use it; "
            "more --steps or less --additivity can mend it."
        )
    return lines
