"""`mapping.toml`: what can be written in it, what is said of a mistake, and that our writing keeps a person's own."""

from pathlib import Path

import pytest

from drawstop.errors import DrawstopError
from realtime.controllers.mapping.add_knob import add_knob
from realtime.controllers.mapping.example import EXAMPLE
from realtime.controllers.mapping.file import box_names, find_mapping, parse_mapping, read_mapping
from realtime.controllers.mapping.mapping import Knob, Mapping, for_stops
from realtime.controllers.midi.mpe_zones import Zones
from realtime.controllers.midi.source import parse_source

PATH = Path("m.toml")


def test_the_example_says_what_it_means() -> None:
    mapping = parse_mapping(EXAMPLE, PATH)
    assert [str(knob.source) for knob in mapping.knobs] == [
        "cc 20", "cc14 1", "cc 30", "note 36", "cc 20", "mpe pressure", "mpe bend",
    ]  # fmt: skip
    voice = mapping.knobs[1]
    assert (voice.source.device, voice.source.channel, voice.low, voice.high) == ("nanoKONTROL", 2, 1.0, -1.0)
    assert (voice.takeover, mapping.knobs[0].takeover, voice.dead_zone) == ("scale", "pickup", 0.1)
    assert mapping.knobs[2].mode == "relative"
    assert mapping.knobs[4].shift == "alt"
    assert mapping.buttons[0].name == "alt"
    assert (mapping.buttons[2].name, mapping.buttons[2].seconds, mapping.buttons[2].beats) == (
        "verse",
        None,
        4.0,
    )
    assert [(str(source), source.notes) for source in mapping.mpe_sources] == [
        ("mpe pressure", "max"),
        ("mpe bend", "last"),
    ]
    assert (mapping.knobs[6].semitones, mapping.mpe) == (2.0, Zones(lower=15))
    assert mapping.combine == {"voice": "sum"}
    assert mapping.pairs == {voice.source: "msb-first"}


def test_an_empty_file_maps_nothing() -> None:
    assert parse_mapping("", PATH) == Mapping()


KNOB = '[[knob]]\nsource = "cc 20"\nstop = "guitar"\n'
MISTAKES = {
    "curve = exponential\n": (1, "put a text in quotes"),
    "take_over = 'jump'\n": (1, "there is no 'take_over' here; known are: takeover"),
    "takeover = 1\n": (1, "takeover takes a text, got 1"),
    "smoothing = true\n": (1, "smoothing takes a number, got True"),
    KNOB + 'curve = "wavy"\n': (1, "a curve is one of linear"),
    KNOB + "curve = { steps = 'many' }\n": (4, "a curve is"),
    KNOB + "range = [0.5]\n": (4, "a range is [lowest, highest], got [0.5]"),
    KNOB + "range = [0.5, 0.5]\n": (1, "two different ends, got 0.5 and 0.5"),
    KNOB + "dead_zone = 1\n": (1, "a dead zone is a share of the way, 0 to below 1; got 1"),
    KNOB + "chanel = 3\n": (4, "there is no 'chanel' here"),
    KNOB + "channel = 17\n": (1, "in 1..16, got 17"),
    KNOB + 'takeover = "grab"\n': (1, "takeover is one of jump, pickup, scale, relative; got 'grab'"),
    KNOB + KNOB.replace("cc 20", "cc 200"): (4, "in 0..119, got 200"),
    '[[knob]]\nsource = "cc 20"\n': (1, "stop is missing"),
    '[[knob]]\nstop = "guitar"\n': (1, "source is missing"),
    '[knob]\nsource = "cc 20"\n': (1, "write [[knob]]"),
    '[[button]]\nsource = "note 1"\ndoes = "scene"\n': (1, "needs a name"),
    '[[button]]\nsource = "note 1"\ndoes = "sing"\n': (1, "does is one of"),
    KNOB + 'notes = "max"\n': (1, "'cc 20' is never of several notes"),
    KNOB + "semitones = 2\n": (1, "only a bend goes by semitones; 'cc 20' is none"),
    KNOB.replace("cc 20", "mpe bend") + "semitones = 97\n": (1, "above 0 to 96 semitones each way, got 97"),
    KNOB.replace("cc 20", "mpe timbre") + 'notes = "mean"\n': (
        1,
        "notes is one of last, max, sum; got 'mean'",
    ),
    KNOB.replace("cc 20", "mpe timbre") + "channel = 5\n": (1, "1 (lower) or 16 (upper), got 5"),
    KNOB.replace("cc 20", "mpe tilt"): (1, "a MIDI source is written as"),
    "[mpe]\nlower = 8\nupper = 7\n": (1, "at most 14 members together, got lower = 8 and upper = 7"),
    "[mpe]\nlower = 16\n": (1, "0 to 15 members, got lower = 16"),
    "[mpe]\nzone = 1\n": (2, "there is no 'zone' here; known are: lower, upper"),
    "mpe = 'lower'\n": (1, "write [mpe] above it"),
    '[[button]]\nsource = "note 1"\ndoes = "undo"\nbeats = 4\n': (1, "only a button that does 'scene' takes"),
    '[[button]]\nsource = "note 1"\ndoes = "scene"\nname = "a"\nbeats = 4\nseconds = 1\n': (
        1,
        "give one of the two",
    ),
    '[combine]\nvoice = "mean"\n': (2, "combine takes last or sum, got 'mean'"),
}


