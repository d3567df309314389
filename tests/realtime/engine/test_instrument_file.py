from pathlib import Path

import pytest
import torch

from drawstop.errors import DrawstopError
from drawstop.instrument_description import EXTRA_FILE
from realtime.engine.instrument_file import load
from tests.helpers.models.small_instrument import SmallInstrument, description


def test_a_loaded_instrument_carries_the_description_that_was_baked_in(small: Path) -> None:
    assert load(small).description == description()


@pytest.mark.parametrize("part", [0.0, 0.1, 0.5, 0.9, 0.999])
def test_a_file_cut_short_is_refused_in_one_line(small: Path, tmp_path: Path, part: float) -> None:
    content = small.read_bytes()
    cut = tmp_path / "cut.ts"
    cut.write_bytes(content[: int(len(content) * part)])
    with pytest.raises(DrawstopError, match="damaged") as raised:
        load(cut)
    assert "\n" not in str(raised.value)


def test_missing_files_folders_and_text_are_refused(tmp_path: Path) -> None:
    (tmp_path / "text.ts").write_text("not a zip file\n" * 100)
    for name, cause in {
        "missing.ts": "no instrument",
        ".": "no instrument",
        "text.ts": "no TorchScript",
    }.items():
        with pytest.raises(DrawstopError, match=cause):
            load(tmp_path / name)


def test_a_torchscript_file_without_our_description_is_refused_with_how_to_bake(tmp_path: Path) -> None:
    path = tmp_path / "rave.ts"
    torch.jit.save(torch.jit.script(SmallInstrument()), str(path))
    with pytest.raises(DrawstopError, match="drawstop bake MODEL BANK"):
        load(path)


def test_an_instrument_that_lost_its_methods_is_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "lost.ts"
    scripted = torch.jit.script(torch.nn.Identity())
    torch.jit.save(scripted, str(path), _extra_files={EXTRA_FILE: description().to_json()})
    with pytest.raises(DrawstopError, match="play"):
        load(path)


def test_a_setting_reaches_the_attribute_and_a_wrong_one_changes_nothing(small: Path) -> None:
    instrument = load(small)
    instrument.set_stop("guitar", 0.5)
    for slug, value in [("guitar", 1.01), ("guitar", float("nan")), ("oboe", 0.0)]:
        with pytest.raises(DrawstopError, match=slug):
            instrument.set_stop(slug, value)
    assert instrument.module.get_guitar() == (0.5,)
