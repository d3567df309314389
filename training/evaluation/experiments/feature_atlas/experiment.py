"""The feature atlas (feature dashboards): every feature's numbers, and the sound of the most informative ones."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from drawstop.audio.files import read_audio, write_audio
from drawstop.files import atomic_file, sha256_file
from drawstop.progress import Progress
from training.evaluation.context import Options
from training.evaluation.encoded_set import EncodedSet
from training.evaluation.experiments.feature_atlas.measure import (
    FOLLOWS,
    MOMENTS,
    NAMED_FROM_AUROC,
    SIGNIFICANT,
    STEP_SECONDS,
    Atlas,
    Moment,
    make_atlas,
)
from training.evaluation.rave_context import RaveContext
from training.evaluation.results import AudioPlayers, Cell, Goal, Result, Sound, Table
from training.metrics.bootstrap import Estimate
from training.metrics.descriptors import DESCRIPTORS, describe
from training.metrics.types import Floats

SHOWN, SHOWN_QUICK = 48, 12
"""Features whose loudest moments are written as sounds."""
SHIFTS, SHIFTS_QUICK = 100, 40
TITLE = "An atlas of simple concepts"
DESCRIBED_QUICK = 60
"""Recordings that are described in a quick run."""
CONTROL_SHARE = 0.01
"""Largest share of pairs of features and shifted descriptors that may be significant."""
FOLDER = "atlas"
SNIPPET_SECONDS = 1.0
SNIPPET_RATE = 22050
_FADE_SECONDS = 0.01
_FORMAT = 1

Row = tuple[Cell | Estimate, ...]


def run(context: RaveContext, options: Options) -> Result:
    """Describes every feature of the bank's SAE; sounds go into the context's folder."""
    folder = context.folder
    return atlas_result(
        context.encoded, folder, options.seed, options.quick, folder / "heard", context.progress
    )


def atlas_result(
    encoded: EncodedSet,
    folder: Path,
    seed: int = 0,
    quick: bool = False,
    cache: Path | None = None,
    progress: Progress | None = None,
) -> Result:
    """Describes every feature, and writes the moments of the most informative ones as sound files.

    Args:
        folder: the results' folder; sounds are written to `atlas/` in it.
        quick: fewer recordings described, fewer shifts, fewer sounds.
        cache: a folder that stores the descriptors, so that a killed run goes on where it was.
    """
    step = max(1, round(STEP_SECONDS * encoded.frame_rate))
    descriptors = _described(encoded, step, DESCRIBED_QUICK if quick else len(encoded), cache, progress)
    atlas = make_atlas(encoded, descriptors, step, seed, SHIFTS_QUICK if quick else SHIFTS)
    shown = atlas.by_informativeness()[: SHOWN_QUICK if quick else SHOWN]
    control = float((atlas.following.control <= SIGNIFICANT).mean())
    return Result(
        "atlas",
        TITLE,
        "What does each feature of the SAE respond to? Hear its loudest moments.",
        _answer(atlas, encoded),
        (_players(atlas, encoded, shown, folder), _table(atlas, encoded), _counts(atlas)),
        (
            Goal(
                "descriptors shifted in time find nothing: at most 1 % of pairs",
                f"{100 * control:.2f} % of {atlas.following.control.size}",
                control <= CONTROL_SHARE,
            ),
        ),
        _metrics(atlas, encoded),
        {
            "seed": seed,
            "quick": quick,
            "step_seconds": round(step / encoded.frame_rate, 4),
            "described": sum(len(each) > 0 for each in descriptors),
            "recordings": len(encoded),
            "false_discovery_rate": SIGNIFICANT,
            "name_from_strength": FOLLOWS,
            "name_from_auroc": NAMED_FROM_AUROC,
        },
    )


def _described(
    encoded: EncodedSet, step_frames: int, most: int, cache: Path | None, progress: Progress | None
) -> list[Floats]:
    """The descriptors of each recording that isn't silent, `[steps, 5]`; of at most `most` of them, evenly chosen."""
    sounding = np.flatnonzero(encoded.loud)
    chosen = set(sounding[np.unique(np.linspace(0, len(sounding) - 1, most).astype(int))].tolist())
    found = []
    for i, z in enumerate(encoded.frames):
        steps = len(z) // step_frames
        found.append(
            _describe(encoded, i, step_frames, steps, cache) if i in chosen and steps else np.empty((0, 5))
        )
        if progress:
            progress("describing", i + 1, len(encoded))
    return [each.astype(np.float32) for each in found]


def _describe(encoded: EncodedSet, i: int, step_frames: int, steps: int, cache: Path | None) -> Floats:
    path, start = encoded.data.recordings[i].path, encoded.starts[i]
    samples = round(step_frames * encoded.sample_rate / encoded.frame_rate)
    place = None
    if cache is not None:
        place = (
            cache
            / "described"
            / f"{sha256_file(path)}-{start:.3f}-{encoded.sample_rate}-{samples}-{_FORMAT}.npy"
        )
        if place.is_file():
            kept: Floats = np.load(place)
            return kept
    audio = read_audio(path, encoded.sample_rate, 1, (start, steps * samples / encoded.sample_rate))[0][0]
    described = describe(audio, encoded.sample_rate, samples, steps)
    if place is not None:
        with atomic_file(place) as beside, beside.open("wb") as file:
            np.save(file, described)
    return described


