"""What the panel shows beside values, meters and levels, as OSC addresses with their arguments."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

Arguments = tuple[str | float, ...]


@dataclass(frozen=True)
class PerformanceStatus:
    """The state of a performance at one moment. Each field but `spectra` is the address `/status/<field>`.

    Args:
        playing: the name of the instrument that plays, and its name among those on the command line.
        instruments: the names of those on the command line, as `/instrument/<name>` takes them.
        state: what is wrong or under way, for people; empty if nothing is.
        delay_ms: from input to output.
        load: the share of its duration that a block takes to play.
        lost_blocks: blocks that came too late since the beginning.
        recording: the session's folder; empty if nothing is recorded.
        recorded_s: how long it is by now.
        moved: what moved last, and what moved it.
        learning: the stop that waits for a controller; empty if none does.
        learned: what was learned last, for people.
        pad: the scenes of the pad's corners, if they are named.
        scene: the scene that was recalled last; empty if none was.
        codes_used: browsers of other machines that were let in; None: the panel isn't open to them.
        note: the newest line for the user.
        spectra: levels of bands in dBFS by name: `/spectrum/<name>`.
    """

    playing: Sequence[str] = ("", "")
    instruments: Sequence[str] = ()
    state: str = ""
    delay_ms: float = 0.0
    load: float = 0.0
    lost_blocks: float = 0.0
    recording: str = ""
    recorded_s: float = 0.0
    moved: Sequence[str] = ("", "")
    learning: str = ""
    learned: str = ""
    pad: Sequence[str] = ()
    scene: str = ""
    codes_used: int | None = None
    note: str = ""
    spectra: Mapping[str, Arguments] = field(default_factory=dict)

    def messages(self) -> dict[str, Arguments]:
        """The arguments by address; an address without arguments is left out."""
        arguments: dict[str, Arguments] = {
            "/status/playing": tuple(self.playing),
            "/status/instruments": tuple(self.instruments),
            "/status/state": (self.state,),
            "/status/delay_ms": (round(self.delay_ms, 1),),
            "/status/load": (round(self.load, 2),),
            "/status/lost_blocks": (float(self.lost_blocks),),
            "/status/recording": (self.recording,),
            "/status/recorded_s": (float(int(self.recorded_s)),),
            "/status/moved": tuple(self.moved),
            "/status/learning": (self.learning,),
            "/status/learned": (self.learned,),
            "/status/pad": tuple(self.pad),
            "/status/scene": (self.scene,),
            "/status/codes_used": () if self.codes_used is None else (float(self.codes_used),),
            "/status/note": (self.note,),
        }
        arguments |= {f"/spectrum/{name}": levels for name, levels in self.spectra.items()}
        return {address: values for address, values in arguments.items() if values}
