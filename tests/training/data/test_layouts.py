"""Data sets are read as they lie on disk: what sounds in each recording, what belongs together, on which side it is."""

import builtins
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from drawstop.errors import DrawstopError
from tests.helpers.recordings.data_set_folders import (
    RATE,
    write_fma,
    write_folders,
    write_jamendo,
    write_musdb18,
    write_noise,
    write_nsynth,
    write_slakh,
)
from tests.helpers.repository import RECORDINGS
from training.data.labelled_set import LabelledRecording, LabelledSet
from training.data.read_labelled import LAYOUTS, read_labelled

WRITERS: dict[str, Callable[[Path], Path]] = {
    "folders": lambda folder: write_folders(folder, {"guitar": 2, "voice": 1}),
    "musdb18": write_musdb18,
    "mtg-jamendo": write_jamendo,
    "fma": write_fma,
    "nsynth": write_nsynth,
    "slakh": write_slakh,
}


def by_name(data: LabelledSet, folder: Path) -> dict[str, LabelledRecording]:
    return {
        recording.path.relative_to(folder).with_suffix("").as_posix(): recording
        for recording in data.recordings
    }


def labels_of(folder: Path) -> dict[str, set[str]]:
    read = by_name(read_labelled(folder), folder)
    return {Path(name).parent.as_posix(): set(recording.labels) for name, recording in read.items()}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout_is_recognised_and_read_the_same_when_named(layout: str, tmp_path: Path) -> None:
    folder = WRITERS[layout](tmp_path / "set")
    seen = read_labelled(folder)
    assert seen.layout == layout
    assert seen == read_labelled(folder, layout)
    assert seen.name == "set"
    assert [recording.path for recording in seen.recordings] == sorted(r.path for r in seen.recordings)


@pytest.mark.parametrize("layout", [layout for layout in LAYOUTS if layout != "musdb18"])
def test_only_musdb18_has_its_sound_decoded(layout: str, tmp_path: Path) -> None:
    folder = WRITERS[layout](tmp_path)
    before = read_labelled(folder)
    for place, recording in enumerate(before.recordings):
        recording.path.write_bytes(b"no sound %d" % place)
    after = read_labelled(folder)
    assert [(r.path, r.labels) for r in after.recordings] == [(r.path, r.labels) for r in before.recordings]


def test_folders_name_one_label_or_several_or_none(tmp_path: Path) -> None:
    write_folders(tmp_path, {"guitar": 1, "voice": 1, "guitar + voice": 1, "Neither": 1, "other": 1})
    assert labels_of(tmp_path) == {
        "guitar": {"guitar"},
        "voice": {"voice"},
        "guitar + voice": {"guitar", "voice"},
        "Neither": set(),
        "other": set(),
    }


def test_both_is_the_two_other_labels(tmp_path: Path) -> None:
    write_folders(tmp_path, {"guitar": 1, "voice": 1, "both": 1, "none": 1})
    assert labels_of(tmp_path)["both"] == {"guitar", "voice"}


@pytest.mark.parametrize("others", [["guitar"], ["guitar", "voice", "drums"]])
def test_both_of_one_or_of_three_is_refused(others: list[str], tmp_path: Path) -> None:
    write_folders(tmp_path, dict.fromkeys([*others, "both"], 1))
    with pytest.raises(DrawstopError, match=rf"both means two labels, and there are {len(others)}"):
        read_labelled(tmp_path)


def test_a_pair_of_with_and_without_takes_the_name_of_the_folder_above(tmp_path: Path) -> None:
    write_folders(tmp_path / "guitar", {"with/nylon": 1, "without": 1})
    assert labels_of(tmp_path / "guitar") == {"with/nylon": {"guitar"}, "without": set()}
    assert read_labelled(tmp_path).notes == ()
    write_folders(tmp_path / "voice", {"with": 1, "without": 1})
    assert labels_of(tmp_path)["guitar/with/nylon"] == {"guitar"}
    assert labels_of(tmp_path)["voice/without"] == set()
    assert read_labelled(tmp_path).notes == (
        "pairs of with and without name one label each; the others count as absent there: guitar, voice",
    )
    assert {r.timbre for r in read_labelled(tmp_path).recordings if "guitar" in r.labels} == {"nylon"}


