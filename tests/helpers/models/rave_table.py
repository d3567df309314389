"""A table of small, random RAVEs, one per kind that people share, made by acids-rave's own configurations and script.

    python tests/helpers/models/rave_table.py FOLDER [NAME...]

writes the exported .ts files of the named rows, or of all, to FOLDER. It is a process of its own, with one fork per
row: gin's bindings, cached_conv's switches and the export script's flags are global.
"""

import os
import subprocess
import sys
import traceback
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    import torch

VOICES = 4  # cached_conv keeps a cache per voice: its own 64 would be most of a small model's file
AT_ONCE = 2
NOISE_RMS = 0.1  # -20 dBFS: what every model is scaled with
SOUND_RMS = 0.1  # what it decodes of that
NOISE_SHARE = 0.5  # of a noise synthesiser in the decoder's output, beside the waveform
FIDELITY_DECAY = 0.6  # what every further latent leaves unexplained

Expected = Literal["steerable", "discrete", "spherical", "mel", "resampler", "offline", "not exported"]


@dataclass(frozen=True)
class Row:
    """One model of the table.

    Args:
        name: the name of the row and of its file.
        configs: acids-rave's configurations, in the order of `rave train --config`.
        kind: `original_name` of the exported model.
        small: bindings that keep the kinds and the number of layers, and make them narrow.
        ratio: samples per latent frame.
        latents: the number of latents of the exported model, at its fidelity.
        decoder: the class of its decoder.
        expected: steerable, or why not; "not exported" is a row that acids-rave's own script refuses.
        options: further options of the export script.
    """

    name: str
    configs: tuple[str, ...]
    small: tuple[str, ...]
    kind: str = "VariationalScriptedRAVE"
    ratio: int = 2048
    latents: int = 8
    decoder: str = "GeneratorV2"
    channels: int = 1
    sample_rate: int = 44100
    fidelity: float = 0.95
    streaming: bool = True
    expected: Expected = "steerable"
    options: tuple[str, ...] = ()

    @property
    def file(self) -> str:
        """Its name in the export script."""
        return f"{self.name}_streaming.ts" if self.streaming else f"{self.name}.ts"


NARROW = ("CAPACITY = 4", "LATENT_SIZE = 16")
NOISE = ("blocks.NoiseGeneratorV2.hidden_size = 8",)
AUGMENTED = ("NOISE_AUGMENTATION = 8",)
CODEBOOKS = ("NUM_QUANTIZERS = 4", "CODEBOOK_SIZE = 32")

TINY = ("CAPACITY = 4", "LATENT_SIZE = 8", "RATIOS = [4, 4, 2]", "DILATIONS = [[1, 3], [1, 3], [1]]")

ROWS: tuple[Row, ...] = (
    Row("v1", ("v1",), NARROW, decoder="Generator"),
    Row("v1_causal", ("v1", "causal"), NARROW, decoder="Generator"),
    Row("raspberry", ("raspberry",), NARROW, decoder="Generator"),
    Row("v2", ("v2",), NARROW),
    Row("v2_causal", ("v2", "causal"), NARROW),
    Row("v2_causal_low", ("v2", "causal"), NARROW, fidelity=0.7, latents=2),
    Row("v2_causal_one", ("v2", "causal"), NARROW, fidelity=0.5, latents=1),
    Row("v2_causal_full", ("v2", "causal"), NARROW, fidelity=0.999, latents=16),
    Row("v2_causal_stereo", ("v2", "causal"), (*NARROW, "RAVE.n_channels = 2"), channels=2),
    Row("v2_causal_tiny", ("v2", "causal"), TINY, fidelity=0.9, ratio=512, latents=4),
    Row("v2_causal_48k", ("v2", "causal"), (*NARROW, "SAMPLING_RATE = 48000"), sample_rate=48000),
    Row("v2_noise_causal", ("v2", "noise", "causal"), NARROW + NOISE),
    Row("v2_small_causal", ("v2_small", "causal"), NARROW + NOISE, ratio=512),
    Row(
        "wasserstein_causal",
        ("v2", "wasserstein", "causal"),
        NARROW + AUGMENTED,
        kind="WasserteinScriptedRAVE",
        latents=16,
    ),
    # its adaptive normalisation does nothing: the export script looks for it before the decoder is there
    Row("v3", ("v3",), NARROW),
    Row(
        "discrete",
        ("discrete",),
        NARROW + AUGMENTED + CODEBOOKS,
        kind="DiscreteScriptedRAVE",
        ratio=1024,
        latents=4,
        expected="discrete",
    ),
    Row(
        "spherical",
        ("v2", "spherical"),
        NARROW,
        kind="SphericalScriptedRAVE",
        latents=15,
        expected="spherical",
    ),
    Row("v1_offline", ("v1",), NARROW, decoder="Generator", streaming=False, expected="offline"),
    Row("v2_offline", ("v2",), NARROW, streaming=False, expected="offline"),
    Row("hybrid", ("hybrid",), NARROW, expected="mel"),
    Row(
        "v2_resampled",
        ("v2", "causal"),
        (*NARROW, "SAMPLING_RATE = 22050"),
        ratio=4096,
        options=("--sr=44100",),
        expected="resampler",
    ),
    Row("v2_nopqmf", ("v2_nopqmf",), NARROW, expected="not exported"),
)
FULL_SIZE = (Row("raspberry_full_size", ("raspberry",), ()), Row("v2_full_size", ("v2", "causal"), ()))
"""As people train them, for benches: only by name."""


