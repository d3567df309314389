"""Makes, from a RAVE's run and a folder of recordings, a fine-tuned run in another folder; resumable."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch

from drawstop.errors import DrawstopError
from drawstop.files import require_writable, sha256_file, write_json
from drawstop.progress import Progress, step_report
from training.data.recordings import Recording, scan
from training.fine_tuning.crops import identity_of, read_crops, split_recordings
from training.fine_tuning.fine_tune import FineTuneConfig, FineTuning, Metrics
from training.models.rave.export_run import CONFIG, RunFiles, find_run
from training.models.rave.trainable import CHECKPOINT, open_run, write_run
from training.models.resumable_training import read_state

STATE = "fine_tune.pt"
"""File that an interrupted fine-tuning goes on from; removed at its end."""

RECORD = "fine_tune.json"
"""File with the settings and metrics of a finished fine-tuning."""

_DESCRIPTIONS = {"run": "the run", "recordings": "the recordings"}


@dataclass(frozen=True)
class FineTuned:
    """Result of a fine-tuning."""

    before: Metrics
    after: Metrics
    training: int
    """Recordings trained on."""
    held_out: int
    """Recordings that the metrics were measured on."""


def fine_tune_run(
    run: Path,
    recordings: Path,
    out: Path,
    config: FineTuneConfig,
    *,
    device: str = "cpu",
    until: int | None = None,
    progress: Progress | None = None,
) -> FineTuned | None:
    """Fine-tune the RAVE of `run` on `recordings` and write the run `out`.

    Interrupted, the same call goes on from `out`'s last state; finished, it gives the metrics again.

    Args:
        until: stop early, at this step, and give None.

    Raises:
        DrawstopError: no run, a RAVE whose latents can't add up, too few recordings, or an `out` that is the run's
            own, somebody else's, or another fine-tuning's.
        ImportError: acids-rave isn't installed.
    """
    files = find_run(run)
    training, held_out = split_recordings(scan(recordings))
    identity = _identity(files, training + held_out, config)
    _check_out(run, out)
    if (out / RECORD).is_file():
        return _recorded(out, identity)
    _check_state(out, identity)
    if not (device == "cpu" or (device.startswith("cuda") and torch.cuda.is_available())):
        raise DrawstopError(f"expected the device cpu, or cuda where torch sees one, got {device!r}")
    model = open_run(files)
    samples = -(-config.samples // model.ratio) * model.ratio
    crops, unseen = (
        read_crops(side, model.sample_rate, model.channels, samples) for side in (training, held_out)
    )
    require_writable(out)
    state = out / STATE
    fine_tuning = FineTuning(model, crops, unseen, config, device=device, path=state, identity=identity)
    fine_tuning.run(until, step_report(progress, "fine-tuning"))
    if fine_tuning.step < config.steps:
        return None
    after = fine_tuning.finish()
    result = FineTuned(fine_tuning.before, after, len(crops.sounds), len(unseen.sounds))
    write_run(out, files, model)
    write_json(out / RECORD, {"identity": identity, "result": asdict(result)})
    state.unlink(missing_ok=True)
    return result


def _identity(files: RunFiles, recordings: list[Recording], config: FineTuneConfig) -> dict[str, Any]:
    run = sha256_file(files.checkpoint) + sha256_file(files.config)
    return asdict(config) | {"run": run, "recordings": identity_of(recordings)}


def _check_out(run: Path, out: Path) -> None:
    source, target = run.resolve(), out.resolve()
    if source == target or source in target.parents or target in source.parents:
        raise DrawstopError(f"{out} and the run {run} would mix; give a folder outside it with --out")
    if out.exists() and not out.is_dir():
        raise DrawstopError(f"can't write the run {out}: a file of that name exists; give another name")
    ours = any((out / name).is_file() for name in (STATE, RECORD))
    if out.is_dir() and any(out.iterdir()) and not ours:
        raise DrawstopError(f"{out} holds files that aren't ours to replace; give another folder")


def _recorded(out: Path, identity: dict[str, Any]) -> FineTuned:
    try:
        record = json.loads((out / RECORD).read_text(encoding="utf-8"))
        result = record["result"]
        before, after = (Metrics(**result[name]) for name in ("before", "after"))
        _refuse_other(out, record["identity"], identity)
        complete = (out / CONFIG).is_file() and (out / CHECKPOINT).is_file()
    except (ValueError, KeyError, TypeError) as error:
        if isinstance(error, DrawstopError):
            raise
        raise DrawstopError(f"{out / RECORD} is damaged; give another folder with --out") from error
    if not complete:
        raise DrawstopError(f"{out} has lost its {CONFIG} or {CHECKPOINT}; give another folder with --out")
    return FineTuned(before, after, int(result["training"]), int(result["held_out"]))


def _check_state(out: Path, identity: dict[str, Any]) -> None:
    if (out / STATE).is_file():
        stored = read_state(out / STATE).get("identity")
        _refuse_other(out, stored if isinstance(stored, dict) else {}, identity)


def _refuse_other(out: Path, stored: dict[str, Any], identity: dict[str, Any]) -> None:
    changed = [_DESCRIPTIONS.get(name, name) for name, value in identity.items() if stored.get(name) != value]
    if changed:
        raise DrawstopError(
            f"{out} holds another fine-tuning ({', '.join(changed)} changed); give another folder with --out, or repeat "
            "the command as it was"
        )