def test_the_folder_below_the_label_is_the_timbre(tmp_path: Path) -> None:
    write_folders(tmp_path, {"guitar/fluid-nylon/dry": 1, "guitar/steel": 1, "voice": 1})
    read = by_name(read_labelled(tmp_path), tmp_path)
    assert {name: recording.timbre for name, recording in read.items()} == {
        "guitar/fluid-nylon/dry/00": "fluid-nylon",
        "guitar/steel/00": "steel",
        "voice/00": "",
    }


def test_copies_of_a_file_share_group_and_split(tmp_path: Path) -> None:
    write_folders(tmp_path, {"guitar": 8, "voice": 8})
    shutil.copy(tmp_path / "guitar" / "03.wav", tmp_path / "guitar" / "copy.wav")
    read = by_name(read_labelled(tmp_path), tmp_path)
    assert read["guitar/copy"].group == read["guitar/03"].group
    assert len({recording.group for recording in read.values()}) == 16
    for seed in range(4):
        dealt = by_name(read_labelled(tmp_path, seed=seed), tmp_path)
        assert dealt["guitar/copy"].split == dealt["guitar/03"].split


def test_another_seed_deals_own_folders_anew(tmp_path: Path) -> None:
    write_folders(tmp_path, {"guitar": 20, "voice": 20})
    dealt = [[r.split for r in read_labelled(tmp_path, seed=seed).recordings] for seed in (0, 0, 1)]
    assert dealt[0] == dealt[1] != dealt[2]


def test_the_split_of_the_first_level_is_kept(tmp_path: Path) -> None:
    write_folders(tmp_path, {"train/guitar": 3, "validation/guitar": 2, "held_out/voice/nora": 2})
    data = read_labelled(tmp_path, seed=5)
    assert [len(data.of(split)) for split in ("train", "validation", "test")] == [3, 2, 2]
    assert {recording.timbre for recording in data.of("test")} == {"nora"}


def test_a_split_beside_labels_is_refused(tmp_path: Path) -> None:
    write_folders(tmp_path, {"train/guitar": 1, "voice": 1})
    with pytest.raises(DrawstopError, match="has train beside voice"):
        read_labelled(tmp_path)


def test_files_beside_the_sub_folders_are_left_out_and_reported(tmp_path: Path) -> None:
    write_folders(tmp_path, {"guitar": 1, "voice": 1})
    write_noise(tmp_path / "loose.wav", 99)
    data = read_labelled(tmp_path)
    assert len(data.recordings) == 2
    assert data.notes == ("files beside the sub-folders, which name no label, left out: 1",)


def test_the_shipped_recordings_are_two_concepts_in_their_own_split() -> None:
    data = read_labelled(RECORDINGS)
    assert data.concepts == ("guitar", "voice")
    assert {len(recording.labels) for recording in data.recordings} == {0, 1, 2}
    assert data.of("train") and data.of("test") and not data.of("validation")


def test_musdb18_gives_mixture_and_stems_without_the_silent_ones(tmp_path: Path) -> None:
    data = read_labelled(write_musdb18(tmp_path))
    read = by_name(data, tmp_path)
    assert read["train/A - B/mixture"].labels == {"vocals", "drums", "bass", "other"}
    assert read["test/C - D/mixture"].labels == {"drums", "bass", "other"}
    assert read["test/C - D/mixture"].stems["bass"] == tmp_path / "test" / "C - D" / "bass.wav"
    assert read["test/C - D/bass"].labels == {"bass"}
    assert "test/C - D/vocals" not in read
    assert data.notes == ("silent stems, left out: 1",)
    assert {name.rsplit("/", 1)[0]: (r.group, r.split) for name, r in read.items()} == {
        "train/A - B": ("A - B", "train"),
        "train/Leaf - Summerghost": ("Leaf - Summerghost", "validation"),
        "test/C - D": ("C - D", "test"),
    }


