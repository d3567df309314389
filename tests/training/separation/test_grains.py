"""Grains: found by their notes, at the input's level, the same streamed in any blocks; silent where they should be."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from drawstop.errors import DrawstopError
from training.separation.grain_stream import GrainStream
from training.separation.grains import GrainLibrary, library_of, library_of_sound
from training.separation.mdct import HOP, Mdct
from training.separation.pitch_keys import LOWEST_HZ, PER_OCTAVE, WINDOW, PitchKeys

SAMPLE_RATE = 44100
STREAMED = 1e-4
"""Largest difference of a stream from the whole: the order of sums."""


def tone(hertz: float, seconds: float, level: float = 0.1) -> torch.Tensor:
    """A tone with five harmonics."""
    time = torch.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    return level * sum(torch.sin(2 * torch.pi * k * hertz * time) / k for k in range(1, 6))


def library() -> GrainLibrary:
    return library_of([tone(hertz, 1.5) for hertz in (150.0, 220.0, 330.0)], SAMPLE_RATE)


def latents_of(sound: torch.Tensor) -> torch.Tensor:
    whole = sound[: len(sound) // (4 * HOP) * 4 * HOP]
    return Mdct()(whole[None, None]).transpose(1, 2)


def played(sound: torch.Tensor) -> torch.Tensor:
    latents = GrainStream(library(), SAMPLE_RATE, 1)(latents_of(sound), 3, True)
    return Mdct().inverse(latents.transpose(1, 2))[0, 0]


def pitch_of(sound: torch.Tensor) -> float:
    keys, _ = PitchKeys(SAMPLE_RATE)(sound[-WINDOW - 4096 : -4096])
    return float(LOWEST_HZ * 2 ** (keys.argmax() / PER_OCTAVE))


@pytest.mark.parametrize("hertz", [110.0, 233.0, 466.0])
def test_the_key_of_a_tone_is_highest_at_its_pitch(hertz: float) -> None:
    assert pitch_of(tone(hertz, 0.5)) == pytest.approx(hertz, rel=0.03)


@pytest.mark.slow
@pytest.mark.parametrize("hertz", [150.0, 220.0, 330.0, 247.0])
def test_to_a_tone_the_recording_of_its_note_is_played_transposed_where_needed(hertz: float) -> None:
    assert pitch_of(played(tone(hertz, 1.0))) == pytest.approx(hertz, rel=0.03)


@pytest.mark.slow
def test_grains_follow_the_level_of_the_input() -> None:
    levels = [
        float(played(tone(220.0, 1.0, level))[20000:40000].square().mean().sqrt()) for level in (0.02, 0.1)
    ]
    assert levels[1] / levels[0] == pytest.approx(5.0, rel=0.1)
    assert levels[1] == pytest.approx(float(tone(220.0, 1.0).square().mean().sqrt()), rel=0.3)


def test_to_silence_nothing_is_played() -> None:
    assert not bool(played(torch.zeros(SAMPLE_RATE)).any())


@pytest.mark.slow
@given(st.lists(st.integers(1, 7), min_size=1, max_size=16))
def test_streamed_in_any_blocks_it_plays_what_the_whole_plays(blocks: list[int]) -> None:
    z = latents_of(tone(220.0, 0.4))[:, : sum(blocks)]
    whole = GrainStream(library(), SAMPLE_RATE, 1)(z, 3, True)
    stream, parts, place = GrainStream(library(), SAMPLE_RATE, 2), [], 0
    for block in z.split(blocks, 1):
        parts.append(stream(block, 3 - place, True))
        place = (place + block.shape[1]) % 4
    assert float((torch.cat(parts, 1) - whole).abs().max()) < STREAMED


def test_while_it_does_not_play_it_reads_the_sound() -> None:
    z = latents_of(tone(220.0, 0.6))
    stream = GrainStream(library(), SAMPLE_RATE, 1)
    assert not bool(stream(z[:, :80], 3, False).any())
    assert float(stream(z[:, 80:120], 3, True).abs().max()) > 0.1


def test_a_library_read_back_is_the_same() -> None:
    made = library()
    read = library_of_sound(made.stored, SAMPLE_RATE)
    assert all(torch.equal(getattr(made, name), getattr(read, name)) for name in ("keys", "places", "levels"))


def test_a_library_of_silence_is_refused() -> None:
    with pytest.raises(DrawstopError, match="hardly a sound"):
        library_of([torch.zeros(SAMPLE_RATE)], SAMPLE_RATE)
