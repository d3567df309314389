"""The result of learning from a gesture: a source, how it sends, and what else it could be."""

from dataclasses import dataclass, replace

from realtime.controllers.mapping.mapping import Encoding, Knob, Mode
from realtime.controllers.mapping.presses import Trigger
from realtime.controllers.midi.source import MidiSource, Order


@dataclass(frozen=True)
class LearnedSource:
    """The source of a gesture, and how it sends.

    Attributes:
        source: the source with its device, and with its channel unless it is an MPE source, whose notes change channels.
        mode: `absolute`, `relative`, `toggle` (a button that sends cc, a program change) or `velocity` (a key).
        order: which half of a 14-bit value comes first.
        encoding: the encoding of an endless encoder.
        trigger: which inputs of a button are a press.
        second: the other source that could have sent the same; None: there is none.
    """

    source: MidiSource
    mode: Mode = "absolute"
    order: Order = "msb-first"
    encoding: Encoding = "twos-complement"
    trigger: Trigger = "down"
    second: "LearnedSource | None" = None

    @property
    def sure(self) -> bool:
        """Whether nothing else could have sent the same."""
        return self.second is None

    def or_else(self, second: "LearnedSource | None") -> "LearnedSource":
        """The same with a second guess, unless it has one."""
        return (
            self
            if second is None or self.second is not None
            else replace(self, second=replace(second, second=None))
        )

    def knob(self, stop: str) -> Knob:
        """A knob that maps this source to a stop."""
        return Knob(
            self.source, stop, self.mode, order=self.order, encoding=self.encoding, trigger=self.trigger
        )