@pytest.mark.parametrize("text", MISTAKES)
def test_a_mistake_is_one_line_with_its_number_and_a_cure(text: str) -> None:
    line, says = MISTAKES[text]
    with pytest.raises(DrawstopError) as raised:
        parse_mapping(text, PATH)
    message = str(raised.value)
    assert message.startswith(f"m.toml, line {line}: "), message
    assert says in message
    assert "\n" not in message


def test_a_learned_knob_comes_behind_the_others_and_comments_stay(tmp_path: Path) -> None:
    path = tmp_path / "m.toml"
    path.write_text(EXAMPLE, encoding="utf-8")
    knob = Knob(parse_source("cc14 2", 3, "nano"), "guitar", order="lsb-first")
    add_knob(path, knob)
    text = path.read_text(encoding="utf-8")
    for line in EXAMPLE.splitlines():
        assert line in text
    assert read_mapping(path).knobs[-1] == knob
    add_knob(path, Knob(knob.source, "guitar", low=0.0, high=1.0))
    again = read_mapping(path).knobs
    assert len(again) == 8
    assert (again[-1].low, again[-1].high, again[-1].order) == (0.0, 1.0, "msb-first")


def test_an_mpe_knob_is_written_as_it_is(tmp_path: Path) -> None:
    source = parse_source("mpe bend", 16, "seaboard", "sum")
    knob = Knob(source, "guitar", semitones=12.0, dead_zone=0.25, step=0.5, takeover="scale", page="two")
    add_knob(tmp_path / "m.toml", knob)
    assert read_mapping(tmp_path / "m.toml").knobs == (knob,)


def test_a_new_file_is_made_and_a_broken_one_stays_as_it_is(tmp_path: Path) -> None:
    knob = Knob(parse_source("cc 1"), "guitar", "relative", encoding="sign-bit")
    add_knob(tmp_path / "new.toml", knob)
    assert read_mapping(tmp_path / "new.toml").knobs == (knob,)
    broken = tmp_path / "broken.toml"
    broken.write_text("knob = 3\n")
    with pytest.raises(DrawstopError, match="line 1"):
        add_knob(broken, knob)
    assert broken.read_text() == "knob = 3\n"


def test_controllers_as_they_come_have_a_mapping_for_any_stops() -> None:
    assert box_names() == ["launch-control-xl", "nanokontrol2", "x-touch-mini"]
    for name in box_names():
        mapping = for_stops(read_mapping(find_mapping(name)), ["guitar", "voice"])
        assert [knob.stop for knob in mapping.knobs if knob.mode == "absolute"] == [
            "guitar",
            "voice",
            "engine.wet",
        ]
        pressed = [(str(button.source), button.shift) for button in mapping.buttons]
        sources = [(str(knob.source), knob.shift) for knob in mapping.knobs] + pressed
        assert len(set(sources)) == len(sources)
        assert {button.does for button in mapping.buttons} >= {"scene", "store", "undo", "panic", "shift"}


def test_a_mapping_is_a_file_or_a_controllers_name(tmp_path: Path) -> None:
    with pytest.raises(DrawstopError, match=r"no mapping at organ; .* x-touch-mini"):
        find_mapping("organ")
    (tmp_path / "m.toml").write_text("")
    assert find_mapping(str(tmp_path / "m.toml")) == tmp_path / "m.toml"
