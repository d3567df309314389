"""Small folders in the layouts of public data sets: file and column names as those have them, sound of a tenth of a second."""

import csv
import json
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import soundfile

RATE = 8000


def write_noise(path: Path, seed: int, level: float = 0.3, seconds: float = 0.1) -> Path:
    """Noise in any format that libsndfile writes; a level of 0 is silence, another seed is another sound."""
    path.parent.mkdir(parents=True, exist_ok=True)
    noise = np.random.default_rng(seed).uniform(-level, level, int(seconds * RATE))
    soundfile.write(path, noise, RATE)
    return path


def write_folders(folder: Path, counts: dict[str, int], level: float = 0.3) -> Path:
    """So many different sounds in each sub-folder."""
    for place, (name, count) in enumerate(counts.items()):
        for i in range(count):
            write_noise(folder / name / f"{i:02}.wav", 1000 * place + i, level)
    return folder


def write_musdb18(folder: Path) -> Path:
    """Three tracks: one to train on, one whose name is on the list for validation, one to test on that nobody sings."""
    names = ("train/A - B", "train/Leaf - Summerghost", "test/C - D")
    for place, name in enumerate(names):
        for i, part in enumerate(("mixture", "vocals", "drums", "bass", "other")):
            silent = part == "vocals" and name.startswith("test")
            write_noise(folder / name / f"{part}.wav", 10 * place + i, 0.0 if silent else 0.3, 1.5)
    return folder


JAMENDO = (
    ("track_0000214", "artist_000014", "14/214.mp3", "genre---punkrock"),
    ("track_0000382", "artist_000020", "82/382.mp3", "genre---classical", "instrument---voice"),
    (
        "track_0003346",
        "artist_000020",
        "46/3346.mp3",
        "genre---pop",
        "mood/theme---calm",
        "instrument---guitar",
    ),
)


def write_jamendo(folder: Path, suffix: str = ".mp3", splits: bool = True) -> Path:
    """Three tracks, two of them by one artist, with the split files of the first split."""
    _jamendo_table(folder / "data" / "autotagging.tsv", range(3))
    if splits:
        for split, rows in (("train", [1, 2]), ("validation", []), ("test", [0])):
            _jamendo_table(folder / "data" / "splits" / "split-0" / f"autotagging-{split}.tsv", rows)
    for i, track in enumerate(JAMENDO):
        write_noise(folder / "audio" / track[2].replace(".mp3", suffix), i)
    return folder


def _jamendo_table(path: Path, rows: Iterable[int]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = ["TRACK_ID\tARTIST_ID\tALBUM_ID\tPATH\tDURATION\tTAGS"]
    for track, artist, audio, *tags in (JAMENDO[row] for row in rows):
        lines.append("\t".join([track, artist, "album_000031", audio, "124.6", *tags]))
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


FMA = (
    (2, "7", "small", "training", "Hip-Hop"),
    (5, "7", "small", "validation", "Hip-Hop"),
    (140, "54", "small", "test", "Folk"),
    (141, "55", "large", "training", ""),
    (142, "55", "medium", "training", "Rock"),
)


def write_fma(folder: Path) -> Path:
    """The table of five tracks, of which the small archive has three; a title with a comma and a line's end in it."""
    path = folder / "fma_metadata" / "tracks.csv"
    path.parent.mkdir(parents=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(["", "album", "artist", "set", "set", "track", "track"])
        table.writerow(["", "id", "id", "split", "subset", "genre_top", "title"])
        table.writerow(["track_id", "", "", "", "", "", ""])
        for track, artist, subset, split, genre in FMA:
            table.writerow([track, 1, artist, split, subset, genre, "Food,\nagain"])
    for track in (2, 5, 140):
        write_noise(folder / "fma_small" / "000" / f"{track:06d}.mp3", track)
    return folder


def write_nsynth(folder: Path) -> Path:
    """A note of one instrument to train on, two of another to test on."""
    parts = {
        "train": ["guitar_acoustic_000-060-100"],
        "test": ["bass_synthetic_068-049-025", "bass_synthetic_068-050-025"],
    }
    for part, notes in parts.items():
        place = folder / f"nsynth-{part}"
        examples = {}
        for note in notes:
            write_noise(place / "audio" / f"{note}.wav", hash_of(note))
            player = note.split("-")[0]
            examples[note] = {
                "note_str": note,
                "instrument_str": player,
                "instrument_family_str": player.split("_")[0],
                "instrument_source_str": player.split("_")[1],
                "qualities_str": ["bright"],
                "pitch": 60,
                "sample_rate": 16000,
            }
        (place / "examples.json").write_text(json.dumps(examples), encoding="utf-8")
    return folder


def hash_of(text: str) -> int:
    """A seed from a name, the same in every process."""
    return sum(map(ord, text))


SLAKH = """UUID: 1a81ae092884234f3264e2f45927f00a
audio_dir: stems
stems:
  S00: {audio_rendered: true, inst_class: Guitar, is_drum: false, plugin_name: elektrik_guitar.nkm, program_num: 30}
  S01: {audio_rendered: true, inst_class: Guitar, is_drum: false, plugin_name: nylon_guitar.nkm, program_num: 24}
  S02: {audio_rendered: true, inst_class: Drums, is_drum: true, plugin_name: stadium_kit_full.nkm, program_num: 128}
  S03: {audio_rendered: false, inst_class: Sound Effects, is_drum: false, plugin_name: None, program_num: 125}
target_peak: -1.0
"""


def write_slakh(folder: Path, suffix: str = ".flac") -> Path:
    """One track to train on, one to test on, and one that Slakh-redux omits; each of two guitars and drums."""
    for place, name in enumerate(("train/Track00001", "test/Track01876", "omitted/Track00002")):
        track = folder / name
        for i, part in enumerate(("mix", "stems/S00", "stems/S01", "stems/S02")):
            write_noise(track / f"{part}{suffix}", 10 * place + i)
        (track / "metadata.yaml").write_text(SLAKH, encoding="utf-8")
    return folder