def export_table(folder: Path, names: Sequence[str] | None = None) -> dict[str, Path]:
    """Export the named rows, or all, to `folder`; gives each one's file, without those that can't be exported.

    Raises:
        ValueError: a name that no row has.
        RuntimeError: a row failed; the message has the last lines of its log.
    """
    rows = rows_of(names)
    command = [sys.executable, str(Path(__file__).resolve()), str(folder), *(row.name for row in rows)]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    if done.returncode:
        raise RuntimeError(f"the table of RAVEs failed:\n{done.stderr[-6000:]}")
    return {row.name: folder / row.file for row in rows if row.expected != "not exported"}


def rows_of(names: Sequence[str] | None = None) -> tuple[Row, ...]:
    """The named rows, or all.

    Raises:
        ValueError: a name that no row has.
    """
    known = {row.name: row for row in ROWS + FULL_SIZE}
    if unknown := [name for name in names or () if name not in known]:
        raise ValueError(f"expected rows out of {', '.join(known)}; got {', '.join(unknown)}")
    return tuple(known[name] for name in names) if names else ROWS


def main(folder: Path, rows: Sequence[Row]) -> int:
    """Export rows, `AT_ONCE` at a time, each in a fork of this process; gives the process's exit status."""
    folder.mkdir(parents=True, exist_ok=True)
    _import_rave()
    running: dict[int, Row] = {}
    failed = []
    for row in [*rows, None]:
        while running and (row is None or len(running) >= AT_ONCE):
            pid, status = os.wait()
            ended = running.pop(pid)
            if (status != 0) != (ended.expected == "not exported"):
                failed.append(ended)
        if row is not None:
            running[_fork(folder, row)] = row
    for row in failed:
        log = _log(folder, row).read_text().splitlines()[-25:]
        lines = [f"{row.name}: expected {row.expected}; the last lines of its log:", *log]
        sys.stderr.write("\n    ".join(lines) + "\n")
    return 1 if failed else 0


def _import_rave() -> None:
    # once, before forking: it takes longer than everything else; what the configurations import comes with it
    warnings.simplefilter("ignore")
    import rave.dataset
    import rave.descript_discriminator
    import rave.transforms  # noqa: F401
    import scripts.export  # noqa: F401
    import torch

    torch.set_num_threads(1)


def _log(folder: Path, row: Row) -> Path:
    return folder / "logs" / f"{row.name}.txt"


def _fork(folder: Path, row: Row) -> int:
    log = _log(folder, row)
    log.parent.mkdir(exist_ok=True)
    sys.stdout.flush()
    sys.stderr.flush()
    if pid := os.fork():
        return pid
    status = 1
    try:
        with log.open("w") as file:
            os.dup2(file.fileno(), 1)
            os.dup2(file.fileno(), 2)
            try:
                _export(folder, row)
                status = 0
            except BaseException:
                traceback.print_exc()
                raise
            finally:
                sys.stdout.flush()
                sys.stderr.flush()
    finally:
        os._exit(status)


def _export(folder: Path, row: Row) -> None:
    import cached_conv
    import gin
    import nn_tilde.codegen
    from absl import flags
    from scripts import export

    cached_conv.MAX_BATCH_SIZE = cached_conv.convs.MAX_BATCH_SIZE = VOICES * row.channels  # the PQMF's voices
    run = folder / "runs" / row.name
    write_run(run, row)
    gin.clear_config()
    # nn~ writes generated code to a folder named by an object's address, which forks share
    nn_tilde.codegen.TMP_FILE_OUTPUT = run / "nn_tilde"
    options = [f"--run={run}", f"--fidelity={row.fidelity}", f"--name={row.name}", f"--output={folder}"]
    flags.FLAGS(["export", *options, *(["--streaming"] if row.streaming else []), *row.options])
    export.main([])


