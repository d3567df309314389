"""Four controllers of one stop: do they stay in step, and is there a feedback loop?

A motor fader, an OSC client over UDP, one over TCP, and a scene move the stop in turn. A movement is *in step* when
every other controller has received the stop's value; the time counts from the moment at which the controller sent it (a
scene: from the recall).
"""

import tempfile
import time
from collections import Counter
from pathlib import Path

import mido
import numpy as np

from bench.controllers.instrument import make_gain
from bench.controllers.playing import Playing
from bench.controllers.results import Results, spread
from bench.controllers.simulated_controllers import (
    Received,
    SimulatedController,
    message,
    midi_box,
    numbers_of,
    osc_client,
)
from bench.live.jack import JackServer
from bench.live.preparation import free_port
from realtime.inputs.live_controllers import ControllerOptions
from realtime.inputs.osc import OscOptions
from realtime.live.supervisor import LiveRequest

BLOCK = 512
MAPPING = 'feedback = true\n[[knob]]\nsource = "bend"\ndevice = "fader"\nstop = "one"\ntakeover = "jump"\n'
MOST_MS = 20.0
REST_S = 0.15
"""From one movement to the next: all messages that follow a movement have come by then."""
CONTROLLERS = ("motor fader", "OSC client, UDP", "OSC client, TCP", "scene")
NEAR = 1 / 4096
"""The fader's 14 bits are finer than this; two movements are farther apart."""
SCENES = ("low", "high")
MOST_MESSAGES = 1
"""The most messages to each other controller for one movement; the controller that moved gets none."""
MOST_ECHOED = 2
"""The same with a fader that sends back what it receives, rounded to its 14 bits: that is one more movement, and a
controller that sent something meanwhile is sent the outcome once more.
"""


class Ensemble:
    """The controllers by name, and the stop's next value."""

    def __init__(
        self, playing: Playing, fader: SimulatedController, udp: SimulatedController, tcp: SimulatedController
    ) -> None:
        self._playing = playing
        self.showing = {CONTROLLERS[0]: fader, CONTROLLERS[1]: udp, CONTROLLERS[2]: tcp}
        self._random = np.random.default_rng(0)
        self._value = 0.0

    def store_scenes(self) -> None:
        """Store two scenes with the stop on either side of 0."""
        for name, value in zip(SCENES, (-0.75, 0.75), strict=True):
            self._playing.live_controllers.parameters.move({"one": value}, "bench")
            self._playing.live_controllers.commands.store(name)

    def move(self, controller: str, turn: int) -> tuple[float, float]:
        """Let a controller move the stop to another value. Returns the moment and the value."""
        if controller == "scene":
            start = time.monotonic()
            self._playing.live_controllers.commands.scene(SCENES[turn % 2])
            self._value = (-0.75, 0.75)[turn % 2]
            return start, self._value
        goal = float(self._random.uniform(0.05, 0.6))
        self._value = goal if self._value < 0 else -goal
        if controller == "motor fader":
            pitch = round(self._value * 8191)
            start = self.showing[controller].send(bytes(mido.Message("pitchwheel", pitch=pitch).bin()))
        else:
            start = self.showing[controller].send(message("/stop/one", self._value))
        return start, self._value

    def received(self) -> dict[str, list[tuple[float, float]]]:
        """The values of the stop that each controller has received, with their moments."""
        values = {}
        for name, controller in self.showing.items():
            received = controller.received()
            is_fader = name == "motor fader"
            values[name] = _positions(received) if is_fader else numbers_of(received, "/stop/one")
        return values


def _positions(received: list[Received]) -> list[tuple[float, float]]:
    messages = [(moment, mido.Message.from_bytes(content)) for moment, content in received]
    return [(moment, each.pitch / 8191) for moment, each in messages if each.type == "pitchwheel"]


def measure(movements: int, echoes: bool) -> Results:
    """Measure movements of each controller; `echoes`: the fader sends back whatever it receives."""
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
            playing.wait_for_note("MIDI fader:out is here")
            ensemble = Ensemble(playing, fader, udp, tcp)
            for client in (udp, tcp):
                client.send(message("/subscribe"))
            ensemble.store_scenes()
            playing.wait_for(lambda: any(ensemble.received().values()), "the first values")
            time.sleep(1.0)
            ensemble.received()
            return _results(ensemble, playing, movements, echoes)


def _results(ensemble: Ensemble, playing: Playing, movements: int, echoes: bool) -> Results:
    title = "In step: from a controller's movement until all others have received it" + (
        ", a fader that echoes" if echoes else ""
    )
    results = Results(
        title, ("moved by", "movements", "received: p50 ms", "p99", "max", "most messages to one")
    )
    most = MOST_ECHOED if echoes else MOST_MESSAGES
    everyone: list[float] = []
    for controller in CONTROLLERS:
        late: list[float] = []
        counts: Counter[int] = Counter()
        not_notified = own = most_own = 0
        for turn in range(movements):
            start, value = ensemble.move(controller, turn)
            time.sleep(REST_S)
            for name, messages in ensemble.received().items():
                if name == controller:
                    own, most_own = own + len(messages), max(most_own, len(messages))
                    continue
                counts[len(messages)] += 1
                arrived = [moment for moment, each in messages if abs(each - value) < NEAR]
                late += [1000.0 * (arrived[0] - start)] if arrived else []
                not_notified += not arrived
        results.row(controller, movements, *spread(late)[1:], max(counts))
        results.details[controller] = {"messages": dict(counts), "to_the_mover": own}
        results.limit(f"{controller}: others that didn't receive it", not_notified, 0)
        results.limit(f"{controller}: messages to one other controller after a movement", max(counts), most)
        results.limit(
            f"{controller}: messages to the controller itself after a movement",
            most_own,
            MOST_ECHOED if echoes else 0,
        )
        everyone += late
    results.row("all", 4 * movements, *spread(everyone)[1:], "")
    results.limit("received, p99, ms", spread(everyone)[2], MOST_MS)
    results.limit("lost blocks", playing.report.lost_blocks, 0)
    return results
