import hashlib
import json
from typing import Any

import mido
import numpy as np
import pytest
import soundfile

from tests.helpers.repository import DEMO
from training.banks.bank import load_bank
from training.models.rave.model import RaveModel

RECORDINGS = DEMO / "recordings"
COUNTS = {
    "train": {"guitar": 10, "voice": 10, "both": 5, "neither": 6},
    "held_out": {"guitar": 8, "voice": 8, "both": 8, "neither": 4},
}
LARGEST_SHIPPED = 26_000_000  # bytes, 6 of them the small MusicGen with its banks
FILES = sorted(RECORDINGS.rglob("*.flac"))


@pytest.fixture(scope="module")
def manifest() -> dict[str, dict[str, Any]]:
    return {clip["file"]: clip for clip in json.loads((RECORDINGS / "manifest.json").read_text())["clips"]}


@pytest.mark.parametrize("part", ["train", "held_out"])
def test_the_set_is_complete(part: str) -> None:
    assert {d.name: len(list(d.glob("*.flac"))) for d in (RECORDINGS / part).iterdir()} == COUNTS[part]


def test_the_manifest_lists_every_file_and_no_other(manifest: dict[str, dict[str, Any]]) -> None:
    assert sorted(manifest) == [path.relative_to(RECORDINGS).as_posix() for path in FILES]


def test_every_recording_is_three_seconds_of_mono_16_bit_sound_that_is_not_silent() -> None:
    for path in FILES:
        info = soundfile.info(path)
        assert (info.samplerate, info.channels, info.subtype, info.frames) == (44100, 1, "PCM_16", 132300)
        samples, _ = soundfile.read(path, dtype="float32")
        assert 0.01 < float(np.sqrt(np.mean(samples**2))) < 0.5, path
        assert float(np.abs(samples).max()) < 0.96, path


def test_training_recordings_with_the_same_number_play_the_same_phrase(
    manifest: dict[str, dict[str, Any]],
) -> None:
    played: dict[str, dict[str, list[int]]] = {"guitar": {}, "voice": {}}
    for name, clip in manifest.items():
        part, concept, file = name.split("/")
        if part == "train" and concept in played:
            number, timbre = file.removesuffix(".flac").split("@")
            played[concept][number] = clip["phrases"]
            assert clip["timbres"] == [timbre]
    assert played["guitar"] == played["voice"]
    assert len(played["guitar"]) == 10


def test_train_and_held_out_share_no_file_and_no_phrase(manifest: dict[str, dict[str, Any]]) -> None:
    hashes: dict[str, set[str]] = {"train": set(), "held_out": set()}
    phrases: dict[str, set[int]] = {"train": set(), "held_out": set()}
    for path in FILES:
        part = path.relative_to(RECORDINGS).parts[0]
        hashes[part].add(hashlib.sha256(path.read_bytes()).hexdigest())
        phrases[part].update(manifest[path.relative_to(RECORDINGS).as_posix()]["phrases"])
    assert sum(len(found) for found in hashes.values()) == len(FILES)
    assert not hashes["train"] & hashes["held_out"]
    assert not phrases["train"] & phrases["held_out"]


def test_held_out_timbres_are_in_no_training_recording(manifest: dict[str, dict[str, Any]]) -> None:
    train = {t for name, clip in manifest.items() if name.startswith("train/") for t in clip["timbres"]}
    unheard = {t for clip in manifest.values() if clip["held_out_timbre"] for t in clip["timbres"]}
    assert len(unheard) >= 5
    assert not train & unheard


def test_the_performance_is_twelve_seconds_and_its_stops_return_to_neutral() -> None:
    assert soundfile.info(DEMO / "performance.flac").duration == 12.0
    file = mido.MidiFile(DEMO / "performance.mid")
    assert (file.type, file.ticks_per_beat) == (0, 480)
    assert file.length == pytest.approx(12.0)
    now, values = 0.0, dict[int, int]()
    at: dict[float, dict[int, int]] = {}
    for message in file:
        for moment in (1.0, 5.0, 8.0, 10.0, 11.5):
            if now <= moment < now + message.time:
                at[moment] = dict(values)
        now += message.time
        if message.type == "control_change":
            values[message.control] = message.value
    neutral = {20: 64, 21: 64}
    assert at == {1.0: neutral, 5.0: {20: 0, 21: 127}, 8.0: neutral, 10.0: {20: 0, 21: 64}, 11.5: neutral}


def test_the_shipped_demo_stays_small() -> None:
    data = [path for path in DEMO.rglob("*") if path.is_file() and path.suffix not in (".py", ".pyc")]
    assert sum(path.stat().st_size for path in data) < LARGEST_SHIPPED


def test_licences_are_stated() -> None:
    text = (DEMO / "LICENSE.md").read_text()
    for name in ("FluidR3", "TimGM6mb", "MuseScore", "GMbank", "espeak-ng", "CC BY-NC 4.0"):
        assert name in text


@pytest.mark.slow
def test_the_shipped_bank_is_of_the_shipped_model_and_has_two_gated_stops() -> None:
    bank = load_bank(DEMO / "bank", RaveModel(DEMO / "rave.ts").fingerprint)
    assert [stop.kind for stop in bank.stops] == ["gated", "gated"]
