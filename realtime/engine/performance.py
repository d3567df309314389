"""A performance: blocks in order through the instrument and the channel strip, while knobs move and instruments change.

Key idea: what leaves is a pure function of what entered (the blocks, the events with their sample times, the
swaps with theirs). It knows no clock and no device, so a recorded performance plays again bit for bit.
"""

from collections import deque
from collections.abc import Collection, Iterable
from dataclasses import dataclass

import numpy as np

from drawstop.errors import DrawstopError
from drawstop.instrument_description import InstrumentDescription
from drawstop.types import Audio
from realtime.engine.block_source import BlockSource
from realtime.engine.channel_strip import ChannelStrip, DelayLine, match_channels
from realtime.engine.control_event import ControlEvent, EventQueue
from realtime.engine.control_signals import KnobSignals, Ranged, State, check_event
from realtime.engine.instrument_slot import InstrumentSlot
from realtime.engine.parameters import PARAMETERS, RAMP, RESET

WARM_IN_S = 1.0
"""Seconds for which a new instrument gets the input before its sound fades in: its caches fill."""
FADE_S = 0.05
"""The cross-fade from one instrument to the next."""


@dataclass(frozen=True)
class Played:
    """One block that is done: its first sample and its sound, `[channels_out, n]`.

    The sound is the dry input where the instrument never got the block (`skipped`) or died over it (`died`).
    """

    start: int
    audio: Audio
    skipped: bool = False
    died: bool = False


@dataclass
class _Part:
    """One instrument's share of one block."""

    slot: InstrumentSlot
    dry: Audio
    weight: Audio | None  # in the cross-fade; None: 1 throughout


@dataclass
class _Pending:
    """A block that was submitted and isn't collected."""

    index: int
    start: int
    strip: dict[str, Audio]  # the channel strip's parameters over the block
    parts: list[_Part]
    skipped: bool = False


