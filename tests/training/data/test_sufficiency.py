"""Too little data is refused before the work: what is too little for what, and what would do."""

import shutil
from collections.abc import Iterable
from itertools import permutations
from pathlib import Path

import numpy as np
import pytest
import soundfile

from drawstop.errors import DrawstopError
from tests.helpers.programs.command_line import Run
from tests.helpers.recordings.data_set_folders import RATE, write_folders, write_musdb18, write_noise
from training.data.audible import sounds
from training.data.labelled_set import LabelledRecording, LabelledSet
from training.data.overlap_warnings import overlap_warnings
from training.data.read_labelled import read_labelled
from training.data.recordings import Split, split_of
from training.data.sufficiency import FEWEST_TO_TEST, NEEDS, refuse_too_little, what_can_run

CHANCE = 0.05


def labelled(
    labels: Iterable[str], split: Split, count: int, timbre: str = "", group: str = ""
) -> list[LabelledRecording]:
    """So many recordings of one kind, whose files aren't there: counting must not open them."""
    named = "+".join(labels)
    return [
        LabelledRecording(
            Path(f"{split}/{named}/{timbre}/{i}.wav"),
            frozenset(labels),
            group or f"{named}{split}{timbre}{i}",
            split,
            timbre=timbre,
        )
        for i in range(count)
    ]


def data_set(*parts: list[LabelledRecording], layout: str = "folders") -> LabelledSet:
    return LabelledSet("set", layout, tuple(recording for part in parts for recording in part))


def runnable(data: LabelledSet, concept: str) -> set[str]:
    return {answer.experiment for answer in what_can_run(data) if answer.concept == concept and answer.enough}


def lack(data: LabelledSet, concept: str, experiment: str) -> str:
    return next(a.lack for a in what_can_run(data) if (a.concept, a.experiment) == (concept, experiment))


def test_one_with_and_one_without_is_refused_with_what_would_do(tmp_path: Path) -> None:
    data = read_labelled(write_folders(tmp_path, {"train/guitar": 1, "train/neither": 1}))
    with pytest.raises(DrawstopError) as refused:
        refuse_too_little(data, "guitar")
    assert str(refused.value) == (
        "too little for classification of guitar: 1 with and 1 without to learn from and 0 with and 0 without to test on; "
        "it takes 2 with and 2 without, and 3 with and 3 without (fewer can't be told from chance). "
        "Sort your recordings into train/ and test/, or add some: a split by hash takes about 40 of each"
    )


def test_one_class_is_refused(tmp_path: Path) -> None:
    data = read_labelled(write_folders(tmp_path, {"guitar": 12}))
    with pytest.raises(
        DrawstopError, match="of guitar: all 12 recordings have it; add recordings without it"
    ):
        refuse_too_little(data, "guitar", "steering")


def test_a_label_that_nothing_has_is_refused_with_those_that_are_there(tmp_path: Path) -> None:
    data = read_labelled(write_folders(tmp_path, {"guitar": 2, "voice": 3}))
    with pytest.raises(
        DrawstopError, match="of drums: no recording has that label; the labels are guitar 2, voice 3"
    ):
        refuse_too_little(data, "drums")


@pytest.mark.parametrize(("silent", "which"), [("guitar", "with"), ("neither", "without")])
@pytest.mark.parametrize("level", [0.0, 1e-4])
def test_silence_is_refused_on_either_side(silent: str, which: str, level: float, tmp_path: Path) -> None:
    for split in ("train", "test"):
        for label in ("guitar", "neither"):
            write_folders(tmp_path / split, {label: 3}, level if label == silent else 0.3)
    with pytest.raises(DrawstopError, match=f"none of the 6 recordings {which} it is audible .*-50 dBFS"):
        refuse_too_little(read_labelled(tmp_path), "guitar")


def test_too_few_that_sound_among_silent_ones_are_refused(tmp_path: Path) -> None:
    write_folders(
        tmp_path, {f"{split}/{label}": 3 for split in ("train", "test") for label in ("guitar", "neither")}
    )
    write_noise(tmp_path / "test" / "neither" / "01.wav", 7, level=1e-4)
    with pytest.raises(DrawstopError, match="of 3 test recordings without it only 2 are audible"):
        refuse_too_little(read_labelled(tmp_path), "guitar")


