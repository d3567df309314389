"""The tracker of several notes at once, and its shares after edits, on chords whose notes are known."""

import logging
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from training.data.labelled_set import LabelledSet
from training.evaluation.context import Options
from training.evaluation.experiments.steering.cells import (
    BEST,
    NEUTRAL,
    OTHERS_KEPT,
    OWN_LEFT,
    STEMS,
    TURNED,
)
from training.evaluation.experiments.steering.experiment import steering_result
from training.evaluation.playback.musicgen import Pieces
from training.evaluation.playback.playback import MEANS, RANDOM, STOP, Accuracy, Playback, Stems
from training.evaluation.results import Result, Table
from training.evaluation.run import identity_of
from training.metrics import notes
from training.metrics.notes import Notes, notes_f, share_sounding, track_notes
from training.metrics.predictions import Predictions

pytestmark = pytest.mark.slow

RATE = 22050
SECONDS = 3.0
CHORDS = ((0.1, 1.4), (1.5, 2.9))
FOUND = 0.9
"""Least share of the sounding keys, frame by frame: three tones with six partials each, any keys of three octaves."""
MIXED = 0.8
"""Least share of a stem's own notes in a mixture: partials that were taken for notes are hidden there."""
RIGHT = 0.65
"""F of notes: partials that stand out are taken for notes an octave or a twelfth above."""
CHANCE = 0.3
"""Six keys sound at once, partials with them, among 36 that may be played."""
CLIPS = 3
KEYS = {"low": (48, 52, 55), "high": (73, 78, 82)}
"""The keys of two stems; no key of one is an octave or a twelfth of the other's."""
CONCEPTS = tuple(KEYS)


def tone(key: int, start: float, end: float, phases: np.random.Generator, rate: int = RATE) -> Tensor:
    """A key struck and dying away, with six partials."""
    time = np.arange(int(SECONDS * rate)) / rate
    hertz = 440 * 2 ** ((key - 69) / 12)
    wave = sum(np.sin(2 * np.pi * hertz * h * time + phases.uniform(0, 6)) / h**1.5 for h in range(1, 7))
    envelope = np.clip((time - start) / 0.01, 0, 1) * (time < end) * np.exp(-np.clip(time - start, 0, None))
    return torch.tensor(0.08 * wave * envelope, dtype=torch.float32)


def chords(seed: int, rate: int = RATE) -> tuple[Tensor, Notes]:
    """Two chords of three keys, and their notes."""
    rng = np.random.default_rng(seed)
    played = [
        (start, end, int(key))
        for start, end in CHORDS
        for key in rng.choice(np.arange(48, 84), 3, replace=False)
    ]
    sound = sum((tone(key, start, end, rng, rate) for start, end, key in played), torch.zeros(1))
    intervals = np.array([each[:2] for each in played])
    return sound, Notes(intervals, np.array([each[2] for each in played]), SECONDS)


def test_chords_of_known_notes_are_found() -> None:
    made = [chords(seed) for seed in range(12)]
    found = track_notes(torch.stack([sound for sound, _ in made]), RATE)
    pairs = [(truth, predictions) for (_, truth), predictions in zip(made, found, strict=True)]
    assert (
        np.mean([share_sounding(truth.roll(), predictions.roll()) for truth, predictions in pairs]) >= FOUND
    )
    assert np.mean([notes_f(truth, predictions) for truth, predictions in pairs]) >= RIGHT


def test_other_chords_than_those_played_are_not_found() -> None:
    made = [chords(seed) for seed in range(12)]
    found = track_notes(torch.stack([sound for sound, _ in made]), RATE)
    others = [*found[1:], found[0]]
    shares = [
        share_sounding(truth.roll(), predictions.roll())
        for (_, truth), predictions in zip(made, others, strict=True)
    ]
    assert np.mean(shares) < CHANCE


def test_notes_are_the_same_at_another_rate_and_level() -> None:
    loud = track_notes(chords(1)[0][None], RATE)[0]
    quiet = track_notes(0.1 * chords(1, 2 * RATE)[0][None], 2 * RATE)[0]
    assert share_sounding(loud.roll(), quiet.roll()) >= FOUND
    assert share_sounding(quiet.roll(), loud.roll()) >= FOUND


