from collections.abc import Iterator
from dataclasses import replace

import pytest
import torch
from torch import Tensor

from tests.helpers.models.tiny_musicgen import FRAME_RATE, LAYERS, WIDTH, lm_config, save_tiny_musicgen
from training.models.musicgen.model import MusicGenModel
from training.models.musicgen.sampling import Sampling

SHORT = Sampling(seconds=0.2, seed=3)  # 10 frames, 13 steps
GUIDANCE = {
    "joined": SHORT,
    "none": replace(SHORT, cfg_coef=1.0),
    "two steps": replace(SHORT, two_step_cfg=True),
}
PROMPTS = ("guitar", "voice", "guitar and voice", None)
SAME_SUMS = 1e-3  # frames of about 1 in another order of float32 additions


def nothing(x: Tensor, seconds: Tensor) -> Tensor:
    return x + torch.zeros(())


def loud(x: Tensor, seconds: Tensor) -> Tensor:
    direction = torch.randn(x.shape[1], 1, generator=torch.Generator().manual_seed(1))
    return x + 3 * x.norm(dim=1, keepdim=True) * direction / direction.norm()


def tokens_of(
    model: MusicGenModel, sampling: Sampling = SHORT, batch: int = 2, **arguments: object
) -> Tensor:
    return model.generate(PROMPTS[:batch], sampling, **arguments).tokens  # type: ignore[arg-type]


def hooks_of(model: MusicGenModel) -> int:
    return sum(len(part._forward_hooks) + len(part._forward_pre_hooks) for part in model.lm.modules())


@pytest.fixture(scope="module")
def unedited(musicgen: MusicGenModel) -> dict[tuple[str, int], Tensor]:
    return {
        (form, batch): tokens_of(musicgen, GUIDANCE[form], batch) for form in GUIDANCE for batch in (1, 4)
    }


@pytest.fixture
def short_windows(musicgen: MusicGenModel) -> Iterator[MusicGenModel]:
    """The model with windows of 20 frames instead of 20 seconds."""
    before, musicgen.model.max_duration = musicgen.model.max_duration, 20 / FRAME_RATE
    yield musicgen
    musicgen.model.max_duration = before


@pytest.mark.parametrize("batch", [1, 4])
@pytest.mark.parametrize("form", GUIDANCE)
def test_an_edit_of_zero_changes_no_token_at_any_layer(
    musicgen: MusicGenModel, unedited: dict[tuple[str, int], Tensor], form: str, batch: int
) -> None:
    for site in musicgen.sites():
        found = tokens_of(musicgen, GUIDANCE[form], batch, edits={site: nothing})
        assert torch.equal(found, unedited[form, batch]), site
    everywhere = dict.fromkeys(musicgen.sites(), nothing)
    found = tokens_of(musicgen, GUIDANCE[form], batch, edits=everywhere, rows="all")
    assert torch.equal(found, unedited[form, batch])


@pytest.mark.parametrize("form", GUIDANCE)
def test_an_edit_is_audible_at_every_layer_and_gone_when_it_is_removed(
    musicgen: MusicGenModel, unedited: dict[tuple[str, int], Tensor], form: str
) -> None:
    for site in musicgen.sites():
        edited = tokens_of(musicgen, GUIDANCE[form], 1, edits={site: loud})
        assert not torch.equal(edited, unedited[form, 1]), site
    assert torch.equal(tokens_of(musicgen, GUIDANCE[form], 1), unedited[form, 1])


@pytest.mark.parametrize("two_step", [False, True])
def test_only_the_rows_with_the_prompt_are_edited(musicgen: MusicGenModel, two_step: bool) -> None:
    # With a guidance of 0 the tokens are those of the rows without a prompt alone.
    unprompted = replace(SHORT, cfg_coef=0.0, two_step_cfg=two_step)
    plain = tokens_of(musicgen, unprompted)
    assert torch.equal(tokens_of(musicgen, unprompted, edits={"layers.1": loud}), plain)
    assert not torch.equal(tokens_of(musicgen, unprompted, edits={"layers.1": loud}, rows="all"), plain)


def test_guidance_by_two_calls_gives_the_tokens_of_guidance_by_one(musicgen: MusicGenModel) -> None:
    own = replace(SHORT, cfg_coef=musicgen.lm.cfg_coef + 2)  # not the one that the checkpoint brings
    for edits in ({}, {"layers.0": loud}):
        joined = tokens_of(musicgen, own, edits=edits)
        assert torch.equal(joined, tokens_of(musicgen, replace(own, two_step_cfg=True), edits=edits))
        assert not torch.equal(joined, tokens_of(musicgen, SHORT, edits=edits))