def test_copies_of_one_file_count_once(tmp_path: Path) -> None:
    folder = write_folders(tmp_path, {"train/guitar": 1, "train/voice": 3, "test/voice": 3})
    for split in ("train", "test"):
        for i in range(5):
            (folder / split / "guitar").mkdir(exist_ok=True)
            shutil.copy(folder / "train" / "guitar" / "00.wav", folder / split / "guitar" / f"copy {i}.wav")
    with pytest.raises(
        DrawstopError, match="the 11 recordings with it are copies of the same sound, which counts once"
    ):
        refuse_too_little(read_labelled(folder), "guitar")


def test_pieces_of_one_track_count_once() -> None:
    data = data_set(
        labelled(["guitar"], "train", 9, group="a track"), labelled([], "test", 9), layout="slakh"
    )
    assert "all from one track or artist" in lack(data, "guitar", "classification")


def test_enough_audible_recordings_are_not_refused(tmp_path: Path) -> None:
    counts = {f"{split}/{label}": 3 for split in ("train", "test") for label in ("guitar", "neither")}
    refuse_too_little(read_labelled(write_folders(tmp_path, counts)), "guitar")


@pytest.mark.parametrize("experiment", ["classification", "growth", "steering"])
def test_an_experiment_runs_with_just_what_it_needs_and_not_with_one_less(experiment: str) -> None:
    need = NEEDS[experiment]
    sizes: dict[Split, int] = {"train": need.train, "test": need.test}
    for less in (None, *(split for split, size in sizes.items() if size)):
        counts = {split: size - (split == less) for split, size in sizes.items()}
        data = data_set(
            *(
                labelled(labels, split, count)
                for labels in (["guitar"], [])
                for split, count in counts.items()
            )
        )
        assert (experiment in runnable(data, "guitar")) == (less is None), less


def test_the_fewest_to_test_on_are_the_fewest_that_chance_ranks_right_once_in_twenty() -> None:
    def by_chance(count: int) -> float:
        orders = list(permutations([True] * count + [False] * count))
        return sum(all(order[:count]) for order in orders) / len(orders)

    assert by_chance(FEWEST_TO_TEST) <= CHANCE < by_chance(FEWEST_TO_TEST - 1)


@pytest.mark.parametrize("experiment", NEEDS)
def test_as_many_as_are_advised_are_enough_in_most_splits_by_hash(experiment: str) -> None:
    need, draws = NEEDS[experiment], 200
    enough = 0
    for seed in range(1, draws + 1):
        splits = [split_of(f"{i:08x}", seed) for i in range(need.by_hash())]
        enough += splits.count("train") >= need.train and splits.count("test") >= need.test
    assert enough / draws > 0.9


def test_concepts_that_always_sound_together_are_not_separable() -> None:
    both = data_set(
        *(labelled(labels, split, 5) for labels in (["guitar", "voice"], []) for split in ("train", "test"))
    )
    assert "separability" not in runnable(both, "guitar")
    assert "add recordings of each alone" in lack(both, "guitar", "separability")
    apart = data_set(
        list(both.recordings),
        *(labelled([label], split, 3) for label in ("guitar", "voice") for split in ("train", "test")),
    )
    assert "separability" in runnable(apart, "guitar")
    one = data_set(
        *(labelled(labels, split, 5) for labels in (["guitar"], []) for split in ("train", "test"))
    )
    assert "the only label" in lack(one, "guitar", "separability")


def test_held_out_timbres_take_two_that_are_known() -> None:
    rest = [labelled([], split, 3) for split in ("train", "test")]
    one = data_set(*rest, *(labelled(["guitar"], split, 3, timbre="nylon") for split in ("train", "test")))
    assert "one timbre (nylon); it takes 2" in lack(one, "guitar", "held-out timbres")
    two = data_set(list(one.recordings), labelled(["guitar"], "test", 1, timbre="steel"))
    assert "held-out timbres" in runnable(two, "guitar")


