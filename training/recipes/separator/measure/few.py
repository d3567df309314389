"""How many recordings a new stop needs: python -m training.recipes.separator.measure.few BANK OUT.json --corpus FOLDER ...

Concepts that the separator was never trained on are learned from clips of the training banks, as a user would from recordings,
and measured on banks that nothing was learned from. Resumable: what OUT has is left out.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import torch

from drawstop.files import sha256_file, write_json
from drawstop.types import JsonObject
from training.banks.bank import SEPARATOR_FILE
from training.banks.separated_bank import SHALLOWEST_DB, SeparatedBank, SeparatedStop, load_separated_bank
from training.find.separated.fit import QueryOptions, fit_query
from training.find.separated.measure import depth_of
from training.recipes.separator.corpus.concepts import DRUMS, SPEECH, Concept
from training.recipes.separator.corpus.held_out import clips_of, clips_without
from training.recipes.separator.corpus.mixtures import Corpus
from training.recipes.separator.measure.figures import CLIPS, measured
from training.separation.mdct import Mdct

COUNTS = (10, 2, 20, 5)
NEW = (
    Concept("drums", frozenset({DRUMS})),
    Concept("brass", frozenset(range(56, 64)), frozenset({55, 62, 63, 80, 81})),
    Concept("reed", frozenset(range(64, 72)), frozenset({20, 21, 22, 23, 109, 111})),
    Concept("speech", frozenset({SPEECH}), frozenset({*range(52, 55), 85, 91, "singing"})),
)
"""Concepts that are never asked for in the training; the last one's test clips are phrases, for want of other speakers."""


def learn(
    bank: SeparatedBank, concept: Concept, corpus: Corpus, count: int
) -> tuple[SeparatedStop, JsonObject]:
    """A stop from so many clips with and without a concept, as `drawstop make` fits it: a fifth of them chooses."""
    mdct = Mdct()
    both = [
        list(mdct(draw(corpus, concept, count, seed=10 + count)[:, None]))
        for draw in (clips_of, clips_without)
    ]
    chosen = max(1, count // 5) if count >= 5 else 0
    learned = (both[0][chosen:], both[1][chosen:])
    checked = (both[0][:chosen] or both[0], both[1][:chosen] or both[1])
    started = time.process_time()
    fitted = fit_query(bank.separator, bank.starts, learned, checked, QueryOptions(), seed=0)
    seconds = time.process_time() - started
    stop = SeparatedStop(concept.name, concept.name, fitted.query.half().float(), SHALLOWEST_DB)
    depth = depth_of(replace(bank, stops=(stop,)), torch.stack(checked[0]))
    return replace(stop, depth_db=depth), {"start": fitted.start, "core_seconds": round(seconds, 1)}


def curve(folder: Path, corpora: Sequence[Path], out: Path) -> None:
    """Every concept by every number of recordings; written after each. JsonObject of another separator are measured anew."""
    bank, separator = load_separated_bank(folder), sha256_file(folder / SEPARATOR_FILE)
    stored = json.loads(out.read_text()) if out.is_file() else {}
    figures: JsonObject = (
        stored if stored.get("separator") == separator else {"separator": separator, "concepts": {}}
    )
    corpus = Corpus(corpora, ("train",))
    for count in COUNTS:
        for concept in NEW:
            cells = figures["concepts"].setdefault(concept.name, {})
            if str(count) not in cells:
                held_out = Corpus(corpora, ("phrases",) if SPEECH in concept.labels else ("banks",))
                sounds = (clips_of(held_out, concept, CLIPS, 2), clips_without(held_out, concept, CLIPS, 3))
                stop, about = learn(bank, concept, corpus, count)
                cells[str(count)] = measured(replace(bank, stops=(stop,)), *sounds, draws=1) | about
                write_json(out, figures)


def main() -> None:
    """Command line: BANK OUT.json."""
    parser = argparse.ArgumentParser(description="Learn new stops from few recordings, and measure them.")
    parser.add_argument("bank", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--corpus", type=Path, nargs="+", required=True)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    curve(arguments.bank, arguments.corpus, arguments.out)


if __name__ == "__main__":
    main()
