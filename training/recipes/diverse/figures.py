"""What concepts an SAE of the example RAVE tells on the diverse set, from a few examples, and how that grows with its training.

python -m training.recipes.diverse.figures --run runs/diverse --out training/demo/diverse_figures.json
"""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import torch
import typer
from numpy.typing import NDArray

from drawstop.files import write_json
from training.banks.bank import StopBank, save_bank
from training.evaluation.experiments.learning_curves.experiment import few_examples
from training.evaluation.experiments.learning_curves.samples import LabelledFeatures
from training.evaluation.experiments.training_sound.experiment import training_growth
from training.evaluation.playback.edits import random_sae
from training.evaluation.results import to_json
from training.models.rave.model import RaveModel
from training.recipes.diverse.encoded_set import EncodedRecordings, encode_set, features_of
from training.recipes.diverse.plan import PlannedRecording
from training.recipes.diverse.render import counts_of, read_set
from training.recipes.diverse.sources import SECONDS
from training.recipes.diverse.timbres import CONCEPTS
from training.sae.config import SAEConfig
from training.sae.files.folder import load_sae, save_sae
from training.sae.model import SAE
from training.sae.train import measure, train

MINUTES = (1, 4, 16)
"""Minutes of training recordings for the smaller SAEs; the last SAE is trained on all recordings."""
N_FEATURES, K, STEPS, BATCH = 1024, 16, 2000, 512


def config_of(seed: int, steps: int = STEPS) -> SAEConfig:
    """A TopK SAE without centre and bias, whose features scale with the sound."""
    return SAEConfig(
        d_in=128,
        n_features=N_FEATURES,
        k=K,
        steps=steps,
        batch_size=BATCH,
        seed=seed,
        centre=False,
        bias=False,
    )


def trained(latents: NDArray[np.float32], folder: Path, config: SAEConfig) -> SAE:
    """An SAE of recordings' latents `[n, frames, latents]`, kept in a folder; a stopped training goes on."""
    if not folder.is_dir():
        checkpoint = folder.with_suffix(".checkpoint")
        frames = torch.from_numpy(latents.reshape(-1, latents.shape[-1]))
        save_sae(folder, train(frames, config, checkpoint=checkpoint), metadata={"site": "latent"})
        checkpoint.unlink()
    return load_sae(folder)


def examples_of(encoded: EncodedRecordings, sae: SAE, plan: list[PlannedRecording]) -> LabelledFeatures:
    """The set's recordings as the experiments take them."""
    untrained = random_sae(sae, sae.config.seed)
    return LabelledFeatures(
        features=features_of(sae, encoded.latents),
        raw=encoded.raw,
        mel=encoded.mel,
        labels=np.array([[concept in each.labels for concept in CONCEPTS] for each in plan]),
        concepts=CONCEPTS,
        splits=[each.split for each in plan],
        random_features=features_of(untrained, encoded.latents),
        parts={
            "heard timbres": np.array([not each.unheard for each in plan]),
            "unheard timbres": np.array([each.unheard for each in plan]),
            "one sound": np.array([len(each.parts) == 1 for each in plan]),
            "mixtures": np.array([len(each.parts) > 1 for each in plan]),
        },
    )


def saes_by_minutes(
    encoded: EncodedRecordings, plan: list[PlannedRecording], run: Path, seed: int
) -> dict[float, SAE]:
    """SAEs trained on ever more of the training recordings, in one random order; the last on all."""
    rows = np.flatnonzero([each.split == "train" for each in plan])
    rows = np.random.default_rng(seed).permutation(rows)
    counts = [round(60 * minutes / SECONDS) for minutes in MINUTES]
    found = {}
    for count in [*(count for count in counts if count < len(rows)), len(rows)]:
        chosen = np.sort(rows[:count])
        folder = run / "saes" / f"{count}-recordings-seed-{seed}"
        found[round(count * SECONDS / 60, 1)] = trained(encoded.latents[chosen], folder, config_of(seed))
    return found


def main(
    run: Annotated[Path, typer.Option(help="Where the rendered set lies, and SAEs are kept.")] = Path(
        "runs/diverse"
    ),
    rave: Annotated[Path, typer.Option(help="The RAVE.")] = Path("training/demo/rave.ts"),
    out: Annotated[Path, typer.Option(help="The figures.")] = Path("training/demo/diverse_figures.json"),
    seed: Annotated[int, typer.Option(help="Seed of the SAEs and of every draw.")] = 0,
    quick: Annotated[bool, typer.Option("--quick", help="Fewer draws.")] = False,
) -> None:
    """Trains the SAEs that are missing, and measures."""
    torch.set_num_threads(1)
    model = RaveModel(rave)
    labelled, plan = read_set(run)
    encoded = encode_set(model, labelled.recordings, run / "heard.npz")
    saes = saes_by_minutes(encoded, plan, run, seed)
    sae = saes[max(saes)]
    save_bank(
        run / "bank", StopBank(sae, (), model.fingerprint, provenance={"recordings": len(plan), "seed": seed})
    )
    examples = examples_of(encoded, sae, plan)
    features = {minutes: features_of(each, encoded.latents) for minutes, each in saes.items()}
    results = [
        few_examples(examples, seed=seed, quick=quick),
        training_growth(features, examples, seed, quick),
    ]
    content = {
        "rave": model.fingerprint,
        "counts": counts_of(plan),
        "test_counts": _test_counts(plan),
        "sae": {f"{minutes:g}": _described(each, encoded, plan) for minutes, each in saes.items()},
        "sections": [to_json(result) for result in results],
    }
    write_json(out, content)
    for result in results:
        typer.echo(f"{result.title}: {result.answer}")


def _described(sae: SAE, encoded: EncodedRecordings, plan: list[PlannedRecording]) -> dict[str, Any]:
    """An SAE's own figures, with those of the validation recordings."""
    assert sae.metrics is not None
    rows = np.flatnonzero([each.split == "validation" for each in plan])
    frames = torch.from_numpy(encoded.latents[rows].reshape(-1, sae.config.d_in))
    explained = measure(sae, sae.normalise(frames))[0]
    return asdict(replace(sae.metrics, validation_fraction_of_variance_explained=explained))


def _test_counts(plan: list[PlannedRecording]) -> dict[str, dict[str, int]]:
    """Test recordings with each concept, of timbres that training has and of new ones."""
    tests = [each for each in plan if each.split == "test"]
    sides = {"heard timbres": False, "unheard timbres": True}
    return {
        concept: {
            name: sum(concept in t.labels and t.unheard is side for t in tests)
            for name, side in sides.items()
        }
        for concept in CONCEPTS
    }


if __name__ == "__main__":
    typer.run(main)