def test_a_stem_that_is_silent_but_for_its_end_sounds(tmp_path: Path) -> None:
    vocals = write_musdb18(tmp_path) / "test" / "C - D" / "vocals.wav"
    late = np.concatenate([np.zeros(3 * RATE), np.full(RATE // 2, 0.1)])
    soundfile.write(vocals, late, RATE)
    assert "vocals" in by_name(read_labelled(tmp_path), tmp_path)["test/C - D/mixture"].labels


def test_musdb18_packed_in_mp4_is_refused_with_what_would_do(tmp_path: Path) -> None:
    (tmp_path / "train").mkdir()
    (tmp_path / "train" / "A - B.stem.mp4").touch()
    with pytest.raises(DrawstopError, match="MUSDB18-HQ"):
        read_labelled(tmp_path)


@pytest.mark.parametrize("suffix", [".mp3", ".low.mp3"])
def test_jamendo_labels_are_tags_and_groups_are_artists(suffix: str, tmp_path: Path) -> None:
    data = read_labelled(write_jamendo(tmp_path, suffix))
    read = {recording.path.name.split(".")[0]: recording for recording in data.recordings}
    assert {name: set(recording.labels) for name, recording in read.items()} == {
        "214": {"punkrock"},
        "382": {"classical", "voice"},
        "3346": {"pop", "calm", "guitar"},
    }
    assert read["382"].group == read["3346"].group != read["214"].group
    assert [read[name].split for name in ("214", "382", "3346")] == ["test", "train", "train"]


def test_jamendo_without_split_files_is_dealt_by_artist(tmp_path: Path) -> None:
    write_jamendo(tmp_path, splits=False)
    for seed in range(8):
        data = read_labelled(tmp_path, seed=seed)
        assert len({(recording.group, recording.split) for recording in data.recordings}) == 2


def test_jamendo_reports_tracks_that_its_splits_leave_out(tmp_path: Path) -> None:
    write_jamendo(tmp_path)
    (tmp_path / "data" / "splits" / "split-0" / "autotagging-test.tsv").unlink()
    data = read_labelled(tmp_path)
    assert len(data.recordings) == 2
    assert "tracks that splits/split-0 doesn't name, left out: 1" in data.notes


def test_jamendo_tables_of_parts_are_put_together(tmp_path: Path) -> None:
    table = (write_jamendo(tmp_path, splits=False) / "data" / "autotagging.tsv").read_text()
    (tmp_path / "data" / "autotagging.tsv").unlink()
    for part in ("genre", "instrument"):
        lines = [
            "\t".join(c for c in line.split("\t") if "---" not in c or part in c)
            for line in table.splitlines()
        ]
        (tmp_path / "data" / f"autotagging_{part}.tsv").write_text("\n".join(lines) + "\n")
    assert {frozenset(recording.labels) for recording in read_labelled(tmp_path).recordings} == {
        frozenset({"punkrock"}),
        frozenset({"classical", "voice"}),
        frozenset({"pop", "guitar"}),
    }


def test_fma_takes_the_tracks_of_the_archive_that_is_there(tmp_path: Path) -> None:
    data = read_labelled(write_fma(tmp_path))
    read = {recording.path.stem: recording for recording in data.recordings}
    assert {name: (set(r.labels), r.group, r.split) for name, r in read.items()} == {
        "000002": ({"hip-hop"}, "7", "train"),
        "000005": ({"hip-hop"}, "7", "validation"),
        "000140": ({"folk"}, "54", "test"),
    }
    assert data.notes == ()


def test_fma_is_read_from_the_archive_folder_itself(tmp_path: Path) -> None:
    write_fma(tmp_path)
    assert read_labelled(tmp_path / "fma_small").recordings == read_labelled(tmp_path).recordings


def test_fma_large_misses_what_it_should_hold_and_leaves_out_what_has_no_genre(tmp_path: Path) -> None:
    write_fma(tmp_path)
    (tmp_path / "fma_small").rename(tmp_path / "fma_large")
    data = read_labelled(tmp_path)
    assert len(data.recordings) == 3
    assert any(note.startswith("of 4 files that the data set names, missing: 1,") for note in data.notes)
    assert "tracks without a top genre, left out: 1" in data.notes


def test_nsynth_labels_are_families_and_timbres_are_instruments(tmp_path: Path) -> None:
    data = read_labelled(write_nsynth(tmp_path))
    assert data.counts() == {"bass": 2, "guitar": 1}
    assert {(r.timbre, r.group, r.split) for r in data.recordings} == {
        ("guitar_acoustic_000", "guitar_acoustic_000", "train"),
        ("bass_synthetic_068", "bass_synthetic_068", "test"),
    }
    assert len(read_labelled(tmp_path / "nsynth-test").recordings) == 2


@pytest.mark.parametrize("suffix", [".flac", ".wav"])
def test_slakh_labels_are_classes_of_rendered_stems(suffix: str, tmp_path: Path) -> None:
    data = read_labelled(write_slakh(tmp_path, suffix))
    read = by_name(data, tmp_path)
    mix = read["train/Track00001/mix"]
    assert mix.labels == {"guitar", "drums"}
    assert mix.stems == {"drums": tmp_path / "train" / "Track00001" / "stems" / f"S02{suffix}"}
    assert read["test/Track01876/stems/S01"].timbre == "nylon_guitar.nkm"
    assert {(r.group, r.split) for r in data.recordings} == {("Track00001", "train"), ("Track01876", "test")}
    assert len(read) == 8


def test_slakh_without_a_yaml_reader_says_what_to_add(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    importing = builtins.__import__

    def without_yaml(name: str, *rest: Any, **options: Any) -> Any:
        if name == "yaml":
            raise ModuleNotFoundError("No module named 'yaml'", name="yaml")
        return importing(name, *rest, **options)

    write_slakh(tmp_path)
    monkeypatch.setattr(builtins, "__import__", without_yaml)
    with pytest.raises(DrawstopError, match="uv sync --extra evidence"):
        read_labelled(tmp_path)


MISSING = {
    "musdb18": "test/C - D/drums.wav",
    "mtg-jamendo": "audio/14/214.mp3",
    "fma": "fma_small/000/000140.mp3",
    "nsynth": "nsynth-test/audio/bass_synthetic_068-049-025.wav",
    "slakh": "test/Track01876/stems/S02.flac",
}


@pytest.mark.parametrize("layout", MISSING)
def test_a_missing_file_is_reported_and_the_rest_is_read(layout: str, tmp_path: Path) -> None:
    folder = WRITERS[layout](tmp_path)
    before = len(read_labelled(folder).recordings)
    (folder / MISSING[layout]).unlink()
    data = read_labelled(folder)
    assert len(data.recordings) == before - 1
    assert any("missing: 1," in note and Path(MISSING[layout]).name in note for note in data.notes)


@pytest.mark.parametrize("layout", ["mtg-jamendo", "fma", "nsynth", "slakh"])
def test_no_audio_at_all_is_refused_with_where_it_was_looked_for(layout: str, tmp_path: Path) -> None:
    folder = WRITERS[layout](tmp_path)
    for path in folder.rglob("*"):
        if path.suffix in (".mp3", ".wav", ".flac"):
            path.unlink()
    with pytest.raises(DrawstopError, match=r"none of the \d+ files that it names is there: looked for /.+"):
        read_labelled(folder)


DAMAGED = {
    "mtg-jamendo": ("data/autotagging.tsv", "TRACK_ID\tPATH\n"),
    "fma": ("fma_metadata/tracks.csv", ",set\n,subset\n2,small\n"),
    "nsynth": ("nsynth-train/examples.json", '{"note": '),
    "slakh": ("train/Track00001/metadata.yaml", "stems: [S00"),
}


@pytest.mark.parametrize("layout", DAMAGED)
@pytest.mark.parametrize("content", ["", None])
def test_damaged_metadata_is_one_clear_error(layout: str, content: str | None, tmp_path: Path) -> None:
    folder = WRITERS[layout](tmp_path)
    name, damaged = DAMAGED[layout]
    (folder / name).write_text(damaged if content is None else content)
    with pytest.raises(DrawstopError, match=rf"{Path(name).name} isn't as its data set has it"):
        read_labelled(folder)


def test_two_layouts_in_one_folder_are_refused_unless_one_is_named(tmp_path: Path) -> None:
    write_nsynth(write_fma(tmp_path))
    with pytest.raises(DrawstopError, match="looks like fma and nsynth"):
        read_labelled(tmp_path)
    assert read_labelled(tmp_path, "nsynth").layout == "nsynth"


def test_what_is_no_data_set_is_refused_with_what_was_looked_for(tmp_path: Path) -> None:
    with pytest.raises(DrawstopError, match=r"autotagging.*tracks\.csv.*Track00001"):
        read_labelled(tmp_path)
    write_noise(tmp_path / "loose.wav", 0)
    with pytest.raises(DrawstopError, match="no data set that we know"):
        read_labelled(tmp_path)
    with pytest.raises(DrawstopError, match="no such folder"):
        read_labelled(tmp_path / "nowhere")
    with pytest.raises(DrawstopError, match="no such layout: 'maestro'"):
        read_labelled(tmp_path, "maestro")
    with pytest.raises(DrawstopError, match="isn't laid out as slakh"):
        read_labelled(tmp_path, "slakh")
