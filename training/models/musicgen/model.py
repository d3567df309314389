"""A MusicGen as a steerable model: frames of given audio at its layers, and new audio with edits at any of them."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from drawstop.errors import DrawstopError
from drawstop.files import sha256_file
from drawstop.progress import StepReport
from training.models.musicgen.find_checkpoint import find_checkpoint
from training.models.musicgen.hooks import Edit, EditedRows, Steps, Window
from training.models.musicgen.layer_names import layer_site, read_layers
from training.models.musicgen.loading import choose_device, load
from training.models.musicgen.sampling import STRIDE_SHARE, Generated, Sampling, require_possible, windows_of


class MusicGenModel:
    """A MusicGen opened for reading and steering, on a CPU, CUDA or MPS device.

    **Time.** Frame t of a layer is the output at the position of the delayed sequence whose newest token is codebook 0 of
    audio frame t (codebook q then is at frame t - q); there are as many frames as EnCodec frames, and frames while generating
    equal the teacher-forced frames of the tokens that came out. An edit at that position decides what comes next, so its time
    is one frame later. The start position, which holds special tokens only, is neither read nor edited.

    Args:
        path_or_name: a folder in audiocraft's format or in that of transformers, or a name on the hub
            (`facebook/musicgen-small`, or `small`).
        device: `auto`, or a torch device.
        precision: see `loading.load`.

    Attributes:
        fingerprint: SHA-256 of the language model's weights, which banks are bound to.
        sample_rate: hertz.  channels: of its audio.  ratio: samples per frame.  frame_rate: hertz.
        width: numbers per frame.  layers: how many.
    """

    def __init__(self, path_or_name: str | Path, device: str = "auto", precision: str = "auto") -> None:
        self.device = choose_device(device)
        checkpoint = find_checkpoint(path_or_name)
        self.name = checkpoint.name
        self.model = load(checkpoint, self.device, precision)
        self.fingerprint = checkpoint.fingerprint()
        self._compression_path = checkpoint.compression_path
        self.lm = self.model.lm
        for parameter in (*self.lm.parameters(), *self.model.compression_model.parameters()):
            parameter.requires_grad_(False)
        self.sample_rate = int(self.model.sample_rate)
        self.channels = int(self.model.audio_channels)
        self.frame_rate = float(self.model.frame_rate)
        self.ratio = round(self.sample_rate / self.frame_rate)
        self.width = int(self.lm.dim)
        self.layers = len(self.lm.transformer.layers)

    @cached_property
    def sound_fingerprint(self) -> str:
        """Fingerprint of the language model and of the EnCodec's file: the two that decide the sound."""
        return f"{self.fingerprint} {sha256_file(self._compression_path)}"

    @property
    def max_seconds(self) -> float:
        """Length of one window, and of one chunk in `frames`."""
        return float(self.model.max_duration)

    def sites(self) -> tuple[str, ...]:
        """Every site (a hook point) where a stop can be: `layers.0` and so on."""
        return tuple(map(layer_site, range(self.layers)))

    @torch.no_grad()
    def frames(
        self, audio: Tensor, sites: str | Sequence[str], texts: Sequence[str | None] | None = None
    ) -> dict[str, Tensor]:
        """Layers' frames of given audio, teacher-forced: one call per chunk of `max_seconds`, all layers in one pass.

        Every chunk starts anew, without the one before it. Without a text a row has the null condition.

        Args:
            audio: at `sample_rate`; the end is padded to a whole number of frames.
            sites: as `layer_names.read_layers` takes them.
            texts: a description for each row.

        Shape: audio `[batch, channels, samples]` -> `[batch, width, frames]` for each site, float32 on the model's device.
        """
        wanted = read_layers(sites, self.layers)
        self._require_audio(audio)
        codes = [self.encode(part) for part in audio.split(self._window_frames() * self.ratio, dim=-1)]
        conditions = self._conditions(texts, audio.shape[0])
        parts = [self._teacher_forced(part, conditions, wanted) for part in codes]
        return {layer_site(i): torch.cat([part.frames(i) for part in parts], -1) for i in wanted}

    def generate(
        self,
        prompts: Sequence[str | None],
        sampling: Sampling | None = None,
        *,
        edits: Mapping[str, Edit] | None = None,
        rows: EditedRows = "conditional",
        read: str | Sequence[str] = (),
        audio_prompt: Tensor | None = None,
        melody: Tensor | None = None,
        progress: StepReport | None = None,
    ) -> Generated:
        """Music of some prompts, a row for each, with edits at some sites.

        Args:
            prompts: descriptions; None, or no letter, is no description.
            edits: site to edit; see `hooks.Edit`.
            rows: which rows are edited: those with the prompt (also with `cfg_coef` 1 and `two_step_cfg`), or all.
            read: sites whose frames are wanted.
            audio_prompt: sound to continue, at `sample_rate`; one row for all, or one for each.
            melody: sound whose melody is followed, likewise; only melody models take one.
            progress: called with the steps done and to do of the present window.

        Shape: audio_prompt and melody `[1 or batch, channels, samples]`.

        Raises:
            DrawstopError: no such layer, prompts and sounds that don't fit the piece, or too little memory. After any
                exception the model is as it was.
        """
        sampling = sampling or Sampling()
        prompts = [text or None for text in prompts]
        require_possible(self.model, sampling, prompts, audio_prompt, melody)
        wanted = read_layers(read, self.layers) if read else ()
        placed = {read_layers(site, self.layers)[0]: edit for site, edit in (edits or {}).items()}
        prompt_frames = 0 if audio_prompt is None else -(-audio_prompt.shape[-1] // self.ratio)
        steps = Steps(
            self.lm,
            len(prompts),
            self.frame_rate,
            windows_of(sampling, prompt_frames, self.frame_rate, self.max_seconds),
            placed,
            wanted,
            rows,
            sampling.two_step_cfg,
        )
        try:
            with steps.attached():
                audio, tokens = self._sample(list(prompts), sampling, audio_prompt, melody, progress)
        except torch.OutOfMemoryError as error:
            raise DrawstopError(
                f"{self.device} ran out of memory with {len(prompts)} rows of {sampling.seconds:g} s: take fewer or shorter ones"
            ) from error
        frames = {layer_site(i): steps.frames(i) for i in wanted}
        return Generated(audio.float().cpu(), tokens.cpu(), frames)

    def _sample(
        self,
        prompts: list[str | None],
        sampling: Sampling,
        audio_prompt: Tensor | None,
        melody: Tensor | None,
        progress: StepReport | None,
    ) -> tuple[Tensor, Tensor]:
        model, guidance = self.model, self.lm.cfg_coef
        beta = {} if sampling.cfg_coef_beta is None else {"cfg_coef_beta": sampling.cfg_coef_beta}
        model.set_generation_params(
            sampling.use_sampling,
            sampling.tokens_drawn_from(self.lm.card),
            sampling.top_p,
            sampling.temperature,
            duration=sampling.seconds,
            cfg_coef=sampling.cfg_coef,
            two_step_cfg=sampling.two_step_cfg,
            extend_stride=STRIDE_SHARE * self.max_seconds,
            **beta,
        )
        model.set_custom_progress_callback(progress)
        shown = {"progress": progress is not None, "return_tokens": True}
        self.lm.cfg_coef = sampling.cfg_coef  # two_step_cfg looks nowhere else
        try:
            with torch.random.fork_rng([self.device] if self.device.startswith("cuda") else []):
                torch.manual_seed(sampling.seed)
                if audio_prompt is not None:
                    given = self._one_for_each(audio_prompt, len(prompts))
                    return model.generate_continuation(given, self.sample_rate, prompts, **shown)
                if melody is not None:
                    given = self._one_for_each(melody, len(prompts))
                    return model.generate_with_chroma(prompts, given, self.sample_rate, **shown)
                return model.generate(prompts, **shown)
        finally:
            self.lm.cfg_coef = guidance
            model.set_custom_progress_callback(None)

    def _teacher_forced(self, codes: Tensor, conditions: dict[str, Any], layers: Sequence[int]) -> Steps:
        steps = Steps(self.lm, codes.shape[0], self.frame_rate, [Window(0, codes.shape[-1])], read=layers)
        with self.model.autocast, steps.attached():
            self.lm.compute_predictions(codes, [], conditions)
        return steps

    def _conditions(self, texts: Sequence[str | None] | None, batch: int) -> dict[str, Any]:
        texts = [None] * batch if texts is None else list(texts)
        if len(texts) != batch:
            raise DrawstopError(f"expected a text for each of {batch} recordings, got {len(texts)}")
        attributes, _ = self.model._prepare_tokens_and_attributes(texts, None)
        provider = self.lm.condition_provider
        with self.model.autocast:
            return provider(provider.tokenize(attributes))

    def encode(self, audio: Tensor) -> Tensor:
        """EnCodec's tokens of `[batch, channels, samples]`, the last frame filled with silence: `[batch, codebooks, frames]`."""
        padded = torch.nn.functional.pad(audio, (0, -audio.shape[-1] % self.ratio))
        codes, _ = self.model.compression_model.encode(padded.to(self.device))
        return codes

    def _window_frames(self) -> int:
        return int(self.max_seconds * self.frame_rate)

    def _one_for_each(self, audio: Tensor, rows: int) -> Tensor:
        self._require_audio(audio)
        if audio.shape[0] not in (1, rows):
            raise DrawstopError(f"expected 1 sound or one for each of {rows} prompts, got {audio.shape[0]}")
        return audio.expand(rows, -1, -1).to(self.device)

    def _require_audio(self, audio: Tensor) -> None:
        if audio.ndim != 3 or audio.shape[1] != self.channels or audio.shape[-1] == 0:
            raise DrawstopError(
                f"expected audio [batch, {self.channels}, samples] at {self.sample_rate} Hz, got {list(audio.shape)}"
            )
