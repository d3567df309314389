"""The diverse set: its plan, and its rendering by the real programs, small."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from drawstop.errors import DrawstopError
from training.recipes.diverse.noises import make_noise
from training.recipes.diverse.plan import PHRASES, PlannedRecording, Sizes, plan
from training.recipes.diverse.render import (
    MANIFEST,
    RECORDINGS,
    TAKES,
    counts_of,
    read_set,
    render_set,
    reverberate,
)
from training.recipes.diverse.sources import LAST_ONSET, SAMPLES, SECONDS, beat, melody, sentence
from training.recipes.diverse.timbres import CONCEPTS, GROUPS, TIMBRES

RATE = 44100
KNOWN = {timbre.name: timbre for timbre in TIMBRES}
WHOLE = plan()
FFT_ROUNDING = 1e-6
SLOPE_TOLERANCE_DB = 1.5
"""Per octave: each noise's own slope is up to 0.15 x 3 dB off, and the estimate is of a few seconds."""


def _small(seed: int = 0) -> list[PlannedRecording]:
    """A few recordings of quick sources: TimGM6mb's organ and drums, espeak-ng, noise."""
    groups = [("organ",), ("drums",), ("female", "speech", "voice"), ("noise",)]
    found = plan(seed, Sizes(1, 1), Sizes(1, 0), Sizes(1, 0), groups)
    names = {"organ": "tim-drawbar-organ", "drums": "tim-standard-drums"}
    parts = [
        tuple(replace(p, timbre=names.get(KNOWN[p.timbre].labels[0], p.timbre)) for p in each.parts)
        for each in found
    ]
    return [replace(each, parts=new) for each, new in zip(found, parts, strict=True)]


def test_the_plan_holds_hundreds_of_recordings_of_at_least_twelve_families_drums_voices_and_noise() -> None:
    counts = counts_of(WHOLE)
    assert counts["recordings"] >= 240
    families = {timbre.labels[0] for timbre in TIMBRES if timbre.kind == "instrument"}
    assert len(families) >= 12
    assert {"drums", "male", "female", "speech", "singing", "noise"} | families <= set(counts["labels"])
    assert min(counts["labels"].values()) >= 50
    assert counts["mixtures"] > 100 and counts["with_reverb"] > 100


def test_every_family_is_played_by_at_least_two_soundfonts() -> None:
    for family in {timbre.labels for timbre in TIMBRES if timbre.kind == "instrument"}:
        assert len({timbre.source for timbre in TIMBRES if timbre.labels == family}) >= 2


def test_no_phrase_is_on_two_sides_and_unheard_timbres_are_in_no_training_or_validation_recording() -> None:
    for each in WHOLE:
        assert all(part.phrase in PHRASES[each.split] for part in each.parts)
        assert {KNOWN[part.timbre].unheard for part in each.parts} == {each.unheard}
        assert not (each.unheard and each.split != "test")
    assert not set(PHRASES["train"]) & set(PHRASES["validation"]) | set(PHRASES["train"]) & set(
        PHRASES["test"]
    )


def test_an_unheard_instrument_is_unheard_from_every_soundfont() -> None:
    for kind in ("instrument", "drums"):
        predictions, unheard = (
            {(t.labels, t.program) for t in TIMBRES if t.kind == kind and t.unheard is side}
            for side in (False, True)
        )
        assert unheard and not predictions & unheard


def test_every_group_has_heard_and_unheard_timbres_and_names_are_unique() -> None:
    for group in GROUPS:
        assert {timbre.unheard for timbre in TIMBRES if timbre.labels == group} == {True, False}
    assert len(KNOWN) == len(TIMBRES)
    assert len({each.file for each in WHOLE}) == len(WHOLE)


def test_the_same_seed_plans_the_same_set_and_another_seed_another() -> None:
    assert plan(3) == plan(3)
    assert plan(3) != plan(4)


