"""How many recordings a stop needs: the same `find` with 2, 5, 10 and 20 of each kind, and with 20 that hold no solo.

python -m training.recipes.rave.curve --run runs/demo --demo training/demo --out training/demo/curve.json
"""

from __future__ import annotations

import argparse
import multiprocessing
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import torch

from drawstop.audio.files import list_audio, read_audio, write_audio
from drawstop.files import write_json
from training.banks.bank import StopBank, load_bank
from training.evaluation.playback.edits import by_bank
from training.find.rave.find import FindOptions, find_stop
from training.find.rave.gate_fit import GateOptions
from training.find.rave.separation import separation
from training.metrics.audio import distance_recovered
from training.models.rave.model import RaveModel
from training.recipes import measures
from training.recipes.corpus.timbres import TARGETS
from training.recipes.rave.bank import NEITHER, PHRASES, write_clips
from training.recipes.rave.figures import AS_OTHER, OTHER
from training.recipes.rave.held_out_clips import CONCEPTS, draw_clips

COUNTS = (2, 5, 10, 20)
MIXED_COUNT = 20
GATES = GateOptions(off_steps=800, on_steps=300, bfloat16=True)
ON_STEPS = 50
ITEMS = 24


def measure_count(
    name: str,
    count: int,
    mixed: bool,
    rave: Path,
    bank_folder: Path,
    recordings: Path,
    corpus: Path,
    seed: int,
) -> dict[str, Any]:
    """One stop from `count` recordings with and `count` without, half of them parallel; measured on test phrases.

    Args:
        mixed: every recording with the concept holds another sound too.
    """
    torch.set_num_threads(1)
    model = RaveModel(rave)
    bank = load_bank(bank_folder, model.fingerprint)
    with_paths, without_paths = chosen(recordings, name, count, seed)
    with tempfile.TemporaryDirectory() as folder:
        if mixed:
            with_paths = mixed_with_others(with_paths, recordings, name, seed, Path(folder))
        options = FindOptions(
            seed=seed, like=f"*@{TARGETS[name]}.wav", gates=GATES, mixed=mixed, on_steps=ON_STEPS
        )
        stop = find_stop(model, bank.sae, name, with_paths, without_paths, options)
    kind = "ranked (mixtures only)" if mixed else stop.kind
    found: dict[str, Any] = {"concept": name, "recordings": count, "mixed": mixed, "kind": kind}
    found["parallel_pairs"] = stop.metrics.get("parallel_pairs", 0)
    edit = by_bank(StopBank(bank.sae, (stop,), bank.model_fingerprint))
    for timbres in ("known", "held_out"):
        clips = draw_clips(model, corpus, TARGETS, timbres == "held_out", ITEMS, seed)
        own, other = list(clips.latents[name]), list(clips.latents[OTHER[name]])
        cells: dict[str, Any] = separation(bank.sae, stop, (list(clips.latents["mixture"]), own), other)
        steered = clips.sound(model, edit(clips.latents["mixture"], {stop.slug: -1.0}))
        oracle = clips.sound(model, clips.latents["mixture"] - clips.latents[name])
        target = clips.rendered[OTHER[name]]
        cells["way_to_oracle"] = distance_recovered(clips.rendered["mixture"], steered, oracle, target)
        key = AS_OTHER[OTHER[name]]
        true = clips.sound(model, clips.latents[OTHER[name]] + clips.latents[key])
        played = clips.sound(model, edit(clips.latents[OTHER[name]], {stop.slug: 1.0}))
        cells["plus_distance_lower"] = measures.distance_lower(clips.rendered[OTHER[name]], played, true)
        found[timbres] = cells
    print(name, count, found["known"]["way_to_oracle"]["mean"], flush=True)
    return found


def chosen(recordings: Path, name: str, count: int, seed: int) -> tuple[list[Path], list[Path]]:
    """Recordings as a user would bring them: half of each kind play the same phrases, one of them the target's."""
    rng = np.random.default_rng((seed, count))
    phrases = [f"{phrase:02d}" for phrase in rng.permutation(PHRASES)]
    with_all = list_audio(recordings / name)
    without_all = [path for label in (OTHER[name], "neither") for path in list_audio(recordings / label)]
    target = {path.name[:2]: path for path in with_all if path.stem.endswith(f"@{TARGETS[name]}")}
    half = max(1, count // 2)
    with_paths = [target[phrase] for phrase in phrases[:half]]
    without_paths = []
    for phrase in phrases[:half]:
        same = [path for path in without_all if path.name[:2] == phrase]
        without_paths.append(same[rng.integers(len(same))])
    for paths, pool in ((with_paths, with_all), (without_paths, without_all)):
        rest = [path for path in pool if path.name[:2] not in phrases[:half]]
        paths += [rest[i] for i in rng.permutation(len(rest))[: count - half]]
    return with_paths, without_paths


def mixed_with_others(
    with_paths: list[Path], recordings: Path, name: str, seed: int, folder: Path
) -> list[Path]:
    """Each recording with another instrument's laid over it, as new files."""
    rng = np.random.default_rng((seed, 1))
    pool = [path for label in (OTHER[name], NEITHER) for path in list_audio(recordings / label)]
    paths = []
    for number, path in enumerate(with_paths):
        (own, rate), (other, _) = read_audio(path), read_audio(pool[rng.integers(len(pool))])
        samples = min(own.shape[-1], other.shape[-1])
        paths.append(folder / f"{number:02d}.wav")
        write_audio(paths[-1], (own[:, :samples] + other[:, :samples]) / 2, rate)
    return paths


def main() -> None:
    """Command line: fit and measure, write JSON."""
    parser = argparse.ArgumentParser(description="Measure stops found from few recordings.")
    parser.add_argument("--run", type=Path, default=Path("runs/demo"))
    parser.add_argument("--demo", type=Path, default=Path("training/demo"))
    parser.add_argument("--out", type=Path, default=Path("training/demo/curve.json"))
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    corpus, rave, bank = options.run / "corpus", options.demo / "rave.ts", options.demo / "bank"
    with tempfile.TemporaryDirectory() as folder:
        recordings = Path(folder)
        write_clips(corpus, recordings, range(PHRASES))
        jobs = [
            (name, count, mixed, rave, bank, recordings, corpus, options.seed)
            for count, mixed in (*((count, False) for count in reversed(COUNTS)), (MIXED_COUNT, True))
            for name in CONCEPTS
        ]
        with multiprocessing.get_context("spawn").Pool(2) as pool:
            rows = pool.starmap(measure_count, jobs, chunksize=1)
    write_json(options.out, {"items": ITEMS, "rows": rows})


if __name__ == "__main__":
    main()
