"""The error messages of mistakes in mapping.toml, in scenes.toml and over OSC, each made by the real code."""

import re
import time
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path

from pythonosc.osc_bundle_builder import OscBundleBuilder
from pythonosc.osc_message_builder import OscMessageBuilder

from drawstop.errors import DrawstopError
from drawstop.instrument_description import StopDescription
from realtime.controllers.mapping.file import find_mapping, parse_mapping, read_mapping
from realtime.controllers.mapping.toml_document import parse_toml
from realtime.controllers.osc.clients import Client, ErrorCounters
from realtime.controllers.osc.feedback import Feedback, Outgoing
from realtime.controllers.osc.packets import read_packet
from realtime.controllers.osc.router import HORIZON_S, MAX_WAITING, Router
from realtime.controllers.parameters import NoEngine, ParameterStore
from realtime.controllers.scenes.file import scene_set
from realtime.controllers.scenes.scene import Scene
from realtime.controllers.scenes.scene_list import MOST_SCENES
from realtime.controllers.scenes.scenes import Scenes
from realtime.engine.parameters import PARAMETERS
from realtime.inputs.live_commands import LiveCommands

KNOB = '[[knob]]\nsource = "cc 20"\nstop = "guitar"\n'
BUTTON = '[[button]]\nsource = "note 40"\n'
SCENE = '[[scene]]\nname = "Verse"\nvalues = { guitar = 0.5 }\n'
IN_MAPPING = (
    "take_over = 'jump'\n", "smoothing = true\n", "curve = exponential\n", "programs = 3\n", "mpe = 'lower'\n",
    "[mpe]\nlower = 16\n",    "[mpe]\nlower = 8\nupper = 7\n", '[combine]\nvoice = "mean"\n', '[knob]\nsource = "cc 20"\n',
    '[[knob]]\nstop = "guitar"\n', KNOB.replace("cc 20", "knob 20"), KNOB.replace("cc 20", "cc"),
    KNOB.replace("cc 20", "cc 120"), KNOB.replace("cc 20", "bend 3"), KNOB + "channel = 17\n",
    KNOB + 'mode = "endless"\n', KNOB + 'mode = "velocity"\n', KNOB.replace("cc 20", "note 36") + 'mode = "relative"\n',
    KNOB + 'encoding = "signed"\n', KNOB + 'order = "lsb"\n', KNOB + "step = 2\n", KNOB + "smoothing = 11\n",
    KNOB + 'takeover = "grab"\n', KNOB + "range = [0.5]\n", KNOB + "range = [0.5, 0.5]\n", KNOB + "dead_zone = 1\n",
    KNOB + 'curve = "wavy"\n', KNOB + "curve = { steps = 'many' }\n", KNOB + "curve = { steps = 1 }\n",
    KNOB + "curve = { table = [[0, 0], [0.9, 1]] }\n", KNOB + "curve = { table = [[0, 0], [0, 0.5], [1, 1]] }\n",
    KNOB + "curve = { table = [[0, 0], [0.5, 0.5], [1, 0.2]] }\n", KNOB + 'notes = "max"\n',
    KNOB.replace("cc 20", "mpe bend") + 'notes = "mean"\n', KNOB.replace("cc 20", "mpe bend") + "channel = 5\n",
    KNOB + 'mode = "toggle"\ntrigger = "up"\n', KNOB + 'trigger = "any"\n',
    KNOB.replace("cc 20", "mpe bend") + "semitones = 97\n", KNOB + "semitones = 2\n", BUTTON + 'does = "sing"\n',
    BUTTON + 'does = "scene"\n', BUTTON + 'does = "undo"\nname = "verse"\n', BUTTON + 'does = "undo"\nbeats = 4\n',
    BUTTON + 'does = "scene"\nname = "verse"\nseconds = 1\nbeats = 4\n',
)  # fmt: skip
IN_SCENES = (
    "pads = []\n", "scene = 3\n", 'pad = ["verse"]\n' + SCENE, "pad = 4\n", 'pad = ["a", "b", "c", "d"]\n' + SCENE,
    '[[scene]]\nvalues = { guitar = 0.5 }\n', SCENE.replace("Verse", "--"), '[[scene]]\nname = "Verse"\n',
    SCENE.replace("0.5", "nan"), SCENE.replace("0.5", "0,5"), SCENE + "seconds = -2\n", SCENE + "beats = 5000\n",
    SCENE + "seconds = 1\nbeats = 4\n", SCENE + "\n" + SCENE, SCENE.replace("values", "value"),
    "[[scene]]\n" * (MOST_SCENES + 1),
)  # fmt: skip
IN_OSC: tuple[tuple[object, ...], ...] = (
    ("/stop/oboe", "f", 1), ("/stop/[x-z]*", "f", 1), ("/stop/guitar",), ("/stop/guitar", "s", "loud"),
    ("/stop/guitar", "f", float("nan")), ("/stop/guitar/ramp", "ff", 1, -2), ("/scene/coda",),
    ("/scene/verse", "f", 4000), ("/scene/verse/beats", "f", 5000), ("/morph/verse/chorus", "f", float("inf")),
    ("/morph", "fsf", 1, "verse", 0.5), ("/pad", "f", 0.5), ("/pad", "ff", 0.5, 0.5), ("/store", "f", 1.0),
    ("/rename", "ss", "verse", "Chorus"),
    ("/subscribe", "i", 99999),
)  # fmt: skip
OSC_INTRODUCTION = """\
For stops guitar and voice, scenes verse and chorus and no corners of a pad; the text is the first argument of `/error`.

"""