def _answer(atlas: Atlas, encoded: EncodedSet) -> str:
    alive, named = int((atlas.density > 0).sum()), sum(bool(name) for name in atlas.names)
    found = atlas.following.q <= SIGNIFICANT
    each = ", ".join(f"{int(found[:, d].sum())} {name}" for d, name in enumerate(DESCRIPTORS))
    labels = (atlas.auroc_q <= SIGNIFICANT) & (atlas.auroc >= NAMED_FROM_AUROC)
    label_counts = ", ".join(f"{int(labels[:, c].sum())} {name}" for c, name in enumerate(encoded.concepts))
    said = [
        f"Of {len(atlas.density)} features {alive} are ever on in {len(encoded)} recordings, and {named} get a name.",
        f"Features that follow a descriptor more than chance: {each}.",
    ]
    if label_counts:
        said.append(
            f"Features that detect a label with an AUROC of {NAMED_FROM_AUROC} or more: {label_counts}."
        )
    return " ".join(said)


def _table(atlas: Atlas, encoded: EncodedSet) -> Table:
    rows: list[Row] = []
    for i in range(len(atlas.density)):
        best = _best_label(atlas, i)
        moments = "; ".join(f"{_name(encoded, m)} {m.seconds:.1f} s" for m in atlas.moments[i])
        rows.append(
            (
                int(i),
                atlas.names[i],
                round(float(atlas.density[i]), 4),
                *(round(float(v), 2) for v in atlas.following.correlations[i]),
                "" if best is None else encoded.concepts[best],
                None if best is None else round(float(atlas.auroc[i, best]), 2),
                moments,
            )
        )
    return Table(
        "All features",
        ("feature", "name", "on", *DESCRIPTORS, "best label", "AUROC", "loudest at"),
        tuple(rows),
        note="on: share of frames. Then Spearman's correlation with each descriptor over tenths of a second; a feature that is "
        f"seldom on can't reach 1. A name is given from {FOLLOWS} of what it can reach, and from an AUROC of "
        f"{NAMED_FROM_AUROC}, at a false discovery rate of {SIGNIFICANT}.",
    )


def _counts(atlas: Atlas) -> Table:
    rows: list[Row] = []
    for d, name in enumerate(DESCRIPTORS):
        follows, control = (own[:, d] <= SIGNIFICANT for own in (atlas.following.q, atlas.following.control))
        strong = follows & (np.abs(atlas.following.strengths[:, d]) >= FOLLOWS)
        rows.append((name, int(follows.sum()), int(strong.sum()), int(control.sum())))
    return Table(
        "Features that follow each descriptor",
        ("descriptor", "more than chance", f"with a strength of {FOLLOWS} or more", "when shifted in time"),
        tuple(rows),
        note="Shifted in time each descriptor keeps its course but has nothing to do with the features: the last column should "
        "be about 0.",
    )


def _players(
    atlas: Atlas, encoded: EncodedSet, shown: np.ndarray[Any, np.dtype[np.int64]], folder: Path
) -> AudioPlayers:
    rows = []
    for feature in shown.tolist():
        label = f"{feature}: {atlas.names[feature] or 'no name'}"
        sounds = []
        for place, moment in enumerate(atlas.moments[feature]):
            path = f"{FOLDER}/feature_{feature:04}_{place + 1}.flac"
            _write_snippet(folder / path, encoded, moment)
            sounds.append(Sound(f"{label} ({_name(encoded, moment)} at {moment.seconds:.1f} s)", path))
        rows.append(tuple(sounds))
    shown_now = {folder / sound.path for row in rows for sound in row}
    for left in set((folder / FOLDER).glob("feature_*.flac")) - shown_now:
        left.unlink()
    return AudioPlayers(
        f"The loudest moments of {len(rows)} informative features",
        tuple(rows),
        note=f"A second around each moment, at most {MOMENTS} from different recordings. The feature is one part of what sounds.",
    )


def _write_snippet(path: Path, encoded: EncodedSet, moment: Moment) -> None:
    source = encoded.data.recordings[moment.recording].path
    start = max(0.0, moment.seconds - SNIPPET_SECONDS / 2)
    audio, rate = read_audio(source, SNIPPET_RATE, 1, (start, SNIPPET_SECONDS))
    fade = min(round(_FADE_SECONDS * rate), audio.shape[1] // 2)
    audio[:, :fade] *= np.linspace(0, 1, fade, dtype=np.float32)
    audio[:, audio.shape[1] - fade :] *= np.linspace(1, 0, fade, dtype=np.float32)
    peak = max(float(np.abs(audio).max()), 1.0)
    write_audio(path, np.round(audio / peak * 32767) / 32768, rate)  # 16 bits: half the size


def _best_label(atlas: Atlas, feature: int) -> int | None:
    own = atlas.auroc[feature]
    return int(np.nanargmax(own)) if np.isfinite(own).any() else None


def _name(encoded: EncodedSet, moment: Moment) -> str:
    path = encoded.data.recordings[moment.recording].path
    return f"{path.parent.name}/{path.stem}"


def _metrics(atlas: Atlas, encoded: EncodedSet) -> dict[str, Any]:
    def rounded(x: Any) -> list[Any]:
        return [None if not np.isfinite(v) else round(float(v), 4) for v in x]

    return {
        "descriptors": list(DESCRIPTORS),
        "labels": list(encoded.concepts),
        "features": [
            {
                "feature": i,
                "name": atlas.names[i],
                "density": round(float(atlas.density[i]), 6),
                "correlations": rounded(atlas.following.correlations[i]),
                "strengths": rounded(atlas.following.strengths[i]),
                "q": rounded(atlas.following.q[i]),
                "auroc": rounded(atlas.auroc[i]),
                "moments": [
                    {"file": _name(encoded, m), "seconds": m.seconds, "value": m.value}
                    for m in atlas.moments[i]
                ],
            }
            for i in range(len(atlas.density))
        ],
    }
