"""The shipped small MusicGen: loads offline with audiocraft alone, and an independent classifier detects what its texts say."""

from __future__ import annotations

import itertools
import json
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from torch import Tensor

from drawstop.audio.files import read_audio
from tests.helpers.repository import DEMO
from training.metrics.distances import spectral_distance
from training.recipes.musicgen.sounds.corpus import CONCEPTS, TEXTS
from training.recipes.musicgen.sounds.noises import coloured_noise

if TYPE_CHECKING:  # importing audiocraft takes ten seconds: only the worker that runs these tests does
    from audiocraft.models.musicgen import MusicGen

pytestmark = pytest.mark.slow

LARGEST = 6_500_000  # bytes, both files and the banks
CLIPS = 12
SIGMAS = 4.0
"""How far a share of CLIPS sounds may lie from the figures': once in 15,000 by chance."""


@pytest.fixture(scope="module")
def musicgen() -> MusicGen:
    from audiocraft.models.musicgen import MusicGen

    patch = pytest.MonkeyPatch()
    patch.setenv("HF_HUB_OFFLINE", "1")
    model = MusicGen.get_pretrained(str(DEMO / "musicgen"), device="cpu")
    patch.undo()
    return model


@pytest.fixture(scope="module")
def figures() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((DEMO / "musicgen_figures.json").read_text())
    return found


def test_the_shipped_folder_is_small_and_holds_two_files_and_banks() -> None:
    shipped = sorted((DEMO / "musicgen").iterdir())
    assert [path.name for path in shipped] == ["banks", "compression_state_dict.bin", "state_dict.bin"]
    assert sum(path.stat().st_size for path in (DEMO / "musicgen").rglob("*") if path.is_file()) < LARGEST
    for path in shipped[1:]:
        package = torch.load(path, map_location="cpu", weights_only=True)
        assert set(package) == {"best_state", "xp.cfg", "version", "exported"}
        assert package["exported"] is True


def test_the_same_seed_gives_the_same_tokens_and_another_seed_others(musicgen: MusicGen) -> None:
    musicgen.set_generation_params(duration=0.5)

    def tokens(seed: int) -> Tensor:
        torch.manual_seed(seed)
        return musicgen.generate(["guitar", "voice"], return_tokens=True)[1]

    first = tokens(1)
    assert first.shape == (2, 4, 25)
    assert torch.equal(first, tokens(1))
    assert not torch.equal(first, tokens(2))


@pytest.mark.parametrize("text", list(TEXTS))
def test_the_classifier_hears_what_the_figures_say(
    musicgen: MusicGen, figures: dict[str, Any], text: str
) -> None:
    from training.recipes.musicgen.measure.figures import musicgen_classifiers, sample

    sounds = sample(musicgen, text, 3.0, seed=100, count=CLIPS)
    shares = musicgen_classifiers(DEMO)[0].predict(sounds, musicgen.sample_rate).detected.double().mean(0)
    for concept, share in zip(CONCEPTS, shares, strict=True):
        said = figures["judge"]["heard"]["samples, cfg 3"][text][concept]
        assert abs(float(share) - said) < margin(said, figures["clips_of_each"]["judge"]), concept


def margin(said: float, clips: int) -> float:
    """SIGMAS of the difference of two shares, of CLIPS and of `clips`, and the step of the coarser one."""
    likely = (said * clips + 1) / (clips + 2)
    return SIGMAS * math.sqrt(likely * (1 - likely) * (1 / CLIPS + 1 / clips)) + 1 / CLIPS


@pytest.mark.parametrize("recording", ["train/guitar/00@fluid-nylon", "train/voice/00@fluid-choir"])
def test_encodec_is_nearer_to_a_recording_than_noise_or_silence(musicgen: MusicGen, recording: str) -> None:
    from training.recipes.musicgen.network.codes import reconstruct

    path = DEMO / "recordings" / f"{recording}.flac"
    original = torch.from_numpy(read_audio(path, musicgen.sample_rate, channels=1)[0])
    level = original.square().mean().sqrt()
    white = coloured_noise(np.random.default_rng(0), 1, original.shape[1])
    rebuilt = float(spectral_distance(reconstruct(musicgen, original), original))
    for other in (white * level / white.square().mean().sqrt(), torch.zeros_like(original)):
        assert rebuilt < 0.8 * float(spectral_distance(other, original))


def test_a_training_stopped_after_two_steps_resumes_bit_for_bit(tmp_path: Path) -> None:
    from training.recipes.musicgen.network.codes import FOLDER, codes_path
    from training.recipes.musicgen.network.lm_training import (
        CHECKPOINT,
        FRAMES,
        LanguageModelTraining,
        schedule,
    )
    from training.recipes.musicgen.network.models import BINS, CODEBOOKS

    rng = np.random.default_rng(0)
    for run in (tmp_path / "whole", tmp_path / "parts"):
        (run / FOLDER).mkdir(parents=True)
    for split, text in itertools.product(("train", "validation"), TEXTS):
        codes = rng.integers(0, BINS, (3, CODEBOOKS, FRAMES)).astype(np.uint8)
        for run in (tmp_path / "whole", tmp_path / "parts"):
            np.save(codes_path(run, split, text), codes)
    plan = schedule(steps=4, seed=0)
    LanguageModelTraining(tmp_path / "whole", plan).run()
    LanguageModelTraining(tmp_path / "parts", plan).run(until=2)
    LanguageModelTraining(tmp_path / "parts", plan).run()
    whole, parts = (torch.load(tmp_path / n / CHECKPOINT, weights_only=True) for n in ("whole", "parts"))
    assert parts["step"] == 4
    for kind in ("model", "average"):
        assert all(torch.equal(value, parts[kind][name]) for name, value in whole[kind].items())
