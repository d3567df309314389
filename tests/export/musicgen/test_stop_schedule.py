import pytest
import torch
from torch import Tensor

from drawstop.errors import DrawstopError
from drawstop.stop_settings import Setting, read_setting
from export.musicgen.generate import steps_of
from export.musicgen.stop_schedule import StopSchedule
from realtime.engine.control_event import ControlEvent
from tests.helpers.models.random_banks import random_stops
from training.banks.bank import StopBank
from training.banks.steering import Steering
from training.models.musicgen.model import MusicGenModel
from training.models.musicgen.sampling import Sampling

FRAME_SAMPLES = 80  # of the tiny model: 50 frames per second at 4000 Hz
SAME_SUMS = 1e-4  # a stream adds in another order than the whole


def bank_of(model: MusicGenModel, layer: int, kinds: tuple[str, str] = ("static", "random")) -> StopBank:
    return random_stops(model.width, model.fingerprint, f"layers.{layer}", kinds)


@pytest.fixture(scope="module")
def schedule(musicgen: MusicGenModel) -> StopSchedule:
    return StopSchedule(musicgen, [bank_of(musicgen, 0), bank_of(musicgen, 2)])


def values(
    schedule: StopSchedule, *texts: str, events: tuple[ControlEvent, ...] = ()
) -> dict[str, list[list[float]]]:
    """Each site's values at 12 frames, `[stop][frame]`."""
    result = schedule.values([read_setting(text) for text in texts], events, 12)
    return {site: [[round(v, 4) for v in row] for row in rows.tolist()] for site, rows in result.items()}


@pytest.mark.parametrize(
    "text",
    [
        "guitar",
        "=1",
        "guitar=",
        "guitar=loud",
        "guitar=1@",
        "guitar=1@4s..2s",
        "guitar=0..1",
        "guitar=0..1@2s..",
    ],
)
def test_a_setting_of_another_form_is_refused(text: str) -> None:
    with pytest.raises(DrawstopError, match="--set"):
        read_setting(text)


def test_a_number_before_a_ramps_dots_may_have_a_point_of_its_own() -> None:
    assert read_setting("a=-.5..0.25@.5s..1.5") == Setting("a", -0.5, 0.25, 0.5, 1.5)


def test_a_held_value_reaches_every_layer_that_has_the_stop(schedule: StopSchedule) -> None:
    expected = [[0.5] * 12, [0.0] * 12]
    assert values(schedule, "guitar=0.5") == {"layers.0": expected, "layers.2": expected}


def test_a_stop_of_one_layer_moves_alone(schedule: StopSchedule) -> None:
    result = values(schedule, "layers.2/voice=-1")
    assert result == {"layers.0": [[0.0] * 12, [0.0] * 12], "layers.2": [[0.0] * 12, [-1.0] * 12]}


def test_spans_begin_and_end_at_their_frames_in_any_order(schedule: StopSchedule) -> None:
    result = values(schedule, "guitar=-1@0.16s..0.2s", "guitar=1@0.04s..0.16s")["layers.0"][0]
    assert result == [0, 0, 1, 1, 1, 1, 1, 1, -1, -1, 0, 0]


def test_a_ramp_goes_straight_from_its_first_value_to_its_last(schedule: StopSchedule) -> None:
    result = values(schedule, "voice=-1..1@0.04s..0.2s", "voice=0.25")["layers.2"][1]
    expected = [0.25, 0.25, *(max(-1.0, min(1.0, -1 + 2 * i / 8 + 0.25)) for i in range(8)), 0.25, 0.25]
    # the last sample of a ramp has its last value: a step of 2 / 640 per sample, one of them at the start
    assert result == pytest.approx(expected, abs=2 / (8 * FRAME_SAMPLES) + 1e-6)


def test_events_move_a_stop_at_their_sample_as_they_do_live(schedule: StopSchedule) -> None:
    events = (
        ControlEvent(3 * FRAME_SAMPLES, "guitar", -1.0, ramp_samples=4 * FRAME_SAMPLES),
        ControlEvent(9 * FRAME_SAMPLES + 1, "guitar", 0.5),
    )
    result = values(schedule, events=events)["layers.0"][0]
    expected = [0, 0, 0, 0, -0.25, -0.5, -0.75, -1, -1, -1, 0.5, 0.5]
    assert result == pytest.approx(expected, abs=2 / (4 * FRAME_SAMPLES))