def mistakes() -> str:
    """The four tables in Markdown."""
    mapping = [(text, _refused(partial(parse_mapping, text, Path("organ.toml")))) for text in IN_MAPPING]
    scenes = [(text, _refused(partial(_read_scenes, text))) for text in IN_SCENES]
    files = [
        ("--mapping shows/organ.toml", _refused(partial(read_mapping, Path("shows/organ.toml")))),
        ("--mapping organ", _refused(partial(find_mapping, "organ"))),
    ]
    messages = [*((_words(each), _answer(each)) for each in IN_OSC), *_late(), *_without_scenes()]
    tables = {"In mapping.toml": mapping, "In scenes.toml": scenes, "Of files": files, "Over OSC": messages}
    return "\n\n".join(
        f"### {title}\n\n{OSC_INTRODUCTION if rows is messages else ''}{_table(rows)}"
        for title, rows in tables.items()
    )


def _read_scenes(text: str) -> object:
    return scene_set(*parse_toml(text, Path("scenes.toml")))


def _refused(read: Callable[[], object]) -> str:
    """The message of the error that reading raises."""
    try:
        read()
    except DrawstopError as error:
        return str(error)
    raise AssertionError("nothing was wrong")


class _RouterSetup:
    """A router as a performance has it, and its answers."""

    def __init__(self, *, scenes: bool = True) -> None:
        parameters = ParameterStore(
            NoEngine(), [*(StopDescription(slug, slug, slug) for slug in ("guitar", "voice")), *PARAMETERS]
        )
        self.sent = list[Outgoing]()
        known = Scenes(parameters, [Scene("Verse", {"guitar": 0.5}), Scene("Chorus", {"guitar": -0.5})])
        commands = LiveCommands(parameters, known) if scenes else None
        self.router = Router(
            parameters, Feedback(parameters, lambda: None), ErrorCounters(), self.sent.append, commands
        )

    def error(self, packet: bytes) -> str:
        """The text of the /error that answers a packet."""
        self.router.receive(Client("udp", "127.0.0.1", 9001), packet)
        self.router.flush()
        answer = read_packet(self.sent[-1].packet)[0]
        assert answer.address == "/error"
        return str(answer.arguments[0])


def _message(words: tuple[object, ...]) -> OscMessageBuilder:
    builder = OscMessageBuilder(str(words[0]))
    for kind, value in zip(str(words[1]) if len(words) > 1 else "", words[2:], strict=True):
        builder.add_arg(value, kind)  # type: ignore[arg-type]
    return builder


def _answer(words: tuple[object, ...]) -> str:
    return _RouterSetup().error(_message(words).build().dgram)


def _late() -> list[tuple[str, str]]:
    """The errors of time tags that are too far ahead, and of too many."""
    far, many = (
        OscBundleBuilder(int(time.time() + 1000 * HORIZON_S)),
        OscBundleBuilder(int(time.time() + HORIZON_S / 2)),
    )
    far.add_content(_message(("/undo",)).build())
    for _ in range(MAX_WAITING + 1):
        many.add_content(_message(("/undo",)).build())
    error = re.sub(r"got [\d.]+", "got …", _RouterSetup().error(far.build().dgram))
    return [
        ("/undo, in a bundle for a time far ahead", error),
        (f"/undo, {MAX_WAITING + 1} times in a bundle", _RouterSetup().error(many.build().dgram)),
    ]


def _without_scenes() -> list[tuple[str, str]]:
    return [
        (
            "/undo, without scenes and commands",
            _RouterSetup(scenes=False).error(_message(("/undo",)).build().dgram),
        )
    ]


def _words(words: tuple[object, ...]) -> str:
    return " ".join(map(str, words))


def _table(mistakes: Iterable[tuple[str, str]]) -> str:
    lines = ["| written | error |", "|---|---|"]
    for written, error in mistakes:
        rows = written.strip().split("\n")
        shown = rows if len(rows) < 8 else [*rows[:2], f"… ({len(rows)} of them)"]
        lines.append(f"| {'<br>'.join(f'`{row}`' for row in shown if row)} | `{error}` |")
    return "\n".join(lines)
