"""Four hands at one stop, and all that show it: do they stay in step, and does anything go round in circles?

A motor fader, an OSC client over UDP, one over TCP, and a scene move the stop in turn. *In step* is a movement when
every other hand that shows the stop has been told where it stands; counted from the moment at which the hand sent it
(a scene: from the recall).
"""

import tempfile
import time
from collections import Counter
from pathlib import Path

import mido
import numpy as np

from bench.controllers.figures import Figures, spread
from bench.controllers.instrument import make_gain
from bench.controllers.playing import Playing
from bench.controllers.simulated_controllers import Hand, Heard, message, midi_box, osc_client, told
from bench.live.jack import JackServer
from bench.live.preparation import free_port
from realtime.inputs.live_controllers import ControllerOptions
from realtime.inputs.osc import OscOptions
from realtime.live.supervisor import LiveRequest

BLOCK = 512
MAPPING = 'feedback = true\n[[knob]]\nsource = "bend"\ndevice = "fader"\nstop = "one"\ntakeover = "jump"\n'
MOST_MS = 20.0
REST_S = 0.15
"""From one movement to the next: what follows a movement, a crossing's outcome too, has come by then."""
HANDS = ("motor fader", "OSC client, UDP", "OSC client, TCP", "scene")
NEAR = 1 / 4096
"""The fader's 14 bits are finer than this; two movements are farther apart."""
SCENES = ("low", "high")
MOST_MESSAGES = 1
"""To each of the others for one movement, and none to the hand that moved."""
MOST_ECHOED = 2
"""With a fader that sends back what it was told, rounded to its 14 bits: that is one more movement, and whoever sent
something meanwhile is told the outcome once more.
"""


class Ensemble:
    """The hands by name, and where the stop is sent next."""

    def __init__(self, playing: Playing, fader: Hand, udp: Hand, tcp: Hand) -> None:
        self._playing = playing
        self.showing = {HANDS[0]: fader, HANDS[1]: udp, HANDS[2]: tcp}
        self._random = np.random.default_rng(0)
        self._value = 0.0

    def store_scenes(self) -> None:
        """Two scenes with the stop at either side."""
        for name, value in zip(SCENES, (-0.75, 0.75), strict=True):
            self._playing.bridge.parameters.move({"one": value}, "bench")
            self._playing.bridge.commands.store(name)

    def move(self, hand: str, turn: int) -> tuple[float, float]:
        """Let a hand move the stop somewhere else; when, and where to."""
        if hand == "scene":
            start = time.monotonic()
            self._playing.bridge.commands.scene(SCENES[turn % 2])
            self._value = (-0.75, 0.75)[turn % 2]
            return start, self._value
        goal = float(self._random.uniform(0.05, 0.6))
        self._value = goal if self._value < 0 else -goal
        if hand == "motor fader":
            pitch = round(self._value * 8191)
            start = self.showing[hand].send(bytes(mido.Message("pitchwheel", pitch=pitch).bin()))
        else:
            start = self.showing[hand].send(message("/stop/one", self._value))
        return start, self._value

    def heard(self) -> dict[str, list[tuple[float, float]]]:
        """What each hand was told of the stop: moments and values."""
        found = {}
        for name, hand in self.showing.items():
            heard = hand.heard()
            found[name] = _positions(heard) if name == "motor fader" else told(heard, "/stop/one")
        return found


def _positions(heard: list[Heard]) -> list[tuple[float, float]]:
    read = [(moment, mido.Message.from_bytes(content)) for moment, content in heard]
    return [(moment, each.pitch / 8191) for moment, each in read if each.type == "pitchwheel"]


def measure(movements: int, echoes: bool) -> Figures:
    """So many movements of each hand; `echoes`: the fader sends back whatever it is told."""
    with tempfile.TemporaryDirectory() as name, JackServer().use_here():
        folder = Path(name)
        (folder / "m.toml").write_text(MAPPING)
        instrument, port = make_gain(folder), free_port()
        control = ControllerOptions(mapping=folder / "m.toml", osc=OscOptions(port))
        with (
            midi_box("fader", listens=True, echoes=echoes) as fader,
            osc_client("udp", port) as udp,
            Playing(LiveRequest(instrument, block=BLOCK), control) as playing,
            osc_client("tcp", port) as tcp,
        ):
            playing.tells("MIDI fader:out is here")
            ensemble = Ensemble(playing, fader, udp, tcp)
            for client in (udp, tcp):
                client.send(message("/subscribe"))
            ensemble.store_scenes()
            playing.wait_for(lambda: any(ensemble.heard().values()), "the first values")
            time.sleep(1.0)
            ensemble.heard()
            return _figures(ensemble, playing, movements, echoes)


def _figures(ensemble: Ensemble, playing: Playing, movements: int, echoes: bool) -> Figures:
    title = "In step: from a hand's movement to all others' being told" + (
        ", a fader that echoes" if echoes else ""
    )
    figures = Figures(title, ("moved by", "movements", "told: p50 ms", "p99", "max", "most messages to one"))
    most = MOST_ECHOED if echoes else MOST_MESSAGES
    everyone: list[float] = []
    for hand in HANDS:
        late: list[float] = []
        counts: Counter[int] = Counter()
        untold = own = most_own = 0
        for turn in range(movements):
            start, value = ensemble.move(hand, turn)
            time.sleep(REST_S)
            for name, messages in ensemble.heard().items():
                if name == hand:
                    own, most_own = own + len(messages), max(most_own, len(messages))
                    continue
                counts[len(messages)] += 1
                arrived = [moment for moment, each in messages if abs(each - value) < NEAR]
                late += [1000.0 * (arrived[0] - start)] if arrived else []
                untold += not arrived
        figures.row(hand, movements, *spread(late)[1:], max(counts))
        figures.details[hand] = {"messages": dict(counts), "to_the_mover": own}
        figures.limit(f"{hand}: others that weren't told", untold, 0)
        figures.limit(f"{hand}: messages to one other hand after a movement", max(counts), most)
        figures.limit(
            f"{hand}: messages to the hand itself after a movement", most_own, MOST_ECHOED if echoes else 0
        )
        everyone += late
    figures.row("all", 4 * movements, *spread(everyone)[1:], "")
    figures.limit("told, p99, ms", spread(everyone)[2], MOST_MS)
    figures.limit("lost blocks", playing.report.lost_blocks, 0)
    return figures