@pytest.mark.parametrize(
    ("texts", "says"),
    [
        (["drums=1"], "they have guitar, voice"),
        (["layers.1/guitar=1"], "they have guitar, voice"),
        (["guitar=1.5"], "-1 \\(taken away\\) to 1"),
        (["guitar=1@0s..2s", "guitar=-1@1s..3s"], "overlap at 1 s"),
        (["guitar=1@0s..", "layers.0/guitar=-1@9s..10s"], "overlap at 9 s"),
    ],
)
def test_settings_that_fit_no_stop_are_refused(schedule: StopSchedule, texts: list[str], says: str) -> None:
    with pytest.raises(DrawstopError, match=says):
        values(schedule, *texts)


def test_banks_that_do_not_fit_the_model_are_refused(musicgen: MusicGenModel) -> None:
    other = random_stops(musicgen.width, "f" * 64, "layers.0")
    with pytest.raises(DrawstopError, match="made for another model"):
        StopSchedule(musicgen, [other])
    for site in ("layers.7", "latent"):
        with pytest.raises(DrawstopError, match=r"layers\.0 to layers\.2"):
            StopSchedule(musicgen, [random_stops(musicgen.width, musicgen.fingerprint, site)])
    with pytest.raises(DrawstopError, match="frames of 32 numbers"):
        StopSchedule(musicgen, [random_stops(32, musicgen.fingerprint, "layers.0")])
    with pytest.raises(DrawstopError, match="one bank a layer"):
        StopSchedule(musicgen, [bank_of(musicgen, 1), bank_of(musicgen, 1)])


@pytest.mark.parametrize("kinds", [("static", "random"), ("gated", "direction")])
@pytest.mark.parametrize("two_step", [False, True])
def test_steering_step_by_step_is_the_banks_own_edit_of_the_whole(
    musicgen: MusicGenModel, kinds: tuple[str, str], two_step: bool
) -> None:
    bank = bank_of(musicgen, 2, kinds)
    schedule, sampling = StopSchedule(musicgen, [bank]), Sampling(seconds=0.24, seed=5, two_step_cfg=two_step)
    steps = steps_of(musicgen, sampling)
    moves = schedule.values([read_setting("guitar=-1..1@0.04s..0.2s"), read_setting("voice=0.5")], (), steps)
    edit, given, edited = schedule.edits(moves, 2)["layers.2"], [], []

    def watched(x: Tensor, seconds: Tensor) -> Tensor:
        given.append(x.clone())
        edited.append(edit(x, seconds))
        return edited[-1]

    musicgen.generate(["guitar", "voice"], sampling, edits={"layers.2": watched})
    whole, rows = torch.cat(given, -1), moves["layers.2"][None, :, 1:]
    offline = Steering(bank.sae, bank)(whole, rows[..., : whole.shape[-1]])
    assert whole.shape[-1] == 12 + 2  # frames 0 .. 11, and two steps more that end the delayed codebooks
    torch.testing.assert_close(torch.cat(edited, -1), offline, atol=SAME_SUMS, rtol=SAME_SUMS)
    assert not torch.allclose(offline, whole)


def test_stops_at_rest_change_no_token(musicgen: MusicGenModel) -> None:
    schedule, sampling = (
        StopSchedule(musicgen, [bank_of(musicgen, 1, ("gated", "static"))]),
        Sampling(seconds=0.2),
    )
    texts = ("guitar=1@0.1s..", "voice=-1@0.1s..")
    moves = schedule.values([read_setting(text) for text in texts], (), steps_of(musicgen, sampling))
    rested = {site: torch.zeros_like(each) for site, each in moves.items()}
    plain = musicgen.generate(["voice"], sampling).tokens
    assert schedule.edits(rested, 1) == {}
    moved = musicgen.generate(["voice"], sampling, edits=schedule.edits(moves, 1)).tokens
    decided = torch.arange(10) + torch.arange(4).view(4, 1)
    assert torch.equal(moved[0][decided < 5], plain[0][decided < 5])
    assert not torch.equal(moved, plain)
