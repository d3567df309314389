import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from drawstop.errors import DrawstopError
from drawstop.instrument_description import EXTRA_FILE, InstrumentDescription
from export.patches import demo_patches
from export.patches.content import PatchContent
from export.patches.pd.canvas import PdCanvas
from export.patches.write import MARKER, patch_files, write_package, write_patches
from tests.helpers.patch_descriptions import description
from tests.helpers.programs.command_line import Run, refused

HELP = ("forward", "play", "encode-decode", "steer", "listen")


def instrument(path: Path, described: InstrumentDescription | None = None) -> Path:
    """A TorchScript file that describes itself as an instrument; the patches need no more of it."""
    module = torch.jit.script(torch.nn.Identity())
    torch.jit.save(module, str(path), _extra_files={EXTRA_FILE: (described or description()).to_json()})
    return path


def contents(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


@pytest.mark.slow
def test_the_command_writes_every_patch_and_the_same_bytes_again(run: Run, tmp_path: Path) -> None:
    source, out = instrument(tmp_path / "organ.ts"), tmp_path / "patches"
    assert run("patches", source, "-o", out)[0] == 0
    expected = {"organ.pd", "organ.maxpat", "organ.amxd", "organ.scd", "README.md", MARKER}
    expected |= {f"help/organ-{method}.{kind}" for method in HELP for kind in ("pd", "maxpat")}
    first = contents(out)
    assert set(first) == expected
    assert run("patches", source, "-o", out)[0] == 0
    assert contents(out) == first


def test_the_instrument_may_lie_among_its_patches(tmp_path: Path) -> None:
    write_patches(description(), "organ.ts", tmp_path / "out")
    lying = instrument(tmp_path / "out" / "organ.ts")
    before = lying.read_bytes()
    write_patches(description(stops=3), "organ.ts", tmp_path / "out")
    assert lying.read_bytes() == before
    assert "stop_number_3" in (tmp_path / "out" / "organ.pd").read_text()


@pytest.mark.parametrize("theirs", ["notes.txt", "organ.pd", "help/mine.pd"])
def test_a_folder_with_anything_of_somebody_elses_is_left_alone(
    run: Run, theirs: str, tmp_path: Path
) -> None:
    source, out = instrument(tmp_path / "organ.ts"), tmp_path / "patches"
    write_patches(description(), "organ.ts", out)
    (out / theirs).write_text("my own work")
    before = contents(out)
    refused(run("patches", source, "-o", out), theirs)
    assert contents(out) == before


def test_a_folder_that_we_did_not_write_is_left_alone(run: Run, tmp_path: Path) -> None:
    source, out = instrument(tmp_path / "organ.ts"), tmp_path / "mine"
    out.mkdir()
    (out / "song.wav").write_bytes(b"RIFF")
    refused(run("patches", source, "-o", out), "aren't ours to replace")
    refused(run("patches", source, "-o", out, "--package"), "aren't ours to replace")
    assert contents(out) == {"song.wav": b"RIFF"}


@pytest.mark.slow
def test_a_damaged_marker_is_refused(run: Run, tmp_path: Path) -> None:
    source, out = instrument(tmp_path / "organ.ts"), tmp_path / "patches"
    write_patches(description(), "organ.ts", out)
    (out / MARKER).write_text("[1, 2")
    refused(run("patches", source, "-o", out), "damaged")


def test_bad_input_is_one_clear_line(run: Run, tmp_path: Path) -> None:
    out = tmp_path / "out"
    refused(run("patches", tmp_path / "none.ts", "-o", out), "no instrument at")
    (tmp_path / "text.ts").write_text("not TorchScript")
    refused(run("patches", tmp_path / "text.ts", "-o", out), "no TorchScript file")
    refused(run("patches", instrument(tmp_path / "my organ.ts"), "-o", out), "without spaces")
    refused(run("patches", instrument(tmp_path / "ab.ts"), "-o", out), "three letters")
    bare = replace(description(), stops=())
    refused(run("patches", instrument(tmp_path / "bare.ts", bare), "-o", out), "no stops")
    deaf = replace(description(), methods=description().methods[:-1])
    refused(run("patches", instrument(tmp_path / "deaf.ts", deaf), "-o", out), "no method listen")
    assert not out.exists()


def test_a_package_holds_the_instrument_where_both_programs_find_it(run: Run, tmp_path: Path) -> None:
    source, out = instrument(tmp_path / "organ.ts"), tmp_path / "organ"
    assert run("patches", source, "-o", out, "--package")[0] == 0
    written = contents(out)
    assert written["misc/organ.ts"] == source.read_bytes()
    assert {
        "package-info.json",
        "patchers/organ.maxpat",
        "devices/organ.amxd",
        "organ.pd",
        "README.md",
    } <= set(written)
    folders = {"organ.pd": out, **{f"help/organ-{method}.pd": out / "help" for method in HELP}}
    for patch, folder in folders.items():
        opened = set(re.findall(r"^#X obj \d+ \d+ nn~ (\S+)", written[patch].decode(), re.MULTILINE))
        assert [(folder / path).resolve() for path in opened] == [(out / "misc" / "organ.ts").resolve()]
    assert b'"misc/organ.ts".resolveRelative' in written["organ.scd"]
    write_package(description(), source, out)
    assert contents(out) == written


def test_the_readme_names_each_stops_controller_and_address(tmp_path: Path) -> None:
    write_patches(description(stops=3), "organ.ts", tmp_path / "out")
    text = (tmp_path / "out" / "README.md").read_text()
    for row in ("| Guitar | `guitar` | 20 | `/stop/guitar` |", "| Stop Number 3 | `stop_number_3` | 22 |"):
        assert row in text
    assert "44100 Hz" in text and "OMP_NUM_THREADS=1" in text


@pytest.mark.slow
def test_stops_past_the_last_controller_have_knobs_and_no_controller() -> None:
    content = PatchContent(description(stops=105), "organ.ts")
    assert [content.controller(stop) for stop in content.stops[-6:]] == [119, None, None, None, None, None]
    files = patch_files(content.description, content.file)
    assert b"set stop_number_105 \\$1" in files["organ.pd"] and b"ctlin 120" not in files["organ.pd"]


def test_the_delay_is_the_models_and_nn_tildes() -> None:
    content = PatchContent(description(), "organ.ts")
    line = "Delay: 2000 samples of its own + 8128 of nn~'s buffer of 4096 = 10128 samples, 230 ms."
    assert content.delay_line() == line


def test_a_ratio_above_nn_tildes_buffer_makes_the_buffer() -> None:
    methods = tuple(replace(method, out_ratio=8192) for method in description().methods)
    assert PatchContent(replace(description(), methods=methods), "organ.ts").buffer == 8192


@pytest.mark.slow
def test_the_repositorys_own_patches_are_current() -> None:
    assert demo_patches.stale(demo_patches.demo_description(), demo_patches.FOLDER) == []


@pytest.mark.slow
def test_a_stale_patch_of_the_repositorys_is_named(tmp_path: Path) -> None:
    write_patches(description(), demo_patches.FILE, tmp_path / "patches")
    assert demo_patches.stale(description(), tmp_path / "patches") == []
    (tmp_path / "patches" / "instrument.pd").write_text("#N canvas 0 0 1 1 12;\n")
    (tmp_path / "patches" / "help" / "instrument-play.pd").unlink()
    (tmp_path / "patches" / "old.pd").write_text("")
    assert demo_patches.stale(description(), tmp_path / "patches") == [
        "help/instrument-play.pd",
        "instrument.pd",
        "old.pd",
    ]


def test_objects_on_each_other_are_found() -> None:
    inner = PdCanvas(200, 200, "inner")
    inner.obj(10, 10, "metro 50")
    inner.obj(20, 15, "print")
    canvas = PdCanvas(300, 300)
    canvas.subpatch(10, 10, inner)
    canvas.obj(290, 10, "loadbang")
    assert canvas.overlaps() == ["metro 50 / print"]
    assert canvas.outside() == ["loadbang"]


def test_help_shows_an_example() -> None:
    result = subprocess.run(
        [sys.executable, "-m", "drawstop", "patches", "--help"], capture_output=True, text=True, check=True
    )
    assert "drawstop patches organ.ts -o organ-patches" in " ".join(result.stdout.split())


def test_a_name_that_nn_tilde_cannot_open_is_refused() -> None:
    for name in ("a b.ts", "x$1y.ts", "one;two.ts", "one,two.ts", "or.ts", "organ.pt"):
        with pytest.raises(DrawstopError, match="rename the instrument"):
            PatchContent(description(), name)