def write_run(folder: Path, row: Row) -> None:
    """A run with random weights, as `rave train` leaves it: config.gin and a checkpoint."""
    import cached_conv
    import gin
    import rave
    import torch

    cached_conv.use_cached_conv(False)
    torch.manual_seed(0)
    gin.parse_config_files_and_bindings([f"configs/{name}.gin" for name in row.configs], list(row.small))
    model = rave.RAVE()
    config = gin.operative_config_str()
    behave_like_a_trained_one(model)
    place = folder / "version_0" / "checkpoints"
    place.mkdir(parents=True, exist_ok=True)
    (folder / "config.gin").write_text(config)
    weights = {key: value for key, value in model.state_dict().items() if not key.startswith("discriminator")}
    torch.save({"state_dict": weights, "callbacks": {}}, place / "best.ckpt")


def behave_like_a_trained_one(model: Any) -> None:
    """Scale a model's random weights, in place, so that latents and sound have the levels of a trained one's."""
    import torch

    model.latent_pca.copy_(torch.linalg.qr(torch.randn_like(model.latent_pca)).Q)
    model.latent_mean.normal_(std=0.5)
    unexplained = FIDELITY_DECAY ** torch.arange(1, model.latent_size + 1)
    model.fidelity.copy_((1 - unexplained) / (1 - unexplained[-1]))
    sound = NOISE_RMS * torch.randn(1, model.n_channels, 2**15)
    model.train()
    _fill_batch_norms(model, sound)
    model.eval()
    model.encoder.set_warmed_up(True)
    model.decoder.set_warmed_up(True)
    _scale_latents(model, sound)
    _fill_codebooks(model)
    _scale_decoder(model, model.encoder.reparametrize(model.encode(sound))[0])


def _rms(x: "torch.Tensor") -> float:
    return x.square().mean().sqrt().item()


def _usual(bands: "torch.Tensor") -> float:
    # a noise synthesiser's levels rise like exponentials: the mean would be a few frames' alone
    return bands.square().mean(1).sqrt().median().item()


def _fill_batch_norms(model: Any, sound: "torch.Tensor") -> None:
    import torch

    norms = [module for module in model.modules() if isinstance(module, torch.nn.BatchNorm1d)]
    for norm in norms:
        norm.weight.uniform_(0.5, 1.5)
        norm.bias.normal_(std=0.2)
        norm.momentum = None  # the average of what it saw
    if norms:
        model.encode(sound)


def _scale_latents(model: Any, sound: "torch.Tensor") -> None:
    last = model.encoder.encoder.net[-1]
    gain = getattr(last, "weight_g", last.weight)
    z = model.encode(sound)
    for start in range(0, z.shape[1], model.latent_size):  # the means, then what the deviations come from
        part = slice(start, start + model.latent_size)
        gain[part] /= _rms(z[:, part])


def _fill_codebooks(model: Any) -> None:
    for depth, layer in enumerate(getattr(getattr(model.encoder, "rvq", None), "layers", ())):
        layer._codebook.embed.normal_(std=0.7**depth)
        layer._codebook.inited.fill_(1)
        model.encoder.enabled.fill_(1)


def _scale_decoder(model: Any, z: "torch.Tensor") -> None:
    decoder = model.decoder
    noise = getattr(decoder, "noise_module", None)
    if hasattr(decoder, "synth"):
        waveform, *_ = decoder.synth.branches
        noise = decoder.synth.branches[2] if decoder.use_noise else None
    else:
        waveform = decoder.net[-1] if noise is None else decoder.waveform_module
    # as built, the noise is far below hearing: its levels start at sigmoid(-5)
    _scale(waveform, lambda: _rms(model.decode(z)), SOUND_RMS)
    if noise is not None:
        features = decoder.net(z)
        _scale(noise.net[-1], lambda: _usual(noise(features)), NOISE_SHARE * _usual(decoder(z)))


def _scale(layer: Any, measure: Callable[[], float], target: float) -> None:
    # halve the interval of the gain's exponent: the decoder saturates, so no ratio gives it at once
    gain = getattr(layer, "weight_g", layer.weight)
    original = gain.clone()
    low, high = -20.0, 20.0
    for _ in range(12):
        middle = (low + high) / 2
        gain.copy_(original * 2**middle)
        low, high = (middle, high) if measure() < target else (low, middle)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]).resolve(), rows_of(sys.argv[2:])))
