"""The sounds of the separator's corpus: phrases within their range, notes by their names, equalisers, singers in tune."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from drawstop.errors import DrawstopError
from training.recipes.corpus.corpus import SAMPLE_RATE, midi_file
from training.recipes.separator.corpus.sounds.clip import CLIP_SAMPLES, CLIP_SECONDS, Samples
from training.recipes.separator.corpus.sounds.colour import (
    Equaliser,
    add_treble,
    distort,
    equalise,
    reverberate,
)
from training.recipes.separator.corpus.sounds.midi_phrases import Scale, drum_phrase, melodic_phrase, range_of
from training.recipes.separator.corpus.sounds.recorded_guitars import (
    damped,
    guitar,
    load_note,
    notes_of,
    pitch_of,
)
from training.recipes.separator.corpus.sounds.synthetic import MAKERS, synthetic

IN_TUNE_CENTS = 50.0
"""Half a semitone: drift and the pitch tracker's error stay below it."""


def test_every_phrase_stays_in_its_programs_range_and_ends_within_the_clip() -> None:
    for seed in range(60):
        program = (0, 25, 33, 87)[seed % 4]
        phrase = melodic_phrase(program, np.random.default_rng(seed))
        low, high = range_of(program)
        assert all(low <= note.pitch <= high and note.length > 0 for note in phrase.notes)
        assert max(note.start + note.length for note in phrase.notes) < CLIP_SECONDS
        assert len(phrase.bends) % 2 == 0 and all(bend.position == 0 for bend in phrase.bends[1::2])


def test_drums_play_sounds_of_the_kit_within_the_clip() -> None:
    notes = drum_phrase(np.random.default_rng(0)).notes
    assert 4 <= len({note.pitch for note in notes}) <= 9
    assert all(35 <= note.pitch < 82 and note.start + note.length < CLIP_SECONDS for note in notes)


def test_a_scale_gives_its_own_pitches_within_an_octave() -> None:
    rng = np.random.default_rng(0)
    pitches = [Scale(2, (0, 4, 7)).near(60, rng) for _ in range(60)]
    assert {pitch % 12 for pitch in pitches} == {2, 6, 9}
    assert all(abs(pitch - 60) < 12 for pitch in pitches)


def test_a_bend_of_the_pitch_wheel_stands_in_the_midi_file_at_its_time() -> None:
    phrase = next(
        phrase for seed in range(99) if (phrase := melodic_phrase(0, np.random.default_rng(seed))).bends
    )
    now, found = 0.0, []
    for message in midi_file([phrase], 0, slot_seconds=CLIP_SECONDS):
        now += message.time
        if message.type == "pitchwheel":
            found.append((pytest.approx(now, abs=1e-3), message.pitch))
    assert now == pytest.approx(CLIP_SECONDS)
    assert found == [(bend.start, bend.position) for bend in sorted(phrase.bends, key=lambda b: b.start)]


@pytest.mark.parametrize(
    "name, pitch",
    [("a2_vl1.flac", 45), ("gb3_mf.flac", 54), ("Fs3.mp3", 54), ("bb3_f.flac", 58), ("B3.mp3", 59)],
)
def test_a_notes_pitch_is_read_from_its_files_name(name: str, pitch: int) -> None:
    assert pitch_of(Path(name)) == pitch


def test_a_file_that_is_not_named_by_a_note_is_refused(tmp_path: Path) -> None:
    (tmp_path / "noise.flac").touch()
    with pytest.raises(DrawstopError, match="expected a note's name"):
        notes_of(tmp_path)


def test_a_folder_without_notes_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DrawstopError, match="expected a guitar's notes"):
        guitar(tmp_path, np.random.default_rng(0))


def test_a_note_resampled_up_by_an_octave_sounds_an_octave_higher_and_half_as_long(tmp_path: Path) -> None:
    time = np.arange(SAMPLE_RATE) / SAMPLE_RATE
    soundfile.write(tmp_path / "a4_f.flac", 0.3 * np.sin(2 * np.pi * 440 * time), SAMPLE_RATE)
    note = load_note(tmp_path / "a4_f.flac", 12.0)
    assert len(note) == SAMPLE_RATE // 2
    assert np.abs(note).max() == pytest.approx(1.0)
    assert _strongest_hertz(note) == pytest.approx(880, abs=4)


