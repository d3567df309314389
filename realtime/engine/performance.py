"""A performance: blocks in order through the instrument and the desk, while knobs move and instruments change.

Key idea: what leaves is a pure function of what entered (the blocks, the events with their sample times, the
swaps with theirs). It knows no clock and no device, so a recorded performance plays again bit for bit.
"""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from drawstop.errors import DrawstopError
from drawstop.instrument_description import InstrumentDescription
from realtime.engine.block_processor import BlockSource
from realtime.engine.channel_strip import DelayLine, Desk, matched
from realtime.engine.control_event import ControlEvent
from realtime.engine.control_signals import KnobSignals, Ranged, check_event
from realtime.engine.event_queue import EventQueue
from realtime.engine.parameters import PARAMETERS, RAMP, RESET

Audio = npt.NDArray[np.float32]

WARM_IN_S = 1.0
"""How long a new instrument hears the playing before it is heard: its memory fills with what is going on."""
FADE_S = 0.05
"""The cross-fade from one instrument to the next."""


@dataclass(frozen=True)
class Played:
    """One block that is done: its first sample and its sound, `[channels_out, n]`.

    Where the instrument never got the block (`skipped`) or died over it (`died`), the sound is the dry input's.
    """

    start: int
    audio: Audio
    skipped: bool = False
    died: bool = False


@dataclass
class Lane:
    """One instrument in a performance, from its first block on."""

    source: BlockSource
    description: InstrumentDescription
    first: int
    fade_at: int | None
    """Input sample at which it begins to be heard; None while that isn't decided."""
    knobs: KnobSignals
    dry: DelayLine
    sent: deque[int] = field(default_factory=deque)
    done: dict[int, Audio] = field(default_factory=dict)
    alive: bool = True

    def poll(self) -> None:
        """Take over what its source has played."""
        while self.sent and (played := self.source.collect()) is not None:
            self.done[self.sent.popleft()] = played

    def forget(self, index: int) -> None:
        """Drop what belongs to blocks up to this one."""
        for done in [done for done in self.done if done <= index]:
            del self.done[done]


@dataclass
class _Part:
    """What one lane gives to one block."""

    lane: Lane
    dry: Audio
    weight: Audio | None  # None: all of it


@dataclass
class _Pending:
    index: int
    start: int
    faders: dict[str, Audio]
    parts: list[_Part]
    skipped: bool = False


