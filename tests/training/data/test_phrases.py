"""Parallel recordings are dealt together: a pair is learned from or held out whole."""

import hashlib
import statistics
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.data.phrases import Kind, deal_files, deal_kinds
from training.data.read_labelled import read_labelled
from training.data.recordings import Split, deal

DRAWS = 300
LEARNED = {4: 0.5, 5: 0.4, 10: 0.5, 20: 0.45, 50: 0.44}
"""The share of the pairs that every draw learns from: of few, two are for the test and one for validation, of many a third and a
quarter at most."""

BEFORE_AT_MOST = 0.6
"""The mean share of pairs whose halves fell together when kinds were dealt apart."""


def kind_of(names: list[str], seed: object) -> Kind:
    return [(Path(name), hashlib.sha256(f"{seed} {name}".encode()).hexdigest()) for name in names]


def pairs(count: int, draw: int) -> list[Kind]:
    """Parallel recordings of phrases whose names differ in each draw."""
    names = [f"{draw}-{number}" for number in range(count)]
    return [kind_of([f"{name}@{side}.wav" for name in names], f"{draw} {side}") for side in "ab"]


def whole(dealt: list[list[Split]], *splits: Split) -> float:
    return sum(a == b and (not splits or a in splits) for a, b in zip(*dealt, strict=True)) / len(dealt[0])


@pytest.mark.slow
@pytest.mark.parametrize("count", [4, 5, 10, 20, 50])
def test_every_pair_is_learned_from_or_held_out_whole_in_300_draws(count: int) -> None:
    kinds = [pairs(count, draw) for draw in range(DRAWS)]
    apart = [whole([deal([hash for _, hash in kind]) for kind in each]) for each in kinds]
    together = [deal_kinds(each) for each in kinds]
    assert statistics.mean(apart) < BEFORE_AT_MOST
    assert min(whole(each) for each in together) == 1
    learned = [whole(each, "train") for each in together]
    assert min(learned) >= LEARNED[count]
    assert statistics.mean(learned) > 1.4 * statistics.mean(
        whole([deal([hash for _, hash in kind]) for kind in each], "train") for each in kinds
    )
    assert min(side.count("test") for each in together for side in each) >= 2


def test_without_parallel_recordings_each_kind_is_dealt_as_ever() -> None:
    kinds = [kind_of([f"{side}{number}.wav" for number in range(12)], side) for side in "ab"]
    assert deal_kinds(kinds, 3) == [deal([hash for _, hash in kind], 3) for kind in kinds]


def test_takes_that_all_have_one_name_are_dealt_apart() -> None:
    kinds = [kind_of([f"take@{number}.wav" for number in range(8)], side) for side in "ab"]
    assert deal_kinds(kinds) == [deal([hash for _, hash in kind]) for kind in kinds]


def test_a_further_take_of_a_phrase_moves_no_other() -> None:
    kinds = pairs(40, 0)
    more = [[*kinds[0], *kind_of(["0-7@another.wav"], "new")], kinds[1]]
    before, after = deal_kinds(kinds), deal_kinds(more)
    assert after[1] == before[1]
    assert after[0] == [*before[0], before[0][7]]


@pytest.mark.slow
@given(
    shared=st.integers(0, 12), alone=st.tuples(st.integers(0, 9), st.integers(0, 9)), draw=st.integers(0, 99)
)
def test_every_kind_has_its_least_numbers_whatever_is_parallel(
    shared: int, alone: tuple[int, int], draw: int
) -> None:
    kinds = [
        [*kind, *kind_of([f"{side}{number}.wav" for number in range(count)], (draw, side))]
        for kind, side, count in zip(pairs(shared, draw), "ab", alone, strict=True)
    ]
    for kind, splits in zip(kinds, deal_kinds(kinds), strict=True):
        counts = Counter(splits)
        assert counts["test"] >= min(2, max(0, len(kind) - 2))
        assert counts["train"] >= min(2, len(kind))


def write(path: Path, content: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)
    return path


def test_a_copy_shares_the_split_of_its_phrase(tmp_path: Path) -> None:
    ones = [write(tmp_path / "a" / f"{number}.wav", f"a{number}") for number in range(9)]
    others = [write(tmp_path / "b" / f"{number}.wav", f"b{number}") for number in range(9)]
    copy = write(tmp_path / "a" / "copy.wav", "a4")
    having, lacking = deal_files([[*ones, copy], others])
    assert having[-1] == having[4] == lacking[4]


def test_labelled_folders_deal_a_phrase_alike_under_every_label(tmp_path: Path) -> None:
    from tests.helpers.recordings.odd_recordings import SINE, write_sound

    for number in range(12):
        for label in ("guitar", "voice", "guitar+voice"):
            level = (1 + number) / (20 + len(label))
            write_sound(tmp_path / label / f"{number}@{label}.wav", level * SINE[:400])
    splits: dict[str, set[str]] = {}
    for recording in read_labelled(tmp_path).recordings:
        splits.setdefault(recording.path.name.split("@")[0], set()).add(recording.split)
    assert [len(each) for each in splits.values()] == [1] * 12
    assert len(set.union(*splits.values())) > 1