def test_what_is_below_the_silence_level_has_no_notes() -> None:
    sound, _ = chords(0)
    inaudible, silent = track_notes(torch.stack([0.003 * sound, torch.zeros_like(sound)]), RATE)
    assert not len(inaudible.keys) and not len(silent.keys)
    assert track_notes(torch.zeros(0, RATE), RATE) == []


def test_the_share_that_still_sounds_is_mir_evals_recall() -> None:
    from mir_eval.multipitch import metrics

    rng = np.random.default_rng(0)
    first, second = rng.random((2, 50, notes.KEYS)) < 0.1
    first[:, :24] = first[:, 96:] = second[:, :24] = second[:, 96:] = False
    times = np.arange(50) * notes.FRAME_SECONDS
    hertz = [[440 * 2 ** ((np.flatnonzero(frame) - 69) / 12) for frame in roll] for roll in (first, second)]
    assert share_sounding(first, second) == pytest.approx(metrics(times, hertz[0], times, hertz[1])[1])


def test_a_note_is_right_by_its_key_and_its_onset() -> None:
    truth = Notes(np.array([[0.1, 1.0], [1.0, 2.0]]), np.array([60, 64]), SECONDS)
    late = Notes(truth.intervals + np.array([[0.0], [0.1]]), truth.keys, SECONDS)
    none = Notes(np.zeros((0, 2)), np.zeros(0, dtype=np.int64), SECONDS)
    assert notes_f(truth, truth) == 1
    assert notes_f(truth, late) == pytest.approx(0.5)
    assert notes_f(truth, none) == 0
    assert np.isnan(notes_f(none, truth)) and np.isnan(share_sounding(none.roll(), truth.roll()))


def test_tracking_leaves_the_root_logger_as_it_was() -> None:
    root = logging.getLogger()
    before = list(root.handlers), list(root.filters)
    track_notes(chords(0)[0][None], RATE)
    assert (list(root.handlers), list(root.filters)) == before


class Everyone:
    """A classifier that detects every concept in every sound, the more the louder: this is about notes."""

    name, kind, concepts = "everyone", "detects everything", CONCEPTS

    def predict(self, audio: Tensor, sample_rate: int) -> Predictions:
        level = audio.square().mean(1, keepdim=True).sqrt().expand(-1, len(CONCEPTS))
        return Predictions(CONCEPTS, level >= 0, level)


@cache
def stem(concept: str, place: int) -> Tensor:
    phases = np.random.default_rng(place)
    keys = [key + place % 3 for key in KEYS[concept]]
    every = (tone(key, start, end, phases) for start, end in CHORDS for key in keys)
    return sum(every, torch.zeros(int(SECONDS * RATE)))


class Duets(Playback):
    """Clips are chords of one stem or of both; the stop at -1 silences its stem, MEANS the other one, RANDOM nothing."""

    def play_neutral(self) -> Tensor:
        return self.sound(RANDOM, range(len(self.items.groups)), {})

    def edits(self) -> dict[str, str]:
        return {name: name for name in (STOP, MEANS, RANDOM)}

    def sound(self, edit: str, places: Sequence[int], values: Mapping[str, float]) -> Tensor:
        sounds = []
        for place in places:
            levels = dict(zip(CONCEPTS, self.items.labels[place].float().tolist(), strict=True))
            for name, value in values.items():
                other = next(each for each in CONCEPTS if each != name)
                turned = {STOP: name, MEANS: other, RANDOM: ""}[edit]
                if turned:
                    levels[turned] = min(1.0, max(0.0, levels[turned] + value))
            sounds.append(sum(level * stem(name, place) for name, level in levels.items()))
        return torch.stack(sounds)

    def play_stems(self, concept: str, places: Sequence[int]) -> Stems | None:
        if not bool(self.items.labels[list(places)].all()):
            return None
        other = next(each for each in CONCEPTS if each != concept)
        own, others = (torch.stack([stem(name, place) for place in places]) for name in (concept, other))
        return Stems(own, others, others)

    def accuracy(self) -> dict[str, Accuracy]:
        perfect = {concept: {"accuracy": 1.0, "auroc": 1.0} for concept in CONCEPTS}
        return {"everyone": {"as recorded": perfect, "through the model": perfect}}