@pytest.mark.parametrize("form", GUIDANCE)
def test_steering_one_row_leaves_the_tokens_of_the_others(
    musicgen: MusicGenModel, unedited: dict[tuple[str, int], Tensor], form: str
) -> None:
    def third_row(x: Tensor, seconds: Tensor) -> Tensor:
        chosen = torch.arange(4).view(4, 1, 1) == 2
        return torch.where(chosen, loud(x, seconds), x)

    found = tokens_of(musicgen, GUIDANCE[form], 4, edits={"layers.0": third_row, "layers.2": third_row})
    same = [torch.equal(found[row], unedited[form, 4][row]) for row in range(4)]
    assert same == [True, True, False, True]


@pytest.mark.parametrize("raised", [KeyboardInterrupt, ZeroDivisionError])
@pytest.mark.parametrize("place", ["edit", "progress"])
def test_after_an_exception_the_model_is_as_it_was_found(
    musicgen: MusicGenModel,
    unedited: dict[tuple[str, int], Tensor],
    raised: type[BaseException],
    place: str,
) -> None:
    hooks, guidance = hooks_of(musicgen), musicgen.lm.cfg_coef

    def edit(x: Tensor, seconds: Tensor) -> Tensor:
        if place == "edit" and seconds[0] > 0.1:
            raise raised
        return loud(x, seconds)

    def progress(done: int, total: int) -> None:
        if place == "progress" and done > 5:
            raise raised

    with pytest.raises(raised):
        tokens_of(musicgen, GUIDANCE["two steps"], edits={"layers.1": edit}, progress=progress)
    assert hooks_of(musicgen) == hooks
    assert musicgen.lm.cfg_coef == guidance
    assert torch.equal(tokens_of(musicgen, batch=1), unedited["joined", 1])


def test_the_same_seed_gives_the_same_music_and_leaves_torchs_own_draws_alone(
    musicgen: MusicGenModel,
) -> None:
    torch.manual_seed(7)
    first = musicgen.generate(["guitar"], SHORT)
    drawn = torch.rand(3)
    torch.manual_seed(7)
    assert torch.equal(drawn, torch.rand(3))
    again, other = musicgen.generate(["guitar"], SHORT), musicgen.generate(["guitar"], replace(SHORT, seed=4))
    assert torch.equal(first.tokens, again.tokens)
    assert torch.equal(first.audio, again.audio)
    assert not torch.equal(first.tokens, other.tokens)


@pytest.mark.parametrize("form", GUIDANCE)
def test_frames_while_generating_are_the_teacher_forced_frames_of_what_came_out(
    musicgen: MusicGenModel, form: str
) -> None:
    made = musicgen.generate(PROMPTS, GUIDANCE[form], read="layers.all")
    conditions = musicgen._conditions(PROMPTS, len(PROMPTS))
    forced = musicgen._teacher_forced(made.tokens, conditions, range(LAYERS))
    for layer in range(LAYERS):
        assert made.frames[f"layers.{layer}"].shape == (len(PROMPTS), WIDTH, 10)
        torch.testing.assert_close(
            made.frames[f"layers.{layer}"], forced.frames(layer), atol=SAME_SUMS, rtol=SAME_SUMS
        )


def test_frame_t_depends_on_codebook_q_up_to_frame_t_minus_q_and_on_nothing_later(
    musicgen: MusicGenModel,
) -> None:
    tokens = torch.randint(256, (1, 4, 12), generator=torch.Generator().manual_seed(0))
    conditions = musicgen._conditions(None, 1)

    def first_changed(codebook: int) -> int:
        other = tokens.clone()
        other[0, codebook, 5] += 1 if tokens[0, codebook, 5] < 255 else -1
        a, b = (musicgen._teacher_forced(t, conditions, [0]).frames(0) for t in (tokens, other))
        return int((a != b).any(1)[0].nonzero()[0])

    assert [first_changed(codebook) for codebook in range(4)] == [5, 6, 7, 8]


def test_frames_of_audio_are_as_many_as_its_codes_and_all_layers_cost_one_pass(
    musicgen: MusicGenModel,
) -> None:
    audio = torch.randn(2, 1, 1000, generator=torch.Generator().manual_seed(0))
    passes: list[None] = []
    counted = musicgen.lm.register_forward_hook(lambda *_: passes.append(None))
    found = musicgen.frames(audio, "layers.all", ["guitar", None])
    counted.remove()
    assert len(passes) == 1
    assert {site: list(x.shape) for site, x in found.items()} == {
        site: [2, WIDTH, 13] for site in musicgen.sites()
    }
    alone = musicgen.frames(audio[1:], ["layers.2"])
    torch.testing.assert_close(found["layers.2"][1:], alone["layers.2"], atol=SAME_SUMS, rtol=SAME_SUMS)
    assert not torch.allclose(found["layers.2"][:1], musicgen.frames(audio[:1], "layers.2")["layers.2"])


