"""The SuperCollider file in real sclang, with real scsynth under JACK; nn.ar itself is a stub."""

import re
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

from bench.live.jack import JackServer
from export.patches.content import OSC_PORT, PatchContent
from export.patches.supercollider import sc_name, supercollider_file
from tests.helpers.patch_descriptions import description
from tests.helpers.programs import sc_host
from tests.helpers.repository import REPOSITORY

pytestmark = pytest.mark.live

MODEL = "organ.ts"
PAGE = REPOSITORY / "docs" / "hosts" / "supercollider.md"
PLAYED = r"""
var organ, received, second, marks = 0;
var send = { |name ... values| NetAddr("127.0.0.1", organ[\port]).sendMsg("/stop/" ++ name, *values) };
// Posts the value that the model receives, once it is the expected one; another value after ten seconds.
var expect = { |label, expected|
	var value, tries = 0;
	while { (value != expected) and: { tries < 200 } } {
		s.sync;
		received.get { |got| value = got.round(0.001) };
		s.sync;
		tries = tries + 1;
		if(value != expected) { 0.05.wait };
	};
	"received % %".format(label, value).postln;
};
// The stop's value after a message: one to the other stop follows it, and is waited for.
var after = { |label ... message|
	send.(*message);
	marks = marks + 1;
	send.(\voice, marks / 64);
	while { organ[\values][\voice] != (marks / 64) } { 0.01.wait };
	"after % %".format(label, organ[\values][\guitar]).postln;
};
"ORGAN".load;
fork {
	organ = ~organ;
	while { organ[\synth].isNil } { 0.05.wait };
	received = Bus.control(s, 1);
	{ Out.kr(received, A2K.kr(In.ar(0))) }.play(s, addAction: \addToTail);
	expect.("at-first", 0.0);
	organ[\set].(\guitar, -0.5); expect.("set", -0.5);
	organ[\synth].set(\guitar, 0.75); expect.("synth", 0.75);
	after.("one-number", \guitar, 0.25); expect.("one-number", 0.25);
	after.("no-number", \guitar);
	after.("two-numbers", \guitar, 0.5, 0.875);
	after.("a-word", \guitar, \loud);
	after.("another-stop", \nobody, -1);
	organ[\set].(\guitar, 0 / 0); after.("not-a-number", \nobody);
	after.("beyond", \guitar, 7); expect.("beyond", 1.0);
	organ[\modulate].(\guitar, { DC.kr(-0.375) }); expect.("modulated", -0.375);
	organ[\modulate].(\guitar); expect.("let-go", 1.0);
	MIDIIn.doControlAction(0, 0, 20, 0); expect.("midi-0", -1.0);
	MIDIIn.doControlAction(0, 0, 20, 64); expect.("midi-64", 0.0);
	MIDIIn.doControlAction(0, 0, 20, 127); expect.("midi-127", 1.0);
	{ organ[\sliders][\guitar][0].valueAction_(0.25) }.defer; expect.("slider", -0.5);
	organ[\set].(\guitar, 1);
	while { organ[\followed].isNil } {
		{ if(organ[\sliders][\guitar][0].value == 1) { organ[\followed] = true } }.defer; 0.02.wait
	};
	"SECOND".load;
	second = ~second;
	while { second[\synth].isNil } { 0.05.wait };
	"ports % apart".format(second[\port] - organ[\port]).postln;
	CmdPeriod.run; s.sync;
	"left % % %".format(organ[\synth], second[\synth], Library.at(\drawstop).size).postln;
	s.quit; 0.2.wait; 0.exit;
};
"""
RECEIVED = {
    "at-first": 0.0, "set": -0.5, "synth": 0.75, "one-number": 0.25, "beyond": 1.0, "modulated": -0.375, "let-go": 1.0,
    "midi-0": -1.0, "midi-64": 0.0, "midi-127": 1.0, "slider": -0.5,
}  # fmt: skip
"""The guitar's signal, as the model gets it, after each step."""
HELD = {
    "one-number": 0.25, "no-number": 0.25, "two-numbers": 0.25, "a-word": 0.25, "another-stop": 0.25, "not-a-number": 0.25,
    "beyond": 1.0,
}  # fmt: skip
"""The guitar's value after each message."""


@pytest.fixture(autouse=True)
def _supercollider(needs_program: Callable[[str], None]) -> None:
    for program in ("sclang", "scsynth", "jackd"):
        needs_program(program)


def written(folder: Path, content: PatchContent) -> Path:
    path = folder / f"{content.name}.scd"
    path.write_text(supercollider_file(content, content.file))
    return path


def values(posted: list[str], kind: str) -> dict[str, float]:
    """The labels and numbers of the lines that begin with `kind`."""
    lines = [line.split() for line in posted if line.startswith(f"{kind} ")]
    return {label: float(number) for _, label, number in lines}


@pytest.mark.slow
def test_every_way_to_move_a_stop_reaches_the_model_and_nothing_else_does(tmp_path: Path) -> None:
    organ = written(tmp_path, PatchContent(description(stops=2), MODEL))
    second = written(tmp_path, PatchContent(description(stops=2), "second.ts"))
    script = PLAYED.replace("ORGAN", str(organ)).replace("SECOND", str(second))
    with JackServer(44100, 256) as server:
        posted = sc_host.run(script, tmp_path, server.environment)
    assert "stub load organ organ.ts" in posted
    assert "stub play inputs 3 buffer 2048 attributes ramp bypass noise" in posted
    assert values(posted, "received") == RECEIVED
    assert values(posted, "after") == HELD
    assert "ports 1 apart" in posted
    assert "left nil nil 0" in posted


def test_every_file_and_the_pages_code_compile_and_a_broken_file_does_not(tmp_path: Path) -> None:
    shapes = {"one.ts": (1, 1), "many.ts": (2, 16), "broken.ts": (1, 2)}
    paths = [written(tmp_path, PatchContent(description(*shape), name)) for name, shape in shapes.items()]
    paths[-1].write_text(paths[-1].read_text().replace("s.waitForBoot {", "s.waitForBoot {{", 1))
    blocks = re.findall(r"```supercollider\n(.*?)```", PAGE.read_text(), re.DOTALL)
    for number, block in enumerate(blocks):
        paths.append(tmp_path / f"page_{number}.scd")
        paths[-1].write_text(textwrap.dedent(block))
    assert len(blocks) == 2
    assert sc_host.compiles(paths, tmp_path) == [True, True, False, True, True]


def test_a_name_becomes_one_that_supercollider_takes() -> None:
    text = supercollider_file(PatchContent(description(), "My-organ.ts"), "misc/My-organ.ts")
    assert "var name = \\my_organ;" in text and '"misc/My-organ.ts".resolveRelative' in text
    assert f"port = {OSC_PORT};" in text and "\t[\\guitar, -1, 1, 20]," in text
    assert sc_name("9_lives") == "i9_lives"