def duets(quick: bool = False, clips: int = CLIPS) -> Duets:
    rows = [(low, high) for low, high in ((1, 0), (0, 1), (1, 1)) for _ in range(clips)]
    groups, labels = tuple(map(str, range(len(rows)))), torch.tensor(rows, dtype=torch.bool)
    pieces = Pieces(
        CONCEPTS, labels, groups, torch.zeros(len(rows), dtype=torch.bool), tuple(range(len(rows)))
    )
    return Duets(pieces, [Everyone()], RATE, {c: c for c in CONCEPTS}, Options(quick=quick), None)


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> Result:
    return steering_result(duets(), tmp_path_factory.mktemp("evidence"))


@pytest.mark.parametrize("concept", CONCEPTS)
def test_an_edit_that_takes_a_stem_away_takes_its_notes_and_leaves_the_others(
    result: Result, concept: str
) -> None:
    stems = result.metrics[concept][STOP]["mixed"][STEMS]
    assert min(stems[NEUTRAL][what]["mean"] for what in (OTHERS_KEPT, OWN_LEFT)) >= MIXED
    assert stems[TURNED][OTHERS_KEPT]["mean"] == pytest.approx(1)
    assert stems[TURNED][OWN_LEFT]["mean"] < 0.05
    assert stems[TURNED] == stems[BEST]


@pytest.mark.parametrize("concept", CONCEPTS)
def test_an_edit_that_takes_the_wrong_stem_is_reported(result: Result, concept: str) -> None:
    stems = result.metrics[concept][MEANS]["mixed"][STEMS]
    assert stems[TURNED][OTHERS_KEPT]["mean"] < 0.1
    assert stems[TURNED][OWN_LEFT]["mean"] == pytest.approx(1)


@pytest.mark.parametrize("concept", CONCEPTS)
def test_notes_stay_where_nothing_is_edited_and_go_with_what_is_taken_away(
    result: Result, concept: str
) -> None:
    own = result.metrics[concept]
    for key in ("alone", "mixed", "without"):
        assert own[RANDOM][key]["notes kept"]["mean"] == own[RANDOM][key]["F of notes"]["mean"] == 1
    assert own[STOP]["alone"]["notes kept"]["mean"] == own[STOP]["alone"]["F of notes"]["mean"] == 0
    assert 0.2 < own[STOP]["mixed"]["notes kept"]["mean"] < 0.8
    assert own[STOP]["without"]["notes kept"]["mean"] >= FOUND
    assert own[STOP]["without"]["F of notes"]["mean"] < 0.9  # the notes that came in


def test_tables_show_the_notes(result: Result) -> None:
    moved = _table(result, "What else low moves")
    assert {"pitch kept", "notes kept", "F of notes"} < set(moved.columns)
    assert "basic-pitch" in moved.note and "mir_eval" in moved.note
    stems = _table(result, "low −1 in mixtures")
    assert [row[0] for row in stems.rows] == ["at 0", STOP, MEANS, RANDOM, "the best possible"]


def test_without_the_tracker_the_column_is_left_out_and_what_to_install_is_said(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(notes, "installed", lambda: False)
    result = steering_result(duets(clips=1), tmp_path)
    moved = _table(result, "What else low moves")
    assert "pitch kept" in moved.columns and "notes kept" not in moved.columns
    assert "uv sync --extra evidence" in moved.note
    assert not any(block.title.startswith("low −1 in mixtures") for block in result.content)


def test_quick_mode_tracks_nothing(tmp_path: Path) -> None:
    moved = _table(steering_result(duets(quick=True, clips=1), tmp_path), "What else low moves")
    assert not {"pitch kept", "notes kept"} & set(moved.columns)
    assert "uv sync" not in moved.note


def test_figures_with_and_without_notes_are_not_taken_for_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    data = LabelledSet("none", "folders", ())
    asked = ("model", ["bank"], data, None, Options())
    with_notes = identity_of(*asked)
    monkeypatch.setattr(notes, "installed", lambda: False)
    assert identity_of(*asked) != with_notes


def _table(result: Result, title: str) -> Table:
    return next(b for b in result.content if isinstance(b, Table) and b.title.startswith(title))