def test_a_long_recording_is_read_chunk_by_chunk(short_windows: MusicGenModel) -> None:
    audio = torch.randn(1, 1, 50 * 80, generator=torch.Generator().manual_seed(0))
    whole = short_windows.frames(audio, "layers.1")["layers.1"]
    parts = [short_windows.frames(part, "layers.1")["layers.1"] for part in audio.split(20 * 80, -1)]
    assert whole.shape[-1] == 50
    assert torch.equal(whole, torch.cat(parts, -1))


def test_an_edit_knows_the_time_of_every_step(musicgen: MusicGenModel) -> None:
    times: list[float] = []

    def watch(x: Tensor, seconds: Tensor) -> Tensor:
        times.extend(seconds.tolist())
        return x

    tokens_of(musicgen, edits={"layers.0": watch})
    assert times == [position / FRAME_RATE for position in range(1, 13)]
    times.clear()
    given = torch.randn(1, 1, 6 * 80, generator=torch.Generator().manual_seed(0))
    tokens_of(musicgen, edits={"layers.0": watch}, audio_prompt=given)
    assert times == [position / FRAME_RATE for position in range(1, 13)]


@pytest.mark.parametrize("form", GUIDANCE)
def test_an_edit_that_begins_later_changes_no_token_that_was_decided_before(
    musicgen: MusicGenModel, unedited: dict[tuple[str, int], Tensor], form: str
) -> None:
    start = 5

    def later(x: Tensor, seconds: Tensor) -> Tensor:
        return torch.where(seconds.float() * FRAME_RATE >= start - 0.5, loud(x, seconds), x)

    edited = tokens_of(musicgen, GUIDANCE[form], 4, edits={"layers.0": later, "layers.1": later})
    decided = torch.arange(10) + torch.arange(4).view(4, 1)  # the step that decides codebook q of frame t
    changed = edited != unedited[form, 4]
    assert not changed[:, decided < start].any()
    assert changed[:, decided == start].any()


def test_a_long_piece_keeps_time_and_frames_over_its_windows(short_windows: MusicGenModel) -> None:
    times: list[float] = []

    def watch(x: Tensor, seconds: Tensor) -> Tensor:
        times.extend(seconds.tolist())
        return x

    sampling = replace(SHORT, seconds=0.72)
    made = short_windows.generate(["guitar"], sampling, edits={"layers.0": watch}, read="layers.0")
    frames = made.frames["layers.0"]
    assert made.tokens.shape[-1] == frames.shape[-1] == 36
    assert times[0] == 1 / FRAME_RATE and max(times) == pytest.approx((36 + 2) / FRAME_RATE)
    conditions = short_windows._conditions(["guitar"], 1)
    for first, new in ((0, 0), (12, 8), (24, 8)):  # windows of 20 frames, the next one 12 further on
        window = made.tokens[..., first : first + 20]
        forced = short_windows._teacher_forced(window, conditions, [0]).frames(0)[..., new:]
        read = frames[..., first + new : first + 20]
        torch.testing.assert_close(read, forced, atol=SAME_SUMS, rtol=SAME_SUMS)


def test_a_sound_to_continue_stays_and_the_music_goes_on_from_it(musicgen: MusicGenModel) -> None:
    given = torch.randn(1, 1, 6 * 80, generator=torch.Generator().manual_seed(0))
    codes, _ = musicgen.model.compression_model.encode(given)
    made = musicgen.generate(
        PROMPTS[:2], SHORT, audio_prompt=given, read="layers.2", edits={"layers.0": loud}
    )
    assert torch.equal(made.tokens[..., :6], codes.expand(2, -1, -1))
    assert made.frames["layers.2"].shape[-1] == 10


@pytest.mark.slow
def test_a_model_that_has_its_conditions_before_the_music_is_read_and_edited_alike(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    config = lm_config()
    config["fuser"] |= {"cross": [], "prepend": ["description"]}
    model = MusicGenModel(save_tiny_musicgen(tmp_path_factory.mktemp("prepend") / "model", lm=config), "cpu")
    plain = model.generate(PROMPTS[:2], SHORT, read="layers.all")
    forced = model._teacher_forced(plain.tokens, model._conditions(PROMPTS[:2], 2), range(LAYERS))
    for layer in range(LAYERS):
        read = plain.frames[f"layers.{layer}"]
        torch.testing.assert_close(read, forced.frames(layer), atol=SAME_SUMS, rtol=SAME_SUMS)
    assert torch.equal(tokens_of(model, edits=dict.fromkeys(model.sites(), nothing)), plain.tokens)
    assert not torch.equal(tokens_of(model, edits={"layers.0": loud}), plain.tokens)


def test_in_half_precision_an_edit_of_zero_changes_no_token(tiny_musicgen: object) -> None:
    model = MusicGenModel(str(tiny_musicgen), "cpu")
    model.lm.to(torch.bfloat16)
    plain = tokens_of(model)
    assert torch.equal(tokens_of(model, edits=dict.fromkeys(model.sites(), nothing)), plain)
    assert not torch.equal(tokens_of(model, edits={"layers.0": loud}), plain)
