"""A corpus of odd recordings, formats × damage × names × levels, and what a look says of each: none silent, no traceback."""

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.helpers.programs.command_line import Run
from tests.helpers.recordings.odd_recordings import RATE, by_ffmpeg, says_no_samples, write_sound
from training.data.look.findings import Needs
from training.data.look.look import look_at

USED, SKIPPED = "used", "skipped"
MAKES = Needs(shortest_seconds=1.0, sounding=True, channels=2)


def noise(seed: int, seconds: float = 2.0, level: float = 0.1, channels: int = 1) -> np.ndarray:
    """Noise with a swell of its own, so that no two are alike."""
    rng = np.random.default_rng(seed)
    samples = max(1, round(seconds * RATE))
    swell = np.interp(np.arange(samples), np.linspace(0, samples, 9), rng.uniform(0.5, 1, 9))
    sound = (level * swell[:, None] * rng.standard_normal((samples, channels))).clip(-0.99, 0.99)
    return sound.squeeze().astype(np.float32) if samples > 1 else sound[:, 0].astype(np.float32)


def with_sample(seed: int, value: float) -> np.ndarray:
    sound = noise(seed)
    sound[RATE // 2] = value
    return sound


def opposite(seed: int) -> np.ndarray:
    sound = noise(seed)
    return np.stack([sound, -sound], 1)


Maker = Callable[[Path], object]
FLOAT = {"subtype": "FLOAT"}


def floats(make: Callable[[], np.ndarray]) -> Maker:
    return lambda path: write_sound(path, make(), **FLOAT)


def in_format(seed: int, **options: str) -> Maker:
    return lambda path: write_sound(path, noise(seed), **options)


def coded(seed: int, *options: str) -> Maker:
    return lambda path: by_ffmpeg(
        path, write_sound(path.parent / "sources" / ".source.wav", noise(seed)), *options
    )


def as_bytes(content: bytes) -> Maker:
    return lambda path: path.write_bytes(content)


def cut(seed: int, share: float, **options: str) -> Maker:
    def make(path: Path) -> None:
        write_sound(path, noise(seed), **options)
        content = path.read_bytes()
        path.write_bytes(content[: int(share * len(content))])

    return make


def linked(target: str) -> Maker:
    return lambda path: path.symlink_to(path.parent / target)


def folder_named(path: Path) -> None:
    path.mkdir()
    write_sound(path / "inside.wav", noise(900))


MP3 = {"format": "MP3", "subtype": "MPEG_LAYER_III"}
CORPUS: dict[str | bytes, tuple[Maker, str]] = {
    # formats that libsndfile reads
    "f.wav": (in_format(1), USED),
    "f.WAV": (in_format(2), USED),
    "f.wave": (in_format(3), USED),
    "f24.wav": (in_format(4, subtype="PCM_24"), USED),
    "f8.wav": (in_format(5, subtype="PCM_U8"), USED),
    "f64.wav": (in_format(6, subtype="DOUBLE"), USED),
    "ulaw.wav": (in_format(7, subtype="ULAW"), USED),
    "adpcm.wav": (in_format(8, subtype="IMA_ADPCM"), USED),
    "f.flac": (in_format(9, format="FLAC"), USED),
    "f.ogg": (in_format(10, format="OGG", subtype="VORBIS"), USED),
    "f.oga": (in_format(11, format="OGG", subtype="VORBIS"), USED),
    "f.mp3": (in_format(12, **MP3), USED),
    "f.aif": (in_format(13, format="AIFF"), USED),
    "f.aifc": (in_format(14, format="AIFF", subtype="FLOAT"), USED),
    "f.caf": (in_format(15, format="CAF"), USED),
    "f.au": (in_format(16, format="AU"), USED),
    "f.snd": (in_format(17, format="AU"), USED),
    "f.w64": (in_format(18, format="W64"), USED),
    "f.rf64": (in_format(19, format="RF64"), USED),
    "f.voc": (in_format(20, format="VOC"), USED),
    "mp3 in truth.wav": (in_format(21, **MP3), USED),
    "wav in truth.mp3": (in_format(22), USED),
    # formats that ffmpeg reads
    "g.m4a": (coded(23), USED),
    "g.aac": (coded(24), USED),
    "g.wma": (coded(25), USED),
    "g.mka": (coded(26), USED),
    "g.opus": (coded(27), USED),
    "flac in ogg.oga": (coded(28), USED),
    "video.mp4": (coded(29), USED),
    # rates, channels, lengths
    "8 kHz.wav": (lambda path: write_sound(path, noise(30), 8000), USED),
    "192 kHz.wav": (lambda path: write_sound(path, noise(31, 9.0), 192000), USED),
    "stereo.wav": (lambda path: write_sound(path, noise(32, channels=2)), USED),
    "six channels.wav": (lambda path: write_sound(path, noise(33, channels=6)), "channels"),
    "three samples.wav": (lambda path: write_sound(path, noise(34)[:3]), "too short"),
    "one sample.wav": (lambda path: write_sound(path, noise(35)[:1]), "too short"),
    "no samples.wav": (lambda path: write_sound(path, noise(36)[:0]), "too short"),
    # damage
    "nothing.wav": (as_bytes(b""), "unreadable"),
    "text.wav": (as_bytes(b"this is no sound\n" * 200), "unreadable"),
    "text.flac": (as_bytes(b"this is no sound\n" * 200), "unreadable"),
    "text.m4a": (as_bytes(b"this is no sound\n" * 200), "unreadable"),
    "zeros.mp3": (as_bytes(bytes(5000)), "unreadable"),
    "page.ogg": (as_bytes(b"<html>404</html>" * 20), "unreadable"),
    "half.wav": (cut(40, 0.6), USED),
    "half.flac": (cut(41, 0.5, format="FLAC"), "unreadable"),
    "half.mp3": (cut(42, 0.7, **MP3), "cut short"),
    "header.wav": (cut(43, 0.0002), "unreadable"),
    "lost.wav": (lambda path: says_no_samples("wav", path, noise(44)), USED),
    "lost.flac": (lambda path: says_no_samples("flac", path, noise(45)), USED),
    # samples
    "nan.wav": (floats(lambda: with_sample(50, np.nan)), "not finite"),
    "infinite.wav": (floats(lambda: with_sample(51, -np.inf)), "not finite"),
    "1e29.wav": (floats(lambda: with_sample(52, 1e29)), "too loud"),
    "integers as floats.wav": (floats(lambda: 32768 * noise(53)), "too loud"),
    "silence.wav": (floats(lambda: 0 * noise(54)), "silent"),
    "hiss.wav": (floats(lambda: noise(55, level=0.001)), "silent"),
    "cancels.wav": (floats(lambda: opposite(56)), "channels that cancel"),
    "offset.wav": (floats(lambda: noise(57) + 0.3), "offset (DC)"),
    "clipped.wav": (floats(lambda: (9 * noise(58)).clip(-1, 1)), "clipped"),
    "quiet.wav": (floats(lambda: 0.025 * noise(59, level=0.2)), "very quiet"),
    "once.wav": (
        floats(lambda: np.concatenate([noise(60), np.zeros(40 * RATE, np.float32)])),
        "mostly silent",
    ),
    "over full scale.wav": (floats(lambda: 3 * noise(61)), USED),
    "z copy of f.flac": (in_format(1, format="FLAC"), "there twice"),
    "z copy of f.mp3": (in_format(1, **MP3), "there twice"),
    # names
    b"caf\xe9.wav": (in_format(70), USED),
    "Grün.wav": (in_format(71), USED),
    "Gru\u0308n.wav": (in_format(72), USED),
    "[bold]x[/bold].wav": (in_format(73), USED),
    "two\nlines.wav": (in_format(74), USED),
    "日本.wav": (in_format(75), USED),
    " spaces .wav": (in_format(76), USED),
    "-dash.wav": (in_format(77), USED),
    "%s {x} \\.wav": (in_format(78), USED),
    "x" * 240 + ".wav": (in_format(79), USED),
    # what lies beside
    "cover.jpg": (as_bytes(b"x"), SKIPPED),
    "notes.txt": (as_bytes(b"x"), SKIPPED),
    "take.wav.bak": (as_bytes(b"x"), SKIPPED),
    "no suffix": (in_format(80), SKIPPED),
    "take.raw": (as_bytes(bytes(500)), SKIPPED),
    "._f.wav": (as_bytes(b"x"), SKIPPED),
    "gone.wav": (linked("nowhere.wav"), SKIPPED),
    "link.wav": (linked("8 kHz.wav"), "there twice"),
    "loop": (linked("."), SKIPPED),
    "pipe.wav": (lambda path: os.mkfifo(path), SKIPPED),
    "folder.wav": (folder_named, USED),
}
"""Odd files, and what a look must say: used without a finding, skipped with a reason, or the kind of finding."""

SPOILING = {"channels", "too short", "unreadable", "not finite", "too loud", "silent"}


def path_in(folder: Path, name: str | bytes) -> Path:
    return folder / (os.fsdecode(name) if isinstance(name, bytes) else name)


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("corpus")
    for name, (make, _) in CORPUS.items():
        make(path_in(folder, name))
    for leftover in folder.glob("sources/.source.wav"):
        leftover.unlink()
    return folder


@pytest.mark.slow
def test_every_odd_recording_gets_what_it_should(corpus: Path, needs_program: Callable[[str], None]) -> None:
    needs_program("ffmpeg")
    assert len(CORPUS) >= 60
    (looked,) = look_at([corpus], MAKES).folders
    skipped = {each.path for each in looked.skipped}
    found = {each.path: each for each in looked.findings}
    for name, (_, wanted) in CORPUS.items():
        path = path_in(corpus, name)
        if wanted == USED:
            path = path / "inside.wav" if path.is_dir() else path
            assert path in {each.path for each in looked.usable}, (name, found.get(path))
            assert path not in found, found[path]
        elif wanted == SKIPPED:
            assert path in skipped, name
        else:
            assert path in found, name
            assert (found[path].kind, found[path].spoils) == (wanted, wanted in SPOILING), (name, found[path])


@pytest.mark.slow
def test_all_of_them_at_once_are_refused_in_one_line(corpus: Path, run: Run) -> None:
    code, _, said = run("make", "--stop", "x", corpus, corpus, "--out", corpus.parent / "out")
    assert code == 2
    code, out, said = run("inspect", corpus)
    assert (code, said.count("Traceback")) == (0, 0)
    for kind in SPOILING - {"channels", "too short"} | {"there twice", "clipped", "skipped"}:
        assert kind in " ".join(out.split())
