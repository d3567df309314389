"""The MIDI channels of an MPE controller's zones (MIDI Polyphonic Expression 1.0, MMA M1-100-UM).

A zone has a master channel, for messages to all its notes, and member channels, each for one note. The lower zone's
master is channel 1 and its members go up from 2; the upper zone's master is 16 and its members go down from 15.
"""

from dataclasses import dataclass

from drawstop.errors import DrawstopError
from realtime.controllers.midi.source import MPE_MASTERS

LOWER, UPPER = MPE_MASTERS
MOST_MEMBERS = 15
MOST_TOGETHER = 14
"""The most members of two zones together: 16 channels without the two masters."""


@dataclass(frozen=True)
class Zones:
    """The zones of one controller.

    Args:
        lower: number of member channels of the lower zone, from 2 up; 0: no lower zone.
        upper: number of member channels of the upper zone, from 15 down; 0: no upper zone.

    Raises:
        DrawstopError: more channels than MIDI has.
    """

    lower: int = 0
    upper: int = 0

    def __post_init__(self) -> None:
        for name, members in (("lower", self.lower), ("upper", self.upper)):
            if not 0 <= members <= MOST_MEMBERS:
                raise DrawstopError(f"an MPE zone has 0 to {MOST_MEMBERS} members, got {name} = {members}")
        if self.lower and self.upper and self.lower + self.upper > MOST_TOGETHER:
            raise DrawstopError(
                f"two MPE zones have at most {MOST_TOGETHER} members together, "
                f"got lower = {self.lower} and upper = {self.upper}"
            )

    def configured(self, channel: int, members: int) -> "Zones":
        """The zones after an MPE Configuration Message. Channels that both zones claim go to the zone configured last.

        Args:
            channel: the channel of the message, 1 to 16; only a master channel has an effect.
            members: the number of members; 0 ends the zone, more than 15 have no effect.
        """
        if channel not in MPE_MASTERS or not 0 <= members <= MOST_MEMBERS:
            return self
        rest = max(MOST_TOGETHER - members, 0) if members else MOST_MEMBERS
        if channel == LOWER:
            return Zones(members, min(self.upper, rest))
        return Zones(min(self.lower, rest), members)

    def master_of(self, channel: int) -> int | None:
        """The master of the zone that this channel is a member of; None for a master itself and for a plain channel.

        >>> [Zones(lower=2).master_of(channel) for channel in (1, 2, 3, 4)]
        [None, 1, 1, None]
        """
        if LOWER < channel <= LOWER + self.lower:
            return LOWER
        if UPPER - self.upper <= channel < UPPER:
            return UPPER
        return None


NO_ZONES = Zones()
WHOLE_LOWER_ZONE = Zones(lower=MOST_MEMBERS)
"""The factory setting of most controllers with one zone."""
