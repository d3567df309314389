"""Steers a MusicGen, cell by cell: run it as a script, or its cells in a notebook.

Shows the same seed with a stop taken away, at rest and brought in; a stop that moves over time; the frames of a layer, of a
recording and of music while it is made; and an edit of one's own. It needs the extra `musicgen`.

uv run python examples/steer_musicgen.py MODEL BANK OUT

MODEL is a folder or a name on the hub, BANK a bank of one of its layers with a stop or more, OUT a folder.
"""

# %% What to steer
import sys
from pathlib import Path

import torch

from drawstop import Sampling, steer
from drawstop.audio.files import write_audio
from training.banks.bank import load_bank
from training.models.musicgen.model import MusicGenModel

model_name, bank_folder, out = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
model = MusicGenModel(model_name)
bank = load_bank(bank_folder, model.fingerprint)
stop = bank.stops[0].slug
sampling = Sampling(seconds=1.0, seed=3)

# %% The same seed with a stop taken away, at rest, and brought in
for value in (-1, 0, 1):
    piece = steer(model, [bank], ["a quiet evening"], {stop: value}, sampling, unsteered=False)
    write_audio(out / f"{stop}_{value}.wav", piece.made.audio[0].numpy(), piece.sample_rate)

# %% Over time: away for half a second, then back on a ramp; the unsteered piece comes along
moves = [f"{stop}=-1@0s..0.5s", f"{stop}=-1..1@0.5s..1s"]
piece = steer(model, [bank], ["a quiet evening"], moves, sampling)
assert piece.unsteered is not None
same = (piece.made.tokens == piece.unsteered.tokens).float().mean()
write_audio(out / f"{stop}_over_time.wav", piece.made.audio[0].numpy(), piece.sample_rate)

# %% The layer's frames: of a recording (here: of what was just made), and of music while it is made
frames = model.frames(piece.made.audio.to(model.device), bank.site)[bank.site]
other_frames = model.generate(["a quiet evening"], sampling, read=bank.site).frames[bank.site]
print(
    f"{bank.site}: {list(frames.shape)} frames of the piece, {list(other_frames.shape)} while another was made; "
    f"{float(same):.0%} of the tokens are those of the unsteered piece"
)

# %% An edit of one's own: any function of frames and times, at any layers. This one halves what a layer adds to its mean.
mean = frames.mean((0, 2), keepdim=True)


def calmer(x: torch.Tensor, seconds: torch.Tensor) -> torch.Tensor:
    """x `[batch, width, frames]`, seconds `[frames]`."""
    return mean + 0.5 * (x - mean)


made = model.generate(["a quiet evening"], sampling, edits={bank.site: calmer})
write_audio(out / "calmer.wav", made.audio[0].numpy(), model.sample_rate)
