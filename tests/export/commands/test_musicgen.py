import json
import runpy
import shutil
import signal
import sys
from pathlib import Path

import mido
import numpy as np
import pytest
import soundfile
import torch

from drawstop.audio.files import read_audio, write_audio
from export.musicgen import takes
from export.musicgen.generate import steer
from realtime.engine.control_event import ControlEvent
from tests.helpers.models.random_banks import random_stops
from tests.helpers.programs.command_line import Run, refused
from tests.helpers.repository import REPOSITORY
from training.banks.bank import save_bank
from training.models.musicgen.model import MusicGenModel
from training.models.musicgen.sampling import Sampling

SHORT = ("--seconds", "0.2", "--device", "cpu")
FRAMES = 10
RATE = 4000


@pytest.fixture(scope="session")
def layer_banks(musicgen: MusicGenModel, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Two banks, of two layers, the second with a gated stop."""
    folder = tmp_path_factory.mktemp("layer-banks")
    for layer, kinds in ((0, ("static", "random")), (2, ("gated", "static"))):
        bank = random_stops(musicgen.width, musicgen.fingerprint, f"layers.{layer}", kinds)
        save_bank(folder / f"layer-{layer}", bank)
    return [folder / "layer-0", folder / "layer-2"]


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture
def banks(layer_banks: list[Path]) -> tuple[object, ...]:
    return ("--bank", layer_banks[0], "--bank", layer_banks[1])


def test_a_piece_comes_with_the_unsteered_one_and_is_made_again_from_its_json(
    run: Run,
    tiny_musicgen: Path,
    musicgen: MusicGenModel,
    banks: tuple[object, ...],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    moves = ("--set", "guitar=-1@0.04s..", "--set", "voice=1")
    out = tmp_path / "first" / "piece.wav"
    code, printed, err = run(
        "musicgen", tiny_musicgen, *banks, "--prompt", "guitar", *moves, *SHORT, "--seed", 3, "-o", out
    )
    assert (code, err) == (0, "") and "2 sounds of 0.2 s" in printed
    assert names(out.parent) == ["piece-unsteered.wav", "piece.json", "piece.wav"]
    steered, rate = read_audio(out)
    plain, _ = read_audio(out.with_name("piece-unsteered.wav"))
    assert rate == RATE and steered.shape == plain.shape == (1, FRAMES * 80)
    expected = musicgen.generate(["guitar"], Sampling(seconds=0.2, seed=3)).audio[0].numpy()
    np.testing.assert_array_equal(plain, expected)
    assert not np.array_equal(steered, plain)

    monkeypatch.chdir(tmp_path)
    code, printed, err = run(
        "musicgen", "--again", out.with_suffix(".json"), "-o", tmp_path / "second" / "piece.wav"
    )
    assert (code, err) == (0, "") and "the same tokens" in printed
    for name in ("piece.wav", "piece-unsteered.wav"):
        assert (tmp_path / "second" / name).read_bytes() == (out.parent / name).read_bytes()


def test_takes_again_of_other_parts_are_refused_and_other_tokens_are_reported(
    run: Run, tiny_musicgen: Path, layer_banks: list[Path], tmp_path: Path
) -> None:
    one, other = layer_banks
    out, again = tmp_path / "a.flac", tmp_path / "b.flac"
    assert run("musicgen", tiny_musicgen, "--bank", one, "--set", "voice=1", *SHORT, "-o", out)[0] == 0
    record = tmp_path / "a.json"
    refused(run("musicgen", "--again", record, "--bank", other, "-o", again), "another bank")
    refused(run("musicgen", "--again", record, "--prompt", "x", "-o", again), "says what to make")
    refused(run("musicgen", "--again", out, "-o", again), "isn't a take's JSON file")
    text = json.loads(record.read_text())
    text["outputs"]["steered"]["tokens"][0] = "0" * 64
    record.write_text(json.dumps(text))
    code, _, err = run("musicgen", "--again", record, "-o", again)
    assert code == 0 and "other tokens than in the record (steered 1)" in err


def test_prompts_seeds_and_batches_each_have_their_files(
    run: Run, tiny_musicgen: Path, musicgen: MusicGenModel, banks: tuple[object, ...], tmp_path: Path
) -> None:
    prompts = ("--prompt", "Guitar", "--prompt", "voice", "--batch", 2)
    more = ("--seeds", 2, "--seed", 7, "--no-unsteered", "--format", "flac", "--top-k", 50, "--cfg", 1)
    assert run("musicgen", tiny_musicgen, *banks, *prompts, *more, *SHORT, "-o", tmp_path / "takes")[0] == 0
    rows = ["guitar", "guitar_2", "voice", "voice_2"]
    sounds = [f"{row}-seed-{seed}.flac" for row in rows for seed in (7, 8)]
    assert names(tmp_path / "takes") == sorted([*sounds, "seed-7.json", "seed-8.json"])
    sampling = Sampling(seconds=0.2, seed=8, top_k=50, cfg_coef=1.0)
    made = musicgen.generate(["Guitar", "Guitar", "voice", "voice"], sampling)
    for row, audio in zip(rows, made.audio.numpy(), strict=True):
        written, _ = read_audio(tmp_path / "takes" / f"{row}-seed-8.flac")
        np.testing.assert_allclose(written, audio, atol=2**-22)  # 24 bits


def test_a_midi_file_moves_the_stops_and_the_json_keeps_its_movements(
    run: Run, tiny_musicgen: Path, banks: tuple[object, ...], tmp_path: Path
) -> None:
    track = mido.MidiTrack()  # 480 ticks a beat of half a second: the second knob goes up at 0.1 s
    track.append(mido.Message("control_change", control=21, value=127, time=96))
    file = mido.MidiFile(type=0, ticks_per_beat=480)
    file.tracks.append(track)
    file.save(tmp_path / "moves.mid")
    midi = ("--midi", tmp_path / "moves.mid")
    for name, moves in (("a.wav", midi), ("b.wav", ("--set", "voice=1@0.1s.."))):
        given = (*banks, "--prompt", "guitar", *moves, *SHORT, "-o", tmp_path / name)
        assert run("musicgen", tiny_musicgen, *given)[0] == 0
    assert (tmp_path / "a.wav").read_bytes() == (tmp_path / "b.wav").read_bytes()
    assert (tmp_path / "a.wav").read_bytes() != (tmp_path / "a-unsteered.wav").read_bytes()
    (tmp_path / "moves.mid").unlink()
    printed = run("musicgen", "--again", tmp_path / "a.json", "-o", tmp_path / "c.wav")[1]
    assert "the same tokens" in printed


def test_a_sound_is_continued_at_the_models_rate(
    run: Run, tiny_musicgen: Path, banks: tuple[object, ...], tmp_path: Path
) -> None:
    noise = np.random.default_rng(0).standard_normal((2, 800)).astype(np.float32) / 8
    write_audio(tmp_path / "given.wav", noise, 2 * RATE)  # 0.1 s, stereo, twice the rate
    more = ("--audio-prompt", tmp_path / "given.wav", "--set", "guitar=1", *SHORT)
    assert run("musicgen", tiny_musicgen, *banks, *more, "-o", tmp_path / "a.wav")[0] == 0
    steered, plain = (read_audio(tmp_path / name)[0] for name in ("a.wav", "a-unsteered.wav"))
    assert steered.shape == (1, FRAMES * 80)
    np.testing.assert_array_equal(
        steered[:, :400], plain[:, :400]
    )  # a causal decoder: the given frames sound alike
    assert not np.array_equal(steered[:, 400:], plain[:, 400:])
    assert "the same tokens" in run("musicgen", "--again", tmp_path / "a.json", "-o", tmp_path / "b.wav")[1]


def test_interrupted_it_keeps_what_is_finished_and_nothing_half_written(
    run: Run,
    tiny_musicgen: Path,
    banks: tuple[object, ...],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    out = tmp_path / "takes"

    def write_then_interrupt(path: Path, audio: np.ndarray, rate: int) -> None:
        write_audio(path, audio, rate)
        if path.name == "no_description-seed-1.wav":
            signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(takes, "write_audio", write_then_interrupt)
    code, _, err = run(
        "musicgen", tiny_musicgen, *banks, "--set", "guitar=1", *SHORT, "--seeds", 3, "-o", out
    )
    assert code == 130 and "what is finished is kept" in err
    files = names(out)
    first = {"no_description-seed-0.wav", "no_description-seed-0-unsteered.wav", "seed-0.json"}
    assert set(files) == first | {"no_description-seed-1.wav"}
    for name in files:
        assert not name.startswith(".")
        if name.endswith(".wav"):
            assert soundfile.info(out / name).frames == FRAMES * 80
        else:
            for output in json.loads((out / name).read_text())["outputs"].values():
                assert set(output["files"]) <= set(files)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--set", "drums=1"], "they have guitar, voice"),
        (["--set", "guitar=2"], "-1 (taken away) to 1"),
        (["--set", "guitar"], "--set takes slug=value"),
        (["--seeds", 2], "is one file and 2 pieces"),
        (["--top-k", 1000], "codebook's size, 256"),
        (["--melody", "given.wav"], "no such file"),
        (["--midi", "moves.mid"], "no MIDI file"),
        (["-o", "takes.mp3"], "a folder, or a name in .wav or .flac"),
        (["-o", "takes", "--format", "mp3"], "wav or flac"),
    ],
)
def test_what_cannot_be_made_is_refused_with_one_line(
    run: Run,
    tiny_musicgen: Path,
    banks: tuple[object, ...],
    tmp_path: Path,
    arguments: list[object],
    says: str,
) -> None:
    given = [tmp_path / a if str(a).endswith((".wav", ".mid", ".mp3")) else a for a in arguments]
    refused(run("musicgen", tiny_musicgen, *banks, *SHORT, "-o", tmp_path / "a.wav", *given), says)
    assert list(tmp_path.iterdir()) == []


def test_without_a_bank_there_is_plain_music_and_one_file(
    run: Run, tiny_musicgen: Path, musicgen: MusicGenModel, tmp_path: Path
) -> None:
    code, printed, err = run("musicgen", tiny_musicgen, *SHORT, "-o", tmp_path / "a.wav")
    assert (code, err) == (0, "") and "1 sound of 0.2 s" in printed
    assert names(tmp_path) == ["a.json", "a.wav"]
    expected = musicgen.generate([None], Sampling(seconds=0.2)).audio[0].numpy()
    np.testing.assert_array_equal(read_audio(tmp_path / "a.wav")[0], expected)
    code, printed, err = run("musicgen", "--again", tmp_path / "a.json", "-o", tmp_path / "b.wav")
    assert (code, err) == (0, "") and "the same tokens" in printed


def test_banks_in_the_models_folder_are_taken_without_being_named(
    run: Run, tiny_musicgen: Path, layer_banks: list[Path], tmp_path: Path
) -> None:
    model = Path(shutil.copytree(tiny_musicgen, tmp_path / "model"))
    shutil.copytree(layer_banks[0], model / "banks")
    moved = ("--set", "guitar=1", *SHORT)
    assert run("musicgen", model, *moved, "-o", tmp_path / "a.wav")[0] == 0
    assert run("musicgen", model, *moved, "--bank", layer_banks[0], "-o", tmp_path / "b.wav")[0] == 0
    np.testing.assert_array_equal(read_audio(tmp_path / "a.wav")[0], read_audio(tmp_path / "b.wav")[0])


@pytest.mark.slow
def test_without_a_model_the_small_one_plays(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    code, _, err = run("musicgen", "--prompt", "voice", *SHORT)
    assert (code, err) == (0, "")
    made, rate = read_audio(tmp_path / "drawstop-musicgen" / "voice-seed-0.wav")
    assert (rate, made.shape) == (8000, (1, 1600))


def test_parts_that_do_not_belong_together_are_refused(
    run: Run,
    tiny_musicgen: Path,
    random_bank: Path,
    layer_banks: list[Path],
    example_rave: Path,
    tmp_path: Path,
) -> None:
    out = ("-o", tmp_path / "a.wav", *SHORT)
    refused(run("musicgen", tiny_musicgen, "--set", "guitar=1", *out), "has no bank, so nothing can be moved")
    refused(run("musicgen", tiny_musicgen, "--bank", random_bank, *out), "no site 'latent'")
    refused(run("musicgen", example_rave, "--bank", layer_banks[0], *out), "is no MusicGen")
    refused(run("musicgen", tiny_musicgen, "--bank", tiny_musicgen, *out), "expected a bank")
    twice = ("--bank", layer_banks[0], "--bank", layer_banks[0])
    refused(run("musicgen", tiny_musicgen, *twice, *out), "one bank a layer")


def test_the_function_makes_what_the_command_makes(
    run: Run, tiny_musicgen: Path, musicgen: MusicGenModel, layer_banks: list[Path], tmp_path: Path
) -> None:
    out = tmp_path / "a.wav"
    given = ("--bank", layer_banks[1], "--prompt", "voice", "--set", "guitar=1", *SHORT)
    assert run("musicgen", tiny_musicgen, *given, "-o", out)[0] == 0
    sampling = Sampling(seconds=0.2)
    held = steer(musicgen, [layer_banks[1]], ["voice"], {"guitar": 1}, sampling)
    np.testing.assert_array_equal(held.made.audio[0].numpy(), read_audio(out)[0])
    event = (ControlEvent(0, "guitar", 1.0),)
    played = steer(musicgen, [layer_banks[1]], ["voice"], (), sampling, events=event, unsteered=False)
    assert torch.equal(played.made.tokens, held.made.tokens) and played.unsteered is None


def test_the_example_runs(
    tiny_musicgen: Path,
    layer_banks: list[Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    script = REPOSITORY / "examples" / "steer_musicgen.py"
    monkeypatch.setattr(sys, "argv", [str(script), str(tiny_musicgen), str(layer_banks[0]), str(tmp_path)])
    runpy.run_path(str(script))
    assert "layers.0: [1, 64, 50] frames of the piece" in capsys.readouterr().out
    expected = ["calmer.wav", "guitar_-1.wav", "guitar_0.wav", "guitar_1.wav", "guitar_over_time.wav"]
    assert names(tmp_path) == expected
    sounds = [read_audio(tmp_path / name)[0] for name in expected]
    assert all(not np.array_equal(sounds[2], sounds[i]) for i in (0, 1, 3, 4))
