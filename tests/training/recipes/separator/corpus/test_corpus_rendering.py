"""The rendering of the separator's corpus, small: same bits, resumed as in one go, each kind sounds, the training reads it."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
import typer

from drawstop.errors import DrawstopError
from training.recipes.corpus.corpus import SAMPLE_RATE
from training.recipes.corpus.timbres import TIM, find_soundfont
from training.recipes.separator.corpus import render
from training.recipes.separator.corpus.clip_plan import Item
from training.recipes.separator.corpus.mixtures import Corpus
from training.recipes.separator.corpus.render import INDEX, LOUDEST_DB, SOFTEST_DB, render_corpus, render_item
from training.recipes.separator.corpus.sounds.clip import CLIP_SAMPLES

SOUNDFONTS = ("soundfonts/tim/025.sf3", "soundfonts/tim/128.sf3")
GUITAR = "guitars/black"
QUICK = [
    Item(number, kind, split, GUITAR if kind == "guitar" else "numpy")
    for number, (kind, split) in enumerate(
        [
            ("synthetic", "train"),
            ("guitar", "train"),
            ("synthetic", "phrases"),
            ("guitar", "train"),
            ("synthetic", "train"),
        ]
    )
]
"""Items that need no other program."""
ROUNDING = 1 / 32767


@pytest.fixture
def material(tmp_path: Path) -> Path:
    """A guitar of three computed notes."""
    folder = tmp_path / "material"
    (folder / GUITAR).mkdir(parents=True)
    time = np.arange(SAMPLE_RATE) / SAMPLE_RATE
    for name, hertz in (("a2_f", 110), ("e3_f", 165), ("a3_f", 220)):
        note = 0.5 * np.exp(-3 * time) * np.sign(np.sin(2 * np.pi * hertz * time))
        soundfile.write(folder / GUITAR / f"{name}.flac", note, SAMPLE_RATE)
    return folder


@pytest.fixture
def soundfonts(material: Path, needs_program: Callable[[str], None]) -> Path:
    """The same with programs of TimGM6mb: fluidsynth looks at what a file holds, not at its name."""
    needs_program("fluidsynth")
    try:
        whole = find_soundfont(TIM)
    except FileNotFoundError as error:
        pytest.skip(str(error))
    for name in SOUNDFONTS:
        (material / name).parent.mkdir(parents=True, exist_ok=True)
        (material / name).symlink_to(whole)
    return material


@pytest.mark.slow
def test_the_same_item_and_seed_give_the_same_bits_and_other_numbers_or_seeds_others(material: Path) -> None:
    for item in QUICK[:2]:
        clip = render_item(item, material, 0)
        assert np.array_equal(clip, render_item(item, material, 0))
        assert not np.array_equal(clip, render_item(item, material, 1))
        other = Item(item.number + 9, item.kind, item.split, item.source)
        assert not np.array_equal(clip, render_item(other, material, 0))


@pytest.mark.slow
@pytest.mark.parametrize("source", SOUNDFONTS)
def test_an_instrument_and_the_drums_sound_and_are_the_same_each_time(soundfonts: Path, source: str) -> None:
    item = Item(3, "instrument", "banks", source)
    clip = render_item(item, soundfonts, 0)
    _check_sounds(clip)
    assert np.array_equal(clip, render_item(item, soundfonts, 0))


@pytest.mark.slow
@pytest.mark.parametrize("item", QUICK[:2], ids=lambda item: item.kind)
def test_a_guitar_and_synthetic_sound_sound(material: Path, item: Item) -> None:
    _check_sounds(render_item(item, material, 0))


def test_speech_sounds_and_is_the_same_each_time(
    material: Path, needs_program: Callable[[str], None]
) -> None:
    needs_program("espeak-ng")
    item = Item(4, "speech", "train", "espeak-ng")
    clip = render_item(item, material, 0)
    _check_sounds(clip)
    assert np.array_equal(clip, render_item(item, material, 0))


@pytest.mark.slow
def test_singing_sounds_and_is_the_same_each_time(
    material: Path, needs_program: Callable[[str], None]
) -> None:
    needs_program("espeak-ng")
    pytest.importorskip("pyworld", reason="needs the recipe group")
    item = Item(1, "singing", "train", "espeak-ng")
    clip = render_item(item, material, 0)
    _check_sounds(clip)
    assert np.array_equal(clip, render_item(item, material, 0))


@pytest.mark.slow
@pytest.mark.parametrize("stopped_at", [0, 1, 3, 4])
def test_an_interrupted_rendering_goes_on_to_the_same_files_as_in_one_go(
    tmp_path: Path, material: Path, stopped_at: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    render_corpus(tmp_path / "whole", QUICK, material)

    def interrupt(item: Item, material: Path, seed: int) -> np.ndarray:
        if item.number == stopped_at:
            raise KeyboardInterrupt
        return render_item(item, material, seed)

    with monkeypatch.context() as patch:
        patch.setattr(render, "render_item", interrupt)
        with pytest.raises(KeyboardInterrupt):
            render_corpus(tmp_path / "parts", QUICK, material)
    render_corpus(tmp_path / "parts", QUICK, material)
    assert _files(tmp_path / "parts") == _files(tmp_path / "whole")


@pytest.mark.slow
@pytest.mark.parametrize("lines", [0, 2, 5])
def test_half_written_samples_and_half_a_line_are_cut_off(tmp_path: Path, material: Path, lines: int) -> None:
    render_corpus(tmp_path, QUICK, material)
    whole = _files(tmp_path)
    index = (tmp_path / INDEX).read_text().splitlines(keepends=True)
    (tmp_path / INDEX).write_text("".join(index[:lines]) + '{"item": 3, "ki')
    with (tmp_path / "synthetic.i16").open("ab") as samples:
        samples.write(b"123")
    render_corpus(tmp_path, QUICK, material)
    assert _files(tmp_path) == whole


@pytest.mark.slow
def test_clips_whose_samples_are_lost_are_rendered_again(tmp_path: Path, material: Path) -> None:
    render_corpus(tmp_path, QUICK, material)
    whole = _files(tmp_path)
    (tmp_path / "guitar.i16").write_bytes(whole["guitar.i16"][:1000])
    render_corpus(tmp_path, QUICK, material)
    assert _files(tmp_path) == whole


@pytest.mark.slow
def test_two_processes_write_the_same_files_as_one(tmp_path: Path, material: Path) -> None:
    render_corpus(tmp_path / "one", QUICK, material)
    render_corpus(tmp_path / "two", QUICK, material, processes=2)
    assert _files(tmp_path / "two") == _files(tmp_path / "one")


@pytest.mark.slow
def test_a_folder_of_another_plan_is_refused(tmp_path: Path, material: Path) -> None:
    render_corpus(tmp_path, QUICK[:1], material)
    with pytest.raises(DrawstopError, match="holds another set"):
        render_corpus(tmp_path, QUICK[:1], material, seed=1)


@pytest.mark.slow
def test_the_training_reads_what_was_rendered(tmp_path: Path, soundfonts: Path) -> None:
    items = [
        *QUICK,
        Item(5, "instrument", "train", SOUNDFONTS[0]),
        Item(6, "instrument", "banks", SOUNDFONTS[1]),
    ]
    render_corpus(tmp_path / "out", items, soundfonts)
    corpus = Corpus([tmp_path / "out"], ("train",))
    assert {label: len(clips) for label, clips in corpus.clips.items()} == {
        "synthetic": 2,
        "guitar": 2,
        25: 1,
    }
    second = corpus.clips["guitar"][1]
    read = corpus.read(second, 0, second.samples)
    assert np.abs(read - render_item(QUICK[3], soundfonts, 0) / 32767).max() < ROUNDING


def test_a_missing_program_is_one_line_that_says_what_to_install(
    tmp_path: Path, material: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(typer.Exit) as caught:
        render.main(tmp_path / "out", material)
    assert caught.value.exit_code == 2
    assert capsys.readouterr().err == (
        "render: can't render without fluidsynth and espeak-ng; on Debian: apt install fluidsynth espeak-ng\n"
    )
    assert not (tmp_path / "out").exists()


def _check_sounds(clip: np.ndarray) -> None:
    """A clip of up to a clip's length that isn't mostly silent, its peak where peaks are drawn."""
    samples = clip / 32767
    assert SAMPLE_RATE < len(clip) <= CLIP_SAMPLES
    low, high = (10 ** (db / 20) for db in (SOFTEST_DB, LOUDEST_DB))
    assert low - ROUNDING <= np.abs(samples).max() <= high + ROUNDING
    assert np.sqrt(np.mean(samples**2)) > 0.005


def _files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}
