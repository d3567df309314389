"""Which MIDI channels belong to the zones of an MPE controller (MIDI Polyphonic Expression 1.0, MMA M1-100-UM).

A zone is a master channel, for what is common to its notes, and member channels, each for one note: the lower zone's
master is channel 1 and its members go up from 2; the upper zone's is 16 and they go down from 15.
"""

from dataclasses import dataclass

from drawstop.errors import DrawstopError
from realtime.controllers.midi.source import MPE_MASTERS

LOWER, UPPER = MPE_MASTERS
MOST_MEMBERS = 15
MOST_TOGETHER = 14
"""Members of two zones: 16 channels without the two masters."""


@dataclass(frozen=True)
class Zones:
    """The zones of one controller.

    Args:
        lower: member channels of the lower zone: 2 and up; 0: there is none.
        upper: member channels of the upper zone: 15 and down; 0: there is none.

    Raises:
        DrawstopError: more channels than there are.
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
        """What an MPE Configuration Message makes of them: of channels that both zones want, the newer one has them.

        Args:
            channel: 1 to 16, on which it came; on any but a master channel it means nothing.
            members: 0 ends the zone; more than 15 mean nothing.
        """
        if channel not in MPE_MASTERS or not 0 <= members <= MOST_MEMBERS:
            return self
        rest = max(MOST_TOGETHER - members, 0) if members else MOST_MEMBERS
        if channel == LOWER:
            return Zones(members, min(self.upper, rest))
        return Zones(min(self.lower, rest), members)

    def master_of(self, channel: int) -> int | None:
        """The master of the zone that this channel is a member of; None where it's none, as a master itself.

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
"""What most controllers of one zone come with."""
