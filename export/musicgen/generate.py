"""Music from a MusicGen whose stops are moved: the function behind `drawstop musicgen`, for scripts and notebooks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from drawstop.audio.files import read_audio
from drawstop.progress import StepReport
from drawstop.stop_settings import Setting, read_setting
from export.musicgen.stop_schedule import StopSchedule
from realtime.engine.control_event import ControlEvent
from training.banks.bank import StopBank
from training.banks.bank_folders import load_banks
from training.models.musicgen.hooks import Edit
from training.models.musicgen.model import MusicGenModel
from training.models.musicgen.sampling import Generated, Sampling

Settings = Mapping[str, float] | Sequence[str]
GivenSound = Path | str | Tensor


@dataclass(frozen=True)
class Steered:
    """Music with the stops moved, and the same draws without.

    Attributes:
        made: with the stops moved.
        unsteered: with every stop at 0, from the same seed; None where it wasn't asked for.
        sample_rate: hertz.
    """

    made: Generated
    unsteered: Generated | None
    sample_rate: int


def steer(
    model: MusicGenModel | Path | str,
    banks: Sequence[StopBank | Path | str],
    prompts: Sequence[str | None],
    settings: Settings = (),
    sampling: Sampling | None = None,
    *,
    events: Sequence[ControlEvent] = (),
    audio_prompt: GivenSound | None = None,
    melody: GivenSound | None = None,
    unsteered: bool = True,
    progress: StepReport | None = None,
) -> Steered:
    """Make music from prompts, a row for each, with stops moved.

    Args:
        model: an open model, or what `MusicGenModel` opens.
        banks: one for each layer that is steered; loaded, or their folders, or a folder of banks.
        prompts: descriptions; None is no description.
        settings: stop to value, or texts as `--set` takes them: `["guitar=1", "voice=-1@0s..4s"]`.
        sampling: length, seed, guidance and the like.
        events: movements in samples of the piece, as MIDI files give them (`realtime.controllers.midi.midi_file`).
        audio_prompt: sound to continue: a file, or `[1 or rows, channels, samples]` at the model's rate.
        melody: sound whose melody is followed, in the same forms.
        unsteered: also make the piece with every stop at 0, with the same draws.
        progress: called with the steps done and to do.

    Raises:
        DrawstopError: a part can't be loaded or doesn't fit the others.
    """
    opened = model if isinstance(model, MusicGenModel) else MusicGenModel(model)
    loaded = [[bank] if isinstance(bank, StopBank) else load_banks(Path(bank)) for bank in banks]
    schedule = StopSchedule(opened, [each for several in loaded for each in several])
    sampling = sampling or Sampling()
    continued, followed = _sound(audio_prompt, opened), _sound(melody, opened)
    edits = schedule.edits(
        schedule.values(read_settings(settings), events, steps_of(opened, sampling)), len(prompts)
    )

    def generated(edits: Mapping[str, Edit]) -> Generated:
        return opened.generate(
            prompts, sampling, edits=edits, audio_prompt=continued, melody=followed, progress=progress
        )

    return Steered(generated(edits), generated({}) if unsteered else None, opened.sample_rate)


def read_settings(settings: Settings) -> list[Setting]:
    """Settings from a mapping or from texts. Raises DrawstopError for a text that is no setting."""
    if isinstance(settings, Mapping):
        return [Setting(slug, float(value), float(value)) for slug, value in settings.items()]
    return [read_setting(text) for text in settings]


def steps_of(model: MusicGenModel, sampling: Sampling) -> int:
    """The number of frames that need values: one for every step, with those that end the delayed codebooks."""
    return int(sampling.seconds * model.frame_rate) + max(model.lm.pattern_provider.delays) + 1


def _sound(sound: GivenSound | None, model: MusicGenModel) -> Tensor | None:
    if sound is None or isinstance(sound, Tensor):
        return sound
    return read_sound(Path(sound), model)


def read_sound(path: Path, model: MusicGenModel) -> Tensor:
    """A sound file as a model takes it: `[1, channels, samples]` at its rate. Raises DrawstopError as `read_audio`."""
    audio, _ = read_audio(path, model.sample_rate, model.channels)
    return torch.from_numpy(audio)[None]