def test_a_damped_note_is_whole_then_fades_and_a_shorter_note_stays_as_it_is() -> None:
    note = np.ones(SAMPLE_RATE, np.float32)
    sound = damped(note, 0.5)
    assert (sound[: SAMPLE_RATE // 2] == 1).all()
    assert sound[-1] == 0 and (np.diff(sound) <= 0).all()
    assert (damped(note, 2.0) == note).all()


@pytest.mark.parametrize("maker", MAKERS, ids=lambda maker: maker.__name__)
def test_each_synthetic_sound_sounds_and_is_as_long_as_asked(maker: Callable[..., Samples]) -> None:
    sound = maker(20000, np.random.default_rng(1))
    assert sound.shape == (20000,)
    assert np.isfinite(sound).all() and np.abs(sound).max() > 0


def test_a_synthetic_clip_is_a_whole_clip() -> None:
    assert synthetic(np.random.default_rng(0)).shape == (CLIP_SAMPLES,)


def test_an_equaliser_without_ripples_is_a_tilt_about_1_khz() -> None:
    tilt = Equaliser(tilt_db=(3.0, 3.0), ripples=0, ripple_db=0.0, widths=(1.0, 1.0))
    gain_db = tilt.gain_db(np.array([500.0, 1000.0, 4000.0]), np.random.default_rng(0))
    assert gain_db == pytest.approx([-3.0, 0.0, 6.0])


@pytest.mark.parametrize("change", [distort, equalise, reverberate, add_treble])
def test_colouring_keeps_the_length_and_changes_the_sound(
    change: Callable[[Samples, np.random.Generator], Samples],
) -> None:
    sound = np.random.default_rng(0).normal(size=SAMPLE_RATE)
    changed = change(sound, np.random.default_rng(1))
    assert changed.shape == sound.shape
    assert np.isfinite(changed).all()
    assert np.sqrt(np.mean((changed - sound) ** 2)) > 0.05


def test_the_treble_lies_above_what_speech_has() -> None:
    rng = np.random.default_rng(0)
    time = np.arange(SAMPLE_RATE) / SAMPLE_RATE
    speech = np.sin(2 * np.pi * 4000 * time)
    added = np.abs(np.fft.rfft(add_treble(speech, rng) - speech)) ** 2
    hertz = np.fft.rfftfreq(SAMPLE_RATE, 1 / SAMPLE_RATE)
    assert added[hertz > 6000].sum() > 0.8 * added.sum()


def test_a_singer_sings_in_tune_and_smaller_singers_have_higher_formants(
    needs_program: Callable[[str], None],
) -> None:
    needs_program("espeak-ng")
    pyworld = pytest.importorskip("pyworld", reason="needs the recipe group")
    from training.recipes.corpus.singing import analyse, dio, speak
    from training.recipes.separator.corpus.sounds.singers import Voice, shift_formants, sing

    syllable = analyse(speak("en-us+m1", "la:", SAMPLE_RATE), SAMPLE_RATE, dio)
    assert syllable is not None
    assert (shift_formants(syllable, 1.0).aperiodicity == syllable.aperiodicity).all()
    small = shift_formants(syllable, 1.25)
    centres = [_centre_of(each.envelope[each.vowel_start]) for each in (syllable, small)]
    assert 1.1 < centres[1] / centres[0] < 1.4
    note = sing(Voice((small,), 5.0, 0.0, 0.0), small, 57, 1.0, np.random.default_rng(0))
    f0, _ = pyworld.harvest(note, SAMPLE_RATE, 60.0, 500.0, 5.0)
    assert abs(1200 * np.log2(np.median(f0[f0 > 0]) / 220)) < IN_TUNE_CENTS


def test_espeaks_speakers_and_languages_are_names_that_it_takes(needs_program: Callable[[str], None]) -> None:
    needs_program("espeak-ng")
    from training.recipes.corpus.espeak import languages, say, speakers

    assert {"m1", "f2", "Storm"} <= set(speakers()) and "Mr" not in speakers()
    assert "en-us" in languages() and not any("mb" in language for language in languages())
    sounds = [say("hello", f"en-us+{speaker}", 150, 60)[0] for speaker in ("m1", "f2")]
    assert all(np.abs(sound).max() > 0.05 for sound in sounds)


def _strongest_hertz(sound: Samples) -> float:
    return float(np.abs(np.fft.rfft(sound)).argmax() * SAMPLE_RATE / len(sound))


def _centre_of(power: Samples) -> float:
    """The mean bin of an envelope's first formants, weighted by power."""
    bins = np.arange(len(power))
    return float((bins * power).sum() / power.sum())
