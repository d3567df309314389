"""The plan of the separator's training corpus: counts, held-out timbres, order; and the material that it is made from."""

from collections import Counter
from pathlib import Path

import pytest

from drawstop.errors import DrawstopError
from training.recipes.separator.corpus.clip_plan import KINDS, TRAIN, Item, plan
from training.recipes.separator.corpus.material import (
    HELD_OUT_BANKS,
    HELD_OUT_GUITARS,
    NPM_GUITARS,
    TRAINING_GUITARS,
    Material,
    bank_of,
    read_material,
)

TRAINING_BANKS = tuple(f"bank{i}" for i in range(12))


def _fonts(banks: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(f"soundfonts/{bank}/{program:03d}.sf3" for bank in banks for program in range(129))


MATERIAL = Material(
    _fonts(TRAINING_BANKS), _fonts(HELD_OUT_BANKS), tuple(f"npm/{package}" for package in NPM_GUITARS)
)
WHOLE = plan(MATERIAL)


def test_the_counts_by_kind_and_split_are_those_of_the_shipped_corpus() -> None:
    each_bank = (
        129 + 4 * 8 + 3 * 5 + 2 * 9
    )  # four more of guitars, three of choirs and 85, 91, two of basses and drums
    assert Counter((item.kind, item.split) for item in WHOLE) == {
        ("instrument", "train"): len(TRAINING_BANKS) * each_bank,
        ("guitar", "train"): 240 + 3 * 40,
        ("singing", "train"): 520,
        ("speech", "train"): 260,
        ("synthetic", "train"): 260,
        ("instrument", "phrases"): 65,
        ("guitar", "phrases"): 15,
        ("speech", "phrases"): 15,
        ("synthetic", "phrases"): 15,
        ("instrument", "banks"): 90 + 170 + len(HELD_OUT_BANKS) * (3 * 8 + 6 * 3),
        ("guitar", "guitars"): 112,
        ("singing", "singers"): 70,
    }


def test_held_out_banks_and_guitars_are_in_their_own_splits_and_never_in_training_or_its_phrases() -> None:
    for item in WHOLE:
        held_out = bank_of(item.source) in HELD_OUT_BANKS or Path(item.source).name in HELD_OUT_GUITARS
        assert held_out == (item.split in ("banks", "guitars")), item


def test_every_training_soundfont_and_guitar_is_heard_in_training() -> None:
    sources = {item.source for item in WHOLE if item.split == TRAIN}
    assert {*MATERIAL.soundfonts, *MATERIAL.guitars, *MATERIAL.npm_guitars} <= sources


def test_the_same_seed_gives_the_same_plan_another_seed_another_order_and_items_are_numbered_in_it() -> None:
    assert plan(MATERIAL, 3) == plan(MATERIAL, 3)
    assert plan(MATERIAL, 3) != plan(MATERIAL, 4)
    assert [item.number for item in WHOLE] == list(range(len(WHOLE)))


def test_a_tenth_of_the_plan_has_about_a_tenth_of_each_kind() -> None:
    def counts(items: list[Item]) -> Counter[str]:
        return Counter(item.kind for item in items)

    first, whole = counts(WHOLE[: len(WHOLE) // 10]), counts(WHOLE)
    for kind in KINDS:
        expected = whole[kind] / 10
        assert abs(first[kind] - expected) < 4 * expected**0.5  # four standard deviations


def _fill(folder: Path) -> None:
    for bank in ("bank0", *HELD_OUT_BANKS):
        _touch(folder / "soundfonts" / bank / "024.sf3")
    for guitar in (*TRAINING_GUITARS, *HELD_OUT_GUITARS):
        _touch(folder / "guitars" / guitar / "a2_f.flac")


def _touch(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()


def test_material_is_read_as_paths_below_its_folder_without_what_is_not_a_program(tmp_path: Path) -> None:
    _fill(tmp_path)
    _touch(tmp_path / "soundfonts" / "bank0" / "129.sf3")
    _touch(tmp_path / "soundfonts" / "bank0" / "index.html")
    _touch(tmp_path / "npm" / NPM_GUITARS[1] / "A2.mp3")
    held_out = tuple(sorted(f"soundfonts/{bank}/024.sf3" for bank in HELD_OUT_BANKS))
    assert read_material(tmp_path) == Material(
        ("soundfonts/bank0/024.sf3",), held_out, (f"npm/{NPM_GUITARS[1]}",)
    )


@pytest.mark.parametrize(
    "missing, message",
    [
        ("guitars/green/a2_f.flac", r"guitars/green, found none: get them from github\.com/kmturley"),
        ("soundfonts/FluidR3_GM/024.sf3", r"none of FluidR3_GM: get them from github\.com/marmooo"),
        ("soundfonts/bank0/024.sf3", "none of others beside those held out"),
    ],
)
def test_missing_material_is_named_with_where_to_get_it(tmp_path: Path, missing: str, message: str) -> None:
    _fill(tmp_path)
    (tmp_path / missing).unlink()
    with pytest.raises(DrawstopError, match=message):
        read_material(tmp_path)
