"""Bank Select: the numbers of programs beyond 127."""

from realtime.controllers.midi.source import MOST_PROGRAMS

BANK_MSB, BANK_LSB = 0, 32
PROGRAMS_IN_BANK = 128


class Banks:
    """The bank that each channel has chosen."""

    def __init__(self) -> None:
        self._halves: dict[tuple[int, int], int] = {}

    def receive(self, channel: int, controller: int, data: int) -> None:
        """Receive a control change; only the two of Bank Select count."""
        if controller in (BANK_MSB, BANK_LSB):
            self._halves[channel, controller] = data

    def number(self, channel: int, program: int) -> int:
        """The number of a program with its bank, from 0.

        Some boxes send the bank as CC 0, some as CC 32, some as both halves of 14 bits. Banks beyond the eighth are those
        of synthesizers' sounds; of these the program counts alone.
        """
        coarse, fine = (self._halves.get((channel, half), 0) for half in (BANK_MSB, BANK_LSB))
        number = (coarse << 7 | fine if coarse and fine else coarse or fine) * PROGRAMS_IN_BANK + program
        return number if number < MOST_PROGRAMS else program