class Performance:
    """Plays blocks of one length, in order.

    Args:
        description: the first instrument's; its rate is the performance's for good.
        source: plays that instrument.
        block: samples per block, a multiple of the instrument's ratio.
        ceiling_db: no sample leaves above it, dB of full scale; None: no limiter.
        channels: the performance's, in and out; None: the first instrument's.

    Attributes:
        skipped: the sources that had no room for the last submitted block.
    """

    def __init__(
        self,
        description: InstrumentDescription,
        source: BlockSource,
        block: int,
        ceiling_db: float | None = None,
        channels: tuple[int, int] | None = None,
    ) -> None:
        if block < 1 or block % description.ratio:
            raise DrawstopError(
                f"the inner block must be a multiple of {description.ratio} samples, got {block}"
            )
        self.sample_rate = description.sample_rate
        self.channels_in, self.channels_out = channels or (description.channels_in, description.channels_out)
        self.block = block
        self.channel_strip = ChannelStrip(self.sample_rate, ceiling_db)
        self._queue = EventQueue()
        self._begin(description, source)

    def _begin(self, description: InstrumentDescription, source: BlockSource) -> None:
        self._index = 0
        self._ramp_s: float | None = None
        self._pending: deque[_Pending] = deque()
        self._retiring: list[tuple[int, BlockSource]] = []
        self.skipped: list[BlockSource] = []
        self._set_slots(self._new_slot(description, source, fade_at=0))

    def prepare(self) -> None:
        """Warm the instrument up, then reset. Slow: call it before the audio starts."""
        self._slots[-1].source.prepare(self.block)
        self.reset()

    def reset(self) -> None:
        """Begin anew with the instrument that plays now: caches, knobs, parameters, events and clock."""
        slot = self._slots[-1]
        slot.source.reset()
        self.channel_strip.reset()
        self._queue.clear()
        self._begin(slot.description, slot.source)

    @property
    def next_sample(self) -> int:
        """Input sample at which the next block begins."""
        return self._index * self.block

    @property
    def next_collected(self) -> int:
        """Input sample at which the oldest block begins that isn't collected; without one, the next block."""
        return self._pending[0].start if self._pending else self.next_sample

    @property
    def description(self) -> InstrumentDescription:
        """The description of the instrument that plays; during a swap, of the new one."""
        return self._slots[-1].description

    @property
    def source(self) -> BlockSource:
        """The source that plays that instrument."""
        return self._slots[-1].source

    @property
    def swapping(self) -> bool:
        """Whether a new instrument is on its way in."""
        return len(self._slots) > 1

    @property
    def waiting_blocks(self) -> int:
        """Blocks submitted and not collected."""
        return len(self._pending)

    @property
    def values(self) -> dict[str, float]:
        """Each stop's knob and each parameter of the channel strip, after the last submitted block."""
        return self._slots[-1].knobs.values | self.channel_strip.values

    @property
    def targets(self) -> dict[str, Ranged]:
        """The stops and parameters that events can move, by slug."""
        return self._targets

    def schedule(self, events: Iterable[ControlEvent]) -> None:
        """Queue events; may be called from another thread. Late events apply at the next sample played.

        Raises:
            DrawstopError: an unknown target or a value out of its range; then no event is queued.
        """
        checked, targets = list(events), self.targets
        for event in checked:
            check_event(event, targets)
        self.queue(checked)

    def queue(self, events: Iterable[ControlEvent]) -> None:
        """Queue events unchecked, such as those that were applied before: an instrument leaves out what it hasn't."""
        self._queue.schedule(events)

    def take_in_events(self) -> None:
        """Sort the events that have come while no block does, so that the next one isn't late for them."""
        self._queue.take_in(self.next_sample)

    def shift_events(self, samples: int) -> None:
        """Let all events that wait come so many samples later; negative: earlier, as input was left out."""
        self._queue.shift(samples)

    def check_swap(self, description: InstrumentDescription) -> None:
        """Refuse an instrument that can't join the performance. Raises DrawstopError with the reason."""
        if description.sample_rate != self.sample_rate:
            raise DrawstopError(
                f"{description.name} runs at {description.sample_rate} Hz and the performance at {self.sample_rate}; "
                "start it anew with that instrument"
            )
        if self.block % description.ratio:
            raise DrawstopError(
                f"{description.name} needs blocks of a multiple of {description.ratio} samples, the performance has "
                f"{self.block}; start it anew with --block {description.ratio}"
            )
        if self.swapping:
            raise DrawstopError("another instrument is on its way in; try again when it plays")

    def swap(
        self, description: InstrumentDescription, source: BlockSource, fade_at: int | None = None
    ) -> int:
        """Let another instrument in, prepared: it gets the next blocks, then fades in.

        Args:
            fade_at: input sample at which the fade begins; None: when it has got `WARM_IN_S` of input without a gap and
                keeps up.

        Returns: the first input sample that it gets.

        Raises:
            DrawstopError: `check_swap` refuses it; nothing has changed then.
        """
        self.check_swap(description)
        slot = self._new_slot(description, source, fade_at)
        slot.knobs.take_over(self._slots[-1].knobs)
        self._set_slots(*self._slots, slot)
        return self.next_sample

    @property
    def fade_at(self) -> int | None:
        """Input sample at which the newest instrument begins to fade in; None while that isn't decided."""
        return self._slots[-1].fade_at

    def fail(self, source: BlockSource) -> None:
        """Give up a dead source: the dry input replaces the blocks that it hasn't played, until another instrument comes."""
        for slot in self._slots:
            if slot.source is source:
                slot.alive = False
        if self.swapping and not self._slots[-1].alive:
            old, new = self._slots
            self._set_slots(old)
            self._retire(new)

    @property
    def state(self) -> State:
        """What the next block depends on beside the instrument's own state and the events that wait; not during a swap."""
        slot = self._slots[-1]
        ramp_s = np.array([] if self._ramp_s is None else [self._ramp_s])
        return {**slot.knobs.state, **self.channel_strip.state, "dry": slot.dry.past.copy(), "ramp_s": ramp_s}

    @property
    def output_state(self) -> State:
        """The part of `state` that the collected blocks decide; while blocks wait, it is of an earlier moment than the rest."""
        return self.channel_strip.output_state

    def restore(self, state: State) -> None:
        """Go on from this `state`."""
        slot = self._slots[-1]
        slot.knobs.restore(state)
        self.channel_strip.restore(state)
        slot.dry.past = state["dry"]
        self._ramp_s = float(state["ramp_s"][0]) if len(state["ramp_s"]) else None

    def retired(self) -> list[BlockSource]:
        """Sources that no block needs any more, each returned once."""
        oldest = self._pending[0].index if self._pending else self._index
        free = [source for last, source in self._retiring if last <= oldest]
        self._retiring = [(last, source) for last, source in self._retiring if last > oldest]
        return free

    def submit(self, audio: Audio, skip: Collection[BlockSource] = ()) -> list[ControlEvent]:
        """Send the next block to the instrument; `collect` gives it back when it is played.

        Args:
            skip: send these sources no block, as if they had no room for it.

        Shape:
            audio: `[channels_in, block]`, finite.

        Returns: the events that this block applies, at the sample times at which they do.
        """
        start = self.next_sample
        events = self._queue.due(start, start + self.block)
        strip = self.channel_strip.signals(events, start, self.block)
        driven = self.channel_strip.drive(audio, strip)
        reset = any(event.slug == RESET.slug for event in events)
        self._ramp_s = next((e.value for e in reversed(events) if e.slug == RAMP.slug), self._ramp_s)
        self._advance_fade(start)
        pending = _Pending(self._index, start, strip, [])
        self.skipped = []
        for slot in self._slots:
            dry = slot.dry(match_channels(audio, self.channels_out))
            block = slot.block(driven, events, start)
            skipped = slot.alive and (
                slot.source in skip or not slot.send(self._index, block, self._ramp_s, reset)
            )
            if skipped:
                self.skipped.append(slot.source)
                slot.whole_from = self._index + 1
            weight = self._weight(slot, start)
            if weight is not None and not weight.any():
                continue
            pending.skipped |= skipped
            pending.parts.append(_Part(slot, dry, weight))
        self._pending.append(pending)
        self._index += 1
        return events

    def collect(self) -> Played | None:
        """The oldest block that isn't collected, if its instrument has played it; else None."""
        for slot in self._slots:
            slot.poll()
        if not self._pending:
            return None
        pending = self._pending[0]
        for part in pending.parts:
            part.slot.poll()
            if not part.slot.is_settled(pending.index):
                return None
        self._pending.popleft()
        mixed = sum(
            (self._mixed(part, pending) for part in pending.parts[1:]), self._mixed(pending.parts[0], pending)
        )
        missing = not all(pending.index in part.slot.done for part in pending.parts)
        for slot in (*self._slots, *(part.slot for part in pending.parts)):
            slot.forget(pending.index)
        sound = self.channel_strip.finish(mixed, pending.strip)
        return Played(pending.start, sound, pending.skipped, missing and not pending.skipped)

    def _set_slots(self, *slots: InstrumentSlot) -> None:
        self._slots = list(slots)
        stops: dict[str, Ranged] = {stop.slug: stop for slot in slots for stop in slot.description.stops}
        self._targets = stops | {parameter.slug: parameter for parameter in PARAMETERS}

    def _new_slot(
        self, description: InstrumentDescription, source: BlockSource, fade_at: int | None
    ) -> InstrumentSlot:
        dry = DelayLine(self.channels_out, description.delay_samples)
        return InstrumentSlot(source, description, self._index, fade_at, KnobSignals(description.stops), dry)

    def _advance_fade(self, start: int) -> None:
        """Begin the new instrument's fade when it is ready; drop the old one when the fade is over."""
        if not self.swapping:
            return
        old, new = self._slots
        new.poll()
        warmed = start - new.whole_from * self.block
        if new.fade_at is None and warmed >= WARM_IN_S * self.sample_rate and not new.sent:
            new.fade_at = start
        if new.fade_at is not None and start >= new.fade_at + self._fade_samples:
            self._set_slots(new)
            self._retire(old)

    def _retire(self, slot: InstrumentSlot) -> None:
        self._retiring.append((self._index, slot.source))

    @property
    def _fade_samples(self) -> int:
        return round(FADE_S * self.sample_rate)

    def _weight(self, slot: InstrumentSlot, start: int) -> Audio | None:
        """An instrument's weight in the cross-fade over the next block, `[n]`; None: 1 throughout."""
        if not self.swapping:
            return None
        fade_at = self._slots[-1].fade_at
        if fade_at is None:
            rise = np.zeros(self.block, dtype=np.float32)
        else:
            position = (np.arange(start, start + self.block) - fade_at) / self._fade_samples
            rise = (0.5 - 0.5 * np.cos(np.pi * np.clip(position, 0.0, 1.0))).astype(np.float32)
        return rise if slot is self._slots[-1] else np.float32(1.0) - rise

    def _mixed(self, part: _Part, pending: _Pending) -> Audio:
        played = part.slot.done.get(pending.index)
        wet = part.dry if played is None else match_channels(played, self.channels_out)
        mixed = self.channel_strip.mix(wet, part.dry, pending.strip)
        return mixed if part.weight is None else (mixed * part.weight).astype(np.float32)
