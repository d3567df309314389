from pathlib import Path

import pytest
import torch

from drawstop.errors import DrawstopError
from training.models.rave.delay import pqmf_delays
from training.models.rave.export_run import export_run
from training.models.rave.model import RaveModel


def test_the_shipped_raves_rates_and_delay(example_rave: Path) -> None:
    rates = RaveModel(example_rave).rates
    assert (rates.sample_rate, rates.channels, rates.ratio, rates.width) == (44100, 1, 512, 128)
    assert rates.delays.whole == 944


@torch.inference_mode()
def test_the_declared_pqmf_delay_is_where_an_impulse_comes_out(
    example_rave: Path, variational_rave: Path
) -> None:
    for path in (example_rave, variational_rave):
        pqmf = RaveModel(path).script.pqmf
        impulse = torch.zeros(1, 1, 8192)
        place = 1003  # not a multiple of the bands
        impulse[..., place] = 1.0
        out = pqmf.inverse(pqmf(impulse))[0, 0]
        assert int(out.abs().argmax()) - place == sum(pqmf_delays(pqmf))


@pytest.mark.slow
def test_frames_of_a_recording_depend_on_that_recording_alone(example_rave: Path) -> None:
    model = RaveModel(example_rave)
    audio = 0.1 * torch.randn(1, 1, 5000, generator=torch.Generator().manual_seed(0))
    first = model.encode(audio)
    model.encode(torch.ones_like(audio))
    assert first.shape == (1, model.rates.width, 10)
    assert torch.equal(model.encode(audio), first)


@pytest.mark.slow
def test_silence_has_frames_of_zeros_and_sounds_as_silence(example_rave: Path) -> None:
    model = RaveModel(example_rave)
    z = model.encode(torch.zeros(1, 1, 4096))
    assert torch.equal(z, torch.zeros_like(z))
    assert torch.equal(model.decode(z), torch.zeros(1, 1, 4096))


def test_what_is_no_rave_is_refused_in_one_line(example_rave: Path, tmp_path: Path) -> None:
    content = example_rave.read_bytes()
    (tmp_path / "truncated.ts").write_bytes(content[: len(content) // 2])
    (tmp_path / "text.ts").write_text("not a model")
    (tmp_path / "empty.ts").write_bytes(b"")
    torch.jit.script(torch.nn.Linear(2, 2)).save(str(tmp_path / "linear.ts"))
    for name in ("truncated.ts", "text.ts", "empty.ts", "linear.ts", "missing.ts"):
        with pytest.raises(DrawstopError) as caught:
            RaveModel(tmp_path / name)
        assert "\n" not in str(caught.value), name
        assert name in str(caught.value)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64], ids=str)
def test_a_file_of_another_precision_plays_in_float32_with_its_rounded_weights(
    variational_rave: Path, tmp_path: Path, dtype: torch.dtype
) -> None:
    script = torch.jit.load(str(variational_rave))
    with torch.no_grad():
        for parameter in script.parameters():
            parameter.copy_(parameter.to(dtype).float())
        for buffer in script.buffers():
            buffer.copy_(buffer.to(dtype).float() if buffer.is_floating_point() else buffer)
    script.save(str(tmp_path / "rounded.ts"))
    script.to(dtype).save(str(tmp_path / "half.ts"))
    rounded, half = (RaveModel(tmp_path / name) for name in ("rounded.ts", "half.ts"))
    audio = 0.1 * torch.randn(1, 1, 4096, generator=torch.Generator().manual_seed(0))
    z = half.encode(audio)
    assert z.dtype == torch.float32 and z.square().mean() > 0
    assert torch.equal(z, rounded.encode(audio))
    assert torch.equal(half.decode(z), rounded.decode(z))


def test_a_file_whose_first_pass_fails_is_refused_in_one_line_with_torchs_reason(
    variational_rave: Path, tmp_path: Path
) -> None:
    script = torch.jit.load(str(variational_rave))
    weight = next(script.encoder.parameters())
    weight.data = weight.data[:, 1:]
    script.save(str(tmp_path / "cut.ts"))
    with pytest.raises(
        DrawstopError, match=r"cut.ts fails when it plays .* silence \(.*channels.*\)"
    ) as caught:
        RaveModel(tmp_path / "cut.ts")
    assert "\n" not in str(caught.value)


def test_a_folder_that_is_no_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DrawstopError, match="no RAVE run"):
        export_run(tmp_path)
