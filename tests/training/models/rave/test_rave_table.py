import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from tests.helpers.models.rave_table import ROWS, Row, export_table

BLOCK = 2048
BLOCKS = 16
AUDIBLE = (1e-3, 1.0)  # rms
LATENT_RMS = (0.3, 3.0)
HEARD = 0.1  # of the output
NOISY = {
    "v1",
    "v1_causal",
    "v1_offline",
    "v2_noise_causal",
    "v2_small_causal",
}  # with a noise synthesiser that is on

EXPORTED = [row for row in ROWS if row.expected != "not exported"]
each_row = pytest.mark.parametrize("row", EXPORTED, ids=lambda row: row.name)

WITHOUT_RAVE = """
import sys, torch
sys.modules.update(dict.fromkeys(("rave", "scripts", "cached_conv", "gin", "nn_tilde", "torchaudio")))
torch.set_num_threads(1)
for path in sys.argv[1:]:
    script = torch.jit.load(path)
    with torch.jit.optimized_execution(False):
        script(torch.zeros(1, int(script.forward_params[0]), 8192))
"""


@pytest.fixture(autouse=True)
def uncompiled() -> Iterator[None]:
    """A file's first calls compile it, for longer than everything else here."""
    with torch.jit.optimized_execution(False):
        yield


@pytest.fixture(autouse=True)
def _unoptimised() -> Iterator[None]:
    """Without torch's optimiser, which takes seconds for each method and shape."""
    with torch.jit.optimized_execution(False):
        yield


def load(path: Path) -> torch.jit.ScriptModule:
    torch.manual_seed(0)
    return torch.jit.load(path).eval()


def rms(x: torch.Tensor) -> float:
    return x.square().mean().sqrt().item()


def noise(row: Row) -> torch.Tensor:
    return 0.1 * torch.randn(1, row.channels, BLOCKS * BLOCK, generator=torch.Generator().manual_seed(1))


def decode_with(script: torch.jit.ScriptModule, seed: int) -> torch.Tensor:
    """The decoder's own output for the same latents, past what its export left in its caches."""
    width = next(script.decoder.net.parameters()).shape[1]
    latents = torch.randn(1, width, 2 * BLOCKS, generator=torch.Generator().manual_seed(2))
    first, second = latents.split(BLOCKS, -1)
    script.decoder(first)
    torch.manual_seed(seed)
    return script.decoder(second)


def test_every_file_plays_without_acids_rave(rave_table: dict[str, Path]) -> None:
    command = [sys.executable, "-Wignore", "-c", WITHOUT_RAVE, *map(str, rave_table.values())]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]


@each_row
def test_a_file_is_what_its_row_declares(rave_table: dict[str, Path], row: Row) -> None:
    script = load(rave_table[row.name])
    assert (script.original_name, script.decoder.original_name) == (row.kind, row.decoder)
    assert script.sr == row.sample_rate
    assert script.encode_params.tolist() == [row.channels, 1, row.latents, row.ratio]
    assert script.decode_params.tolist() == [row.latents, row.ratio, row.channels, 1]
    assert script.forward_params.tolist() == [row.channels, 1, row.channels, 1]


@each_row
@torch.inference_mode()
def test_latents_and_sound_have_their_shapes_and_levels(rave_table: dict[str, Path], row: Row) -> None:
    script = load(rave_table[row.name])
    sound = noise(row)
    script.forward(sound)  # past the delays; a spherical latent of silence is 0 / 0
    latents = script.encode(sound)
    assert latents.shape == (1, row.latents, sound.shape[-1] // row.ratio)
    if row.expected not in ("discrete", "spherical"):  # indices, angles
        assert LATENT_RMS[0] < rms(latents) < LATENT_RMS[1]
    for out in (script.decode(latents), script.forward(sound)):
        assert out.shape == sound.shape
        assert AUDIBLE[0] < rms(out) < AUDIBLE[1]


@each_row
@torch.inference_mode()
def test_what_is_streaming_keeps_a_state(rave_table: dict[str, Path], row: Row) -> None:
    script = load(rave_table[row.name])
    latents = torch.randn(1, next(script.decoder.net.parameters()).shape[1], 4)
    script.decoder.net(torch.zeros_like(latents).repeat(1, 1, BLOCKS))
    first, second = script.decoder.net(latents), script.decoder.net(latents)
    assert torch.equal(first, second) != row.streaming


@each_row
@torch.inference_mode()
def test_noise_synthesisers_are_audible(rave_table: dict[str, Path], row: Row) -> None:
    once, again = (decode_with(load(rave_table[row.name]), seed) for seed in range(2))
    difference = rms(once - again) / rms(once)
    assert difference > HEARD if row.name in NOISY else difference == 0


@pytest.mark.parametrize("name", ["v1", "v1_causal", "raspberry"])
def test_batch_norms_have_seen_something(rave_table: dict[str, Path], name: str) -> None:
    script = load(rave_table[name])
    norms = [module for module in script.modules() if module.original_name == "BatchNorm1d"]
    assert len(norms) == 4
    for norm in norms:
        assert norm.running_mean.abs().min() > 0
        assert (norm.running_var - 1).abs().min() > 0


@pytest.mark.parametrize(
    "row", [row for row in EXPORTED if row.kind.startswith("Var")], ids=lambda row: row.name
)
def test_variational_latents_are_turned_and_off_centre(rave_table: dict[str, Path], row: Row) -> None:
    script = load(rave_table[row.name])
    pca = script.latent_pca
    torch.testing.assert_close(pca @ pca.T, torch.eye(len(pca)))
    assert (pca - pca.diag().diag()).abs().max() > 0.1
    assert rms(script.latent_mean) > 0.1
    assert (script.fidelity.diff() > 0).all()


def test_an_unknown_row_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"expected rows out of v1, .*; got v9"):
        export_table(tmp_path, ["v9"])