def test_stem_distance_takes_mixtures_with_the_concepts_own_sound(tmp_path: Path) -> None:
    data = read_labelled(write_musdb18(tmp_path))
    assert "3 with" in lack(data, "vocals", "stem distance")
    mixtures = [
        LabelledRecording(
            Path(f"{i}.wav"), frozenset({"guitar", "voice"}), str(i), "test", {"guitar": Path("g.wav")}
        )
        for i in range(3)
    ]
    whole = data_set(mixtures, labelled(["drums"], "test", 3), layout="slakh")
    assert "stem distance" in runnable(whole, "guitar")
    assert "0 mixtures" in lack(whole, "voice", "stem distance")


def test_public_data_sets_are_advised_a_commoner_label() -> None:
    data = data_set(labelled(["rock"], "train", 5), labelled(["harp"], "train", 1), layout="fma")
    assert "Take a commoner label (rock), or fetch more of the data set" in lack(data, "harp", "steering")
    assert lack(data, "rock", "steering").endswith(". Fetch more of the data set")


def test_an_unknown_experiment_is_refused_with_those_there_are(tmp_path: Path) -> None:
    with pytest.raises(DrawstopError, match="no such experiment: 'magic'; expected one of classification"):
        refuse_too_little(data_set(labelled(["guitar"], "train", 1)), "guitar", "magic")


def test_a_sound_on_both_sides_of_the_split_is_reported(tmp_path: Path) -> None:
    folder = write_folders(tmp_path, {"train/guitar": 3, "train/voice": 3, "test/guitar": 2, "test/voice": 2})
    assert overlap_warnings(read_labelled(folder)) == ()
    shutil.copy(folder / "train" / "voice" / "01.wav", folder / "test" / "guitar" / "again.wav")
    warnings = overlap_warnings(read_labelled(folder))
    assert warnings[0] == "of 5 sounds to test on, in train or validation too: 1, as again.wav"
    assert warnings[1].startswith("sounds that are there under different labels: 1, as ")


def test_an_artist_on_both_sides_of_the_split_is_reported() -> None:
    parts = [labelled(["rock"], split, 2, group="artist_7") for split in ("train", "test")]
    assert overlap_warnings(data_set(*parts, layout="fma")) == (
        "of 1 tracks or artists to test on, in train or validation too: 1, as artist_7",
    )


def test_a_concept_of_one_timbre_or_never_alone_is_reported() -> None:
    data = data_set(
        labelled(["guitar", "voice"], "train", 3, timbre="nylon"),
        labelled(["voice"], "train", 3, timbre="nora"),
    )
    assert overlap_warnings(data) == (
        "every recording with guitar has the timbre nylon: that may be learnt instead",
        "guitar never sounds without voice: the one may be learnt for the other",
    )


def test_a_file_sounds_when_a_second_of_it_is_loud_wherever_that_is(tmp_path: Path) -> None:
    silence, tone = np.zeros(4 * RATE), np.full(RATE, 0.1)
    for name, sound, expected in (
        ("end.wav", np.concatenate([silence, tone]), True),
        ("click.wav", np.concatenate([silence, [0.1], silence]), False),
        ("hum.flac", 0.003 * np.ones(5 * RATE), False),
    ):
        soundfile.write(tmp_path / name, sound, RATE)
        assert sounds(tmp_path / name) == expected, name


def test_a_file_that_is_no_sound_is_refused_by_name(tmp_path: Path) -> None:
    write_folders(tmp_path, {"guitar": 1})
    path = tmp_path / "guitar" / "00.wav"
    path.write_bytes(b"no sound")
    with pytest.raises(DrawstopError, match=r"00\.wav isn't a sound file"):
        sounds(path)


def test_inspect_says_what_a_data_set_is_enough_for(run: Run, tmp_path: Path) -> None:
    counts = {f"{split}/{label}": 3 for split in ("train", "test") for label in ("guitar", "voice")}
    folder = write_folders(tmp_path / "set", counts)
    code, out, _ = run("inspect", folder, "--json", tmp_path / "facts.json")
    text = " ".join(out.split())
    assert code == 0
    assert "data set" in text and "layout folders" in text
    assert "train 3, validation 0, test 3; enough for: classification, separability" in text
    assert "too little for steering: 3 with and 3 without to test on" in text
    assert '"guitar"' in (tmp_path / "facts.json").read_text()