def test_labels_and_reverb_stand_in_the_path_of_a_recording() -> None:
    for each in WHOLE:
        split, labels, timbres, name = each.file.split("/")
        assert (split, tuple(labels.split("+"))) == (each.split, each.labels)
        assert timbres == "+".join(part.timbre for part in each.parts)
        assert ("-reverb" in name) == (each.room is not None)
        assert set(each.labels) <= set(CONCEPTS)


def test_phrases_beats_and_sentences_follow_their_seed_and_end_in_time() -> None:
    for make in (melody, beat):
        assert make(7, 0) == make(7, 0) != make(8, 0)
        assert max(note.start for note in make(7, 0).notes) < LAST_ONSET
    assert sentence(7, 0) == sentence(7, 0) != sentence(7, 1)
    assert melody(7, 0, 12).notes[0].pitch == melody(7, 0).notes[0].pitch + 12


@pytest.mark.parametrize("name, slope", [("white", 0.0), ("pink", -3.0), ("brown", -6.0)])
def test_a_noise_falls_by_its_colours_slope(name: str, slope: float) -> None:
    audio = make_noise(name, np.random.default_rng(0), SAMPLES, RATE)
    power = np.abs(np.fft.rfft(audio)) ** 2
    hertz = np.fft.rfftfreq(len(audio), 1 / RATE)
    octaves = [(250 * 2**i, 500 * 2**i) for i in range(5)]
    levels = [10 * np.log10(power[(hertz > low) & (hertz < high)].mean()) for low, high in octaves]
    assert np.polyfit(np.arange(5), levels, 1)[0] == pytest.approx(slope, abs=SLOPE_TOLERANCE_DB)


def test_a_room_keeps_the_direct_sound_and_adds_echoes_that_die_away() -> None:
    click = np.zeros(SAMPLES, dtype=np.float32)
    click[100] = 1.0
    predictions = reverberate(click, room=5)
    assert np.abs(predictions[:100]).max() < FFT_ROUNDING
    assert predictions[100] == pytest.approx(1.0, abs=0.1)
    early, late = (np.square(predictions[RATE * i // 4 + 200 : RATE * (i + 1) // 4]).sum() for i in (0, 1))
    assert early > 2 * late > 0


@pytest.mark.slow
def test_a_small_set_is_rendered_whole_and_a_stopped_rendering_goes_on_to_the_same_bytes(
    tmp_path: Path, needs_program: Callable[[str], None]
) -> None:
    for program in ("fluidsynth", "espeak-ng"):
        needs_program(program)
    recordings = _small()
    render_set(tmp_path, recordings)
    files = {each.file: (tmp_path / RECORDINGS / each.file).read_bytes() for each in recordings}
    for each in recordings:
        sound, rate = soundfile.read(tmp_path / RECORDINGS / each.file, dtype="float32")
        assert (rate, sound.shape) == (RATE, (round(SECONDS * RATE),))
        assert 0.005 < float(np.sqrt(np.mean(sound**2))) < 0.5, each.file
    assert not (tmp_path / TAKES).exists()
    gone = recordings[1].file
    (tmp_path / RECORDINGS / gone).unlink()
    (tmp_path / RECORDINGS / MANIFEST).unlink()
    render_set(tmp_path, recordings)
    assert {each.file: (tmp_path / RECORDINGS / each.file).read_bytes() for each in recordings} == files
    labelled, planned = read_set(tmp_path)
    assert planned == recordings
    assert [each.labels for each in labelled.recordings] == [frozenset(each.labels) for each in recordings]
    counts = json.loads((tmp_path / RECORDINGS / MANIFEST).read_text())["counts"]
    assert counts["recordings"] == len(recordings) == 17
    with pytest.raises(DrawstopError, match="holds another set"):
        render_set(tmp_path, _small(seed=1), seed=1)


def test_a_folder_without_a_finished_set_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DrawstopError, match="expected a rendered set"):
        read_set(tmp_path)
