"""The stops of a MusicGen's banks, their values over time, and the edits that they make at its layers."""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from drawstop.errors import DrawstopError
from drawstop.instrument_description import StopDescription
from drawstop.names import did_you_mean
from drawstop.stop_settings import Setting
from realtime.engine.control_event import ControlEvent
from realtime.engine.control_signals import KnobSignals, check_event
from training.banks.bank import StopBank
from training.banks.steering import Steering
from training.models.musicgen.hooks import Edit
from training.models.musicgen.layer_names import read_layers
from training.models.musicgen.model import MusicGenModel

Signals = npt.NDArray[np.float32]


class StopSchedule:
    """The stops of some banks, one bank a layer, and their values over time.

    A name moves the stop of that name at every layer that has one.

    Args:
        model: what the banks were made for.
        banks: one for each layer that is steered.

    Raises:
        DrawstopError: a bank of another model, of a layer that isn't there, or a second one of a layer.
    """

    def __init__(self, model: MusicGenModel, banks: Sequence[StopBank]) -> None:
        self.model, self.banks = model, {bank.site: bank for bank in banks}
        for bank in banks:
            self._require_fitting(bank)
        if len(self.banks) < len(banks):
            raise DrawstopError(
                f"expected one bank a layer, got {', '.join(bank.site for bank in banks)}: put the stops of a layer into one"
            )
        self._stops = {
            f"{site}/{stop.slug}": StopDescription(stop.name, f"{site}/{stop.slug}", stop.name, site=site)
            for site, bank in self.banks.items()
            for stop in bank.stops
        }

    @property
    def targets(self) -> tuple[StopDescription, ...]:
        """The stops by name, each once, in the banks' order: what a MIDI file's controllers move."""
        slugs = dict.fromkeys(row.slug.split("/")[1] for row in self._stops.values())
        return tuple(StopDescription(slug, slug, slug) for slug in slugs)

    def values(
        self, settings: Sequence[Setting], events: Sequence[ControlEvent], frames: int
    ) -> dict[str, Tensor]:
        """Each bank's values at every frame, `[stops, frames]`: constant settings, spans and events, added and clamped to
        -1..1, as an instrument adds its signals to its attributes.

        Args:
            settings: constant values and spans.
            events: movements, in samples of the piece.
            frames: how many frames the piece has.
        """
        for setting in settings:
            _require_range(setting)
        played = [replace(event, slug=row) for event in events for row in self._keys_of(event.slug)]
        total = self._signals(self._movements(settings), frames) + self._signals(played, frames)
        for setting in settings:
            for row in self._keys_of(setting.slug):
                if setting.start_seconds is None:
                    total[list(self._stops).index(row)] += np.float32(setting.first)
        total = total.clip(-1.0, 1.0)
        sites = [row.site for row in self._stops.values()]
        return {
            site: torch.from_numpy(total[[index for index, each in enumerate(sites) if each == site]])
            for site in self.banks
        }

    def edits(self, values: Mapping[str, Tensor], rows: int) -> dict[str, Edit]:
        """The edits of some values for one run of `rows` rows; a gated stop's network starts afresh with the run."""
        return {
            site: _ScheduledEdit(bank, values[site], rows, self.model)
            for site, bank in self.banks.items()
            if bool((values[site] != 0).any())
        }

    def _require_fitting(self, bank: StopBank) -> None:
        read_layers(bank.site, self.model.layers)
        if bank.model_fingerprint != self.model.fingerprint:
            raise DrawstopError(
                f"the bank of {bank.site} was made for another model ({bank.model_fingerprint[:12]}, {self.model.name} is "
                f"{self.model.fingerprint[:12]}): train a bank for this one"
            )
        if bank.sae.config.d_in != self.model.width:
            raise DrawstopError(
                f"the bank of {bank.site} has frames of {bank.sae.config.d_in} numbers, {self.model.name} of {self.model.width}"
            )

    def _keys_of(self, slug: str) -> list[str]:
        """The keys of a stop at every layer that has it, or at one layer only: `layers.3/guitar`."""
        keys = [row for row in self._stops if slug == row or slug == row.split("/")[1]]
        if not keys:
            known = ", ".join(target.slug for target in self.targets) or "none"
            raise DrawstopError(
                f"no stop {slug!r} in these banks: they have {known}{did_you_mean(slug, known.split(', '))}"
            )
        return keys

    def _movements(self, settings: Sequence[Setting]) -> list[ControlEvent]:
        """Spans as events: a stop takes its value, follows its ramp, and returns to 0 where the span ends."""
        events = []
        for row in self._stops:
            spans = [
                (s.start_seconds, s)
                for s in settings
                if s.start_seconds is not None and row in self._keys_of(s.slug)
            ]
            spans.sort(key=lambda span: span[0])
            _require_no_overlap([span for _, span in spans])
            for seconds, span in spans:
                start = round(seconds * self.model.sample_rate)
                events.append(ControlEvent(start, row, span.first, "--set"))
                if span.end_seconds is not None:
                    end = round(span.end_seconds * self.model.sample_rate)
                    events.append(ControlEvent(start, row, span.last, "--set", ramp_samples=end - start))
                    events.append(ControlEvent(end, row, 0.0, "--set"))
        return events

    def _signals(self, events: Sequence[ControlEvent], frames: int) -> Signals:
        """`[stops, frames]`: the value at each frame's first sample."""
        for event in events:
            check_event(event, self._stops)
        waiting = sorted(events, key=lambda event: event.sample)
        signals, ratio = KnobSignals(list(self._stops.values())), self.model.ratio
        out = np.zeros((len(self._stops), frames), dtype=np.float32)
        samples = np.zeros((len(self._stops), ratio), dtype=np.float32)
        for frame in range(frames):
            start = frame * ratio
            due = [event for event in waiting if event.sample < start + ratio]
            del waiting[: len(due)]
            signals.fill(due, start, samples)
            out[:, frame] = samples[:, 0]
        return out


@dataclass
class _ScheduledEdit:
    """One bank's edit of one run, with its scheduled values, step by step.

    A run over several windows begins anew with each, and so does the memory of a gated stop's network.
    """

    bank: StopBank
    values: Tensor
    rows: int
    model: MusicGenModel

    def __post_init__(self) -> None:
        self.values = self.values.to(self.model.device)
        self._last = float("inf")

    def __call__(self, x: Tensor, seconds: Tensor) -> Tensor:
        """Edit `[rows, width, frames]` whose frames lie at `seconds`; called step by step (`hooks.Edit`)."""
        if float(seconds[0]) <= self._last:
            self._steering = Steering(self.bank.sae, self.bank)
            self._steering.allocate(self.rows)
            self._steering.to(self.model.device)
        self._last = float(seconds[-1])
        frames = (seconds * self.model.frame_rate).round().long().clamp(max=self.values.shape[1] - 1)
        edited: Tensor = self._steering(x, self.values[None, :, frames.to(self.values.device)])
        return edited


def _require_range(setting: Setting) -> None:
    if not (-1 <= setting.first <= 1 and -1 <= setting.last <= 1):
        raise DrawstopError(
            f"--set {setting.slug}: a stop takes -1 (taken away) to 1 (brought in), got {setting.first:g} to {setting.last:g}"
        )


def _require_no_overlap(spans: Sequence[Setting]) -> None:
    """Two spans of one stop at one time would leave open which counts."""
    for one, other in itertools.pairwise(spans):
        if one.end_seconds is None or (other.start_seconds or 0.0) < one.end_seconds:
            raise DrawstopError(
                f"two spans of {other.slug} overlap at {other.start_seconds:g} s: let one end before the other begins"
            )