class Performance:
    """Plays blocks of one length, in order.

    Args:
        description: of the instrument to begin with; its rate and channels are the performance's for good.
        source: what plays it.
        block: samples per block, a multiple of the instrument's ratio.
        ceiling_db: no sample leaves above it, dB of full scale; None: no limiter.
    """

    def __init__(
        self,
        description: InstrumentDescription,
        source: BlockSource,
        block: int,
        ceiling_db: float | None = None,
    ) -> None:
        if block < 1 or block % description.ratio:
            raise DrawstopError(
                f"the inner block must be a multiple of {description.ratio} samples, got {block}"
            )
        self.sample_rate = description.sample_rate
        self.channels_in, self.channels_out = description.channels_in, description.channels_out
        self.block = block
        self.desk = Desk(self.sample_rate, ceiling_db)
        self._queue = EventQueue()
        self._begin(description, source)

    def _begin(self, description: InstrumentDescription, source: BlockSource) -> None:
        self._index = 0
        self._ramp_s: float | None = None
        self._pending: deque[_Pending] = deque()
        self._retiring: list[tuple[int, BlockSource]] = []
        self._set_lanes(self._lane(description, source, fade_at=0))

    def prepare(self) -> None:
        """Warm the instrument up, then reset. Slow: call it before the audio starts."""
        self._lanes[-1].source.prepare(self.block)
        self.reset()

    def reset(self) -> None:
        """As new, with the instrument that plays now: caches, knobs, faders, events and clock."""
        lane = self._lanes[-1]
        lane.source.reset()
        self.desk.reset()
        self._queue.clear()
        self._begin(lane.description, lane.source)

    @property
    def next_sample(self) -> int:
        """Input sample at which the next block begins."""
        return self._index * self.block

    @property
    def description(self) -> InstrumentDescription:
        """Of the instrument that is heard, or in a swap of the one that will be."""
        return self._lanes[-1].description

    @property
    def source(self) -> BlockSource:
        """What plays that instrument."""
        return self._lanes[-1].source

    @property
    def swapping(self) -> bool:
        """Whether a new instrument is on its way in."""
        return len(self._lanes) > 1

    @property
    def waiting_blocks(self) -> int:
        """Blocks submitted and not collected."""
        return len(self._pending)

    @property
    def values(self) -> dict[str, float]:
        """Each stop's knob and each fader, after the last submitted block."""
        return self._lanes[-1].knobs.values | self.desk.values

    @property
    def targets(self) -> dict[str, Ranged]:
        """What events can move, by slug."""
        return self._targets

    def schedule(self, events: Iterable[ControlEvent]) -> None:
        """Queue events; may be called from another thread. Late events apply at the next sample played.

        Raises:
            DrawstopError: an unknown target or a value out of its range; then no event is queued.
        """
        checked, targets = list(events), self.targets
        for event in checked:
            check_event(event, targets)
        self._queue.schedule(checked)

    def take_in_events(self) -> None:
        """Sort the events that have come while no block does, so that the next one isn't late for them."""
        self._queue.take_in(self.next_sample)

    def check_swap(self, description: InstrumentDescription) -> None:
        """Raises DrawstopError if this instrument can't join the performance."""
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
        """Let another instrument in, prepared: it hears the next blocks, then fades in.

        Args:
            fade_at: input sample at which the fade begins; None: when it has heard `WARM_IN_S` and keeps up.

        Returns: the first sample that it hears.

        Raises:
            DrawstopError: see `check_swap`; nothing has changed then.
        """
        self.check_swap(description)
        lane = self._lane(description, source, fade_at)
        lane.knobs.take_over(self._lanes[-1].knobs)
        self._set_lanes(*self._lanes, lane)
        return self.next_sample

    @property
    def fade_at(self) -> int | None:
        """Where the newest instrument begins to be heard, in input samples; None while that isn't decided."""
        return self._lanes[-1].fade_at

    def fail(self, source: BlockSource) -> None:
        """This source is dead: what it owes is replaced by the dry input until another instrument comes."""
        for lane in self._lanes:
            if lane.source is source:
                lane.alive = False
        if self.swapping and not self._lanes[-1].alive:
            old, new = self._lanes
            self._set_lanes(old)
            self._retire(new)

    def retired(self) -> list[BlockSource]:
        """Sources that no block needs any more, each told once."""
        oldest = self._pending[0].index if self._pending else self._index
        free = [source for last, source in self._retiring if last <= oldest]
        self._retiring = [(last, source) for last, source in self._retiring if last > oldest]
        return free

    def submit(self, audio: Audio, skip: bool = False) -> list[ControlEvent]:
        """Send the next block to the instrument; `collect` gives it back when it is played.

        Args:
            skip: as if the instrument had no room for it.

        Shape:
            audio: `[channels_in, block]`, finite.

        Returns: the events that this block applies, at the sample times at which they do.
        """
        start = self.next_sample
        events = self._queue.due(start, start + self.block)
        faders = self.desk.signals(events, start, self.block)
        driven = self.desk.drive(audio, faders)
        reset = any(event.slug == RESET.slug for event in events)
        self._ramp_s = next((e.value for e in reversed(events) if e.slug == RAMP.slug), self._ramp_s)
        self._advance_fade(start)
        pending = _Pending(self._index, start, faders, [])
        for lane in self._lanes:
            dry = lane.dry(matched(audio, self.channels_out))
            taken = self._send(lane, driven, events, reset, skip)
            weight = self._weight(lane, start)
            if weight is not None and not weight.any():
                continue
            pending.skipped |= lane.alive and not taken
            pending.parts.append(_Part(lane, dry, weight))
        self._pending.append(pending)
        self._index += 1
        return events

    def collect(self) -> Played | None:
        """The oldest block that isn't collected, if its instrument has played it."""
        for lane in self._lanes:
            lane.poll()
        if not self._pending:
            return None
        pending = self._pending[0]
        for part in pending.parts:
            part.lane.poll()
            if not self._is_settled(part.lane, pending.index):
                return None
        self._pending.popleft()
        mixed = sum(
            (self._mixed(part, pending) for part in pending.parts[1:]), self._mixed(pending.parts[0], pending)
        )
        missing = not all(pending.index in part.lane.done for part in pending.parts)
        for lane in (*self._lanes, *(part.lane for part in pending.parts)):
            lane.forget(pending.index)
        sound = self.desk.finish(mixed, pending.faders)
        return Played(pending.start, sound, pending.skipped, missing and not pending.skipped)

    def _set_lanes(self, *lanes: Lane) -> None:
        self._lanes = list(lanes)
        stops: dict[str, Ranged] = {stop.slug: stop for lane in lanes for stop in lane.description.stops}
        self._targets = stops | {parameter.slug: parameter for parameter in PARAMETERS}

    def _lane(self, description: InstrumentDescription, source: BlockSource, fade_at: int | None) -> Lane:
        dry = DelayLine(self.channels_out, description.delay_samples)
        return Lane(source, description, self._index, fade_at, KnobSignals(description.stops), dry)

    def _send(self, lane: Lane, driven: Audio, events: list[ControlEvent], reset: bool, skip: bool) -> bool:
        description = lane.description
        block = np.empty((description.channels_in + len(description.stops), self.block), dtype=np.float32)
        block[: description.channels_in] = matched(driven, description.channels_in)
        lane.knobs.fill(events, self.next_sample, block[description.channels_in :])
        taken = lane.alive and not skip and lane.source.submit(block, self._ramp_s, reset)
        if taken:
            lane.sent.append(self._index)
        return taken

    def _advance_fade(self, start: int) -> None:
        """Begin the newest lane's fade when it is ready; drop the old lane when the fade is over."""
        if not self.swapping:
            return
        old, new = self._lanes
        new.poll()
        heard = start - new.first * self.block
        if new.fade_at is None and heard >= WARM_IN_S * self.sample_rate and not new.sent:
            new.fade_at = start
        if new.fade_at is not None and start >= new.fade_at + self._fade_samples:
            self._set_lanes(new)
            self._retire(old)

    def _retire(self, lane: Lane) -> None:
        self._retiring.append((self._index, lane.source))

    @property
    def _fade_samples(self) -> int:
        return round(FADE_S * self.sample_rate)

    def _weight(self, lane: Lane, start: int) -> Audio | None:
        """A lane's share of the next block: None for all of it. `[n]`"""
        if not self.swapping:
            return None
        fade_at = self._lanes[-1].fade_at
        if fade_at is None:
            rise = np.zeros(self.block, dtype=np.float32)
        else:
            place = (np.arange(start, start + self.block) - fade_at) / self._fade_samples
            rise = (0.5 - 0.5 * np.cos(np.pi * np.clip(place, 0.0, 1.0))).astype(np.float32)
        return rise if lane is self._lanes[-1] else np.float32(1.0) - rise

    def _is_settled(self, lane: Lane, index: int) -> bool:
        return index in lane.done or index not in lane.sent or not lane.alive

    def _mixed(self, part: _Part, pending: _Pending) -> Audio:
        played = part.lane.done.get(pending.index)
        wet = part.dry if played is None else matched(played, self.channels_out)
        mixed = self.desk.mix(wet, part.dry, pending.faders)
        return mixed if part.weight is None else (mixed * part.weight).astype(np.float32)
