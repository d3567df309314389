import json
import sys
from pathlib import Path
from types import ModuleType

import pytest
import torch

from drawstop.errors import DrawstopError
from export.musicgen.take_file import FORMAT, Record, TakeRequest, read_record, record_of
from realtime.engine.control_event import ControlEvent
from training.models.musicgen.sampling import Generated

EVENT = {"sample": 640, "slug": "guitar", "value": 0.5, "source": "cc 20", "glide": 320}
"""A movement as every version of the file holds it."""


def written_take(folder: Path, **changed: object) -> Path:
    request = {
        "model": "m",
        "banks": ["b"],
        "prompts": ["a song", None],
        "settings": ["guitar=1"],
        "events": [EVENT],
    }
    sampling = {"seconds": 1.0, "seed": 3}
    others = {"audio_prompt": None, "melody": None, "device": "auto", "precision": "auto"}
    take = {
        "format": FORMAT,
        "request": {**request, **others, "sampling": sampling},
        "fingerprints": {"model": "f"},
        "outputs": {"steered": {"files": ["x.wav"], "tokens": ["t"]}},
        "made_with": {},
    }
    path = folder / "take.json"
    path.write_text(json.dumps(take | changed), encoding="utf-8")
    return path


def test_a_take_of_an_earlier_version_is_read_with_its_movements(tmp_path: Path) -> None:
    request = read_record(written_take(tmp_path)).request
    assert request.events == (ControlEvent(640, "guitar", 0.5, "cc 20", 320),)
    assert request.prompts == ("a song", None) and request.sampling.seed == 3


def test_movements_are_written_under_the_names_that_earlier_versions_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    audiocraft = ModuleType("audiocraft")
    audiocraft.__version__ = "1"  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "audiocraft", audiocraft)
    request = read_record(written_take(tmp_path)).request
    made = {"steered": Generated(torch.zeros(1, 1, 4), torch.zeros(1, 2, 2, dtype=torch.int64))}
    record = record_of(request, {"model": "f"}, made, {"steered": [tmp_path / "x.wav"]}, "cpu")
    assert record["request"]["events"] == [EVENT]


def test_another_format_and_a_foreign_file_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DrawstopError, match="has format 99"):
        read_record(written_take(tmp_path, format=99))
    with pytest.raises(DrawstopError, match="isn't a take's JSON file"):
        read_record(written_take(tmp_path, request={"model": "m"}))
    with pytest.raises(DrawstopError, match="no such file"):
        read_record(tmp_path / "none.json")


def test_a_take_of_other_parts_is_refused() -> None:
    record = Record(TakeRequest("m", (), ()), {"banks": ["a"]}, {}, {})
    record.require_parts({"banks": ["a"]})
    with pytest.raises(DrawstopError, match="another bank"):
        record.require_parts({"banks": ["b"]})
