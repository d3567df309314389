"""Stand-ins for parallel recordings: pieces of the same pitches, at the playing's level."""

from pathlib import Path

import pytest
import torch
from torch import Tensor

from training.find.rave.pitch_matched_pairs import PIECE, pieced_recordings, salience
from training.models.rave.model import RaveModel


def tones(model: RaveModel, notes: list[int], gain: float, partials: int) -> Tensor:
    """Latents of notes of half a second each. -> `[latents, frames]`"""
    rate = model.rates.sample_rate
    time = torch.arange(rate // 2) / rate
    sounds = []
    for note in notes:
        hertz = 440.0 * 2 ** ((note - 69) / 12)
        waves = [torch.sin(2 * torch.pi * hertz * n * time) / n for n in range(1, partials + 1)]
        sounds.append(gain * torch.stack(waves).sum(0))
    return model.encode(torch.cat(sounds)[None, None])[0]


@pytest.mark.slow
def test_the_pieced_recording_plays_the_notes_of_the_playing_at_its_level(example_rave: Path) -> None:
    model = RaveModel(example_rave)
    playing = tones(model, [57, 64, 60], 0.05, 6)
    concept = tones(model, [60, 57, 67, 64, 70], 0.2, 6)
    (made,) = pieced_recordings(model, [playing], [concept])
    assert made.shape == playing.shape
    whole = playing.shape[-1] // PIECE * PIECE
    assert float(made[:, :whole].norm()) == pytest.approx(float(playing[:, :whole].norm()), rel=0.05)
    wanted, found = salience(model, playing), salience(model, made)
    middle = slice(4, whole - 4)
    right = (wanted.argmax(1)[middle] - found.argmax(1)[middle]).abs() <= 1
    assert float(right.float().mean()) > 0.6


@pytest.mark.slow
def test_silence_gets_silent_pieces(example_rave: Path) -> None:
    model = RaveModel(example_rave)
    silent = torch.zeros(model.rates.width, 3 * PIECE)
    (made,) = pieced_recordings(model, [silent], [tones(model, [60, 64], 0.2, 4)])
    assert float(made.abs().max()) == 0.0
