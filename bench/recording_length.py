"""Memory and time against the length of a recording: encoded in pieces as `activations` and `train` do, and whole.

python -m bench.recording_length rave.ts --minutes 1 5 15 60 --whole 1 5: each length in a process of its own, on one thread.
"""

import argparse
import hashlib
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

RATE_HZ = 44100
MEGABYTE = 1024
"""Kilobytes, in which Linux gives the peak."""


def encoded(rave: Path, folder: Path, whole: bool) -> dict[str, Any]:
    """Encodes the one recording in a folder: a hash of its latents, peak memory in MB before and after, CPU seconds."""
    import torch

    from training.activations.streamed_frames import ModelFrames
    from training.data.recordings import load, scan
    from training.models.rave import pieces
    from training.models.rave.model import RaveModel

    torch.set_num_threads(1)
    model = RaveModel(rave)
    before, began, digest, frames = _peak(), time.process_time(), hashlib.sha256(), 0
    if whole:
        pieces.PIECE_SAMPLES = sys.maxsize // 4  # a piece that no recording fills
        parts = iter([model.encode(load(scan(folder)[0], RATE_HZ, model.channels)[None])[0].T.numpy()])
    else:
        parts = (part["latent"] for part in ModelFrames(model, scan(folder), ["latent"]).pieces_of(0))
    for part in parts:
        digest.update(part.tobytes())
        frames += len(part)
    seconds = time.process_time() - began
    return {
        "hash": digest.hexdigest(),
        "frames": frames,
        "before": before,
        "peak": _peak(),
        "seconds": seconds,
    }


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / MEGABYTE


def write_recording(path: Path, minutes: int) -> Path:
    """Noise and a sweep of its level, minute after minute another, in 16 bits."""
    import numpy as np
    import soundfile

    rng = np.random.default_rng(0)
    path.parent.mkdir(parents=True, exist_ok=True)
    with soundfile.SoundFile(path, "w", RATE_HZ, 1) as file:
        for _ in range(minutes):
            file.write(rng.uniform(-0.5, 0.5, 60 * RATE_HZ) * np.linspace(0.05, 1, 60 * RATE_HZ))
    return path


def apart(rave: Path, folder: Path, whole: bool) -> dict[str, Any]:
    """`encoded` in a process of its own."""
    command = [sys.executable, "-m", "bench.recording_length", str(rave), "--one", str(folder)]
    done = subprocess.run([*command, *(["--as-whole"] if whole else [])], capture_output=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def main() -> None:
    """Prints a row for each length."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("rave", type=Path)
    parser.add_argument("--minutes", type=int, nargs="+", default=[1, 5, 15, 60])
    parser.add_argument(
        "--whole", type=int, nargs="*", default=[1, 5], help="lengths that are encoded whole too"
    )
    parser.add_argument("--one", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--as-whole", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.one:
        print(json.dumps(encoded(arguments.rave, arguments.one, arguments.as_whole)))
        return
    print(
        "| minutes | frames | CPU s | peak in pieces, MB | peak whole, MB | same bits |\n|---|---|---|---|---|---|"
    )
    for minutes in arguments.minutes:
        with tempfile.TemporaryDirectory() as folder:
            write_recording(Path(folder) / "a.wav", minutes)
            ours = apart(arguments.rave, Path(folder), False)
            whole = apart(arguments.rave, Path(folder), True) if minutes in arguments.whole else None
        beside = (
            f"{whole['peak']:.0f} | {'yes' if whole['hash'] == ours['hash'] else 'no'}"
            if whole
            else "not tried | –"
        )
        print(
            f"| {minutes} | {ours['frames']} | {ours['seconds']:.1f} | {ours['peak']:.0f} | {beside} |",
            flush=True,
        )
    print(f"Libraries and model alone: {ours['before']:.0f} MB.")


if __name__ == "__main__":
    main()
