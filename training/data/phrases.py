"""Parallel recordings, which play the same phrase by their names, and splits that keep them together."""

from __future__ import annotations

import fnmatch
import hashlib
from collections.abc import Sequence
from pathlib import Path

from drawstop.files import sha256_file
from drawstop.names import same_name
from training.data.recordings import LEARNED_AT_LEAST, Split, deal, least_tested

Kind = Sequence[tuple[Path, str]]
"""The recordings with a concept, or those without it: path and hash of each."""

PHRASE_MARK = "@"


def phrase_of(path: Path) -> str:
    """What a recording plays: its name without suffix, up to the last `@` where there is one.

    >>> phrase_of(Path("03@nylon.wav")), phrase_of(Path("take 3.flac"))
    ('03', 'take 3')
    """
    return same_name(path.stem.rpartition(PHRASE_MARK)[0] or path.stem)


def is_like(path: Path, pattern: str) -> bool:
    """True where a file's name matches a pattern, whichever way either writes its accents."""
    return fnmatch.fnmatch(same_name(path.name), same_name(pattern))


def deal_kinds(kinds: Sequence[Kind], seed: int = 0) -> list[list[Split]]:
    """Splits recordings of several kinds with `deal`, keeping parallel ones together.

    Recordings of a phrase that several kinds have, and copies of any of them, share a split. Shared phrases are split
    first, by the hash of their name, so that further takes of a phrase don't move it; the rest of each kind is then
    split so that the minimum numbers are met. If there are too few phrases for that, each kind is split by itself.
    """
    keys = shared_keys(kinds)
    by_key = dict(zip(ordered := sorted(set(keys.values())), deal(ordered, seed), strict=True))
    dealt = []
    for kind in kinds:
        splits: list[Split | None] = [by_key[keys[hash]] if hash in keys else None for _, hash in kind]
        rest = iter(deal([h for _, h in kind if h not in keys], seed, [each for each in splits if each]))
        dealt.append([next(rest) if each is None else each for each in splits])
    if all(_has_least(splits, [hash for _, hash in kind]) for splits, kind in zip(dealt, kinds, strict=True)):
        return dealt
    return [deal([hash for _, hash in kind], seed) for kind in kinds]


def deal_files(kinds: Sequence[Sequence[Path]], seed: int = 0) -> list[list[Split]]:
    """`deal_kinds` for files, which it hashes."""
    return deal_kinds([[(path, sha256_file(path)) for path in kind] for kind in kinds], seed)


def shared_phrases(kinds: Sequence[Kind]) -> set[str]:
    """The phrases that two kinds or more have."""
    phrases = [{phrase_of(path) for path, _ in kind} for kind in kinds]
    return {
        phrase for number, each in enumerate(phrases) for other in phrases[:number] for phrase in each & other
    }


def shared_keys(kinds: Sequence[Kind]) -> dict[str, str]:
    """By hash, for each recording with a parallel one (or a copy of such): the key that draws its group's split."""
    shared = shared_phrases(kinds)
    of_phrase: dict[str, set[str]] = {}
    for kind in kinds:
        for path, hash in kind:
            if (phrase := phrase_of(path)) in shared:
                of_phrase.setdefault(phrase, set()).add(hash)
    keys: dict[str, str] = {}
    for phrase, hashes in of_phrase.items():
        joined = {keys[hash] for hash in hashes if hash in keys}
        group = hashes | {hash for hash, key in keys.items() if key in joined}
        key = hashlib.sha256(phrase.encode(errors="surrogateescape")).hexdigest()
        keys |= dict.fromkeys(group, min(joined | {key}))
    return keys


def _has_least(splits: Sequence[Split], hashes: Sequence[str]) -> bool:
    """True if there are enough recordings to test on and enough to train on; copies count once."""
    counts = {
        split: len({h for h, each in zip(hashes, splits, strict=True) if each == split})
        for split in set(splits)
    }
    different = len(set(hashes))
    enough_tested = counts.get("test", 0) >= least_tested(different)
    return enough_tested and counts.get("train", 0) >= min(LEARNED_AT_LEAST, different)
