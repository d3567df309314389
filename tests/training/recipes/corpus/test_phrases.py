"""The demo's corpus: seeded phrases and the table of timbres."""

from training.recipes.corpus.phrases import HIGHEST_NOTE, LOWEST_NOTE, PHRASE_SECONDS, random_phrases
from training.recipes.corpus.timbres import TIMBRES


def test_the_same_seed_gives_the_same_phrases_and_another_seed_others() -> None:
    assert random_phrases(6, seed=3) == random_phrases(8, seed=3)[:6]
    assert random_phrases(6, seed=3) != random_phrases(6, seed=4)


def test_every_note_lies_inside_its_phrase_and_the_range() -> None:
    phrases = random_phrases(80)
    notes = [note for phrase in phrases for note in phrase.notes]
    assert all(LOWEST_NOTE <= note.pitch <= HIGHEST_NOTE for note in notes)
    assert all(note.start >= 0 and note.start + note.length < PHRASE_SECONDS for note in notes)
    with_chords = sum(len({n.start for n in p.notes}) < len(p.notes) for p in phrases)
    assert 20 <= with_chords <= 44


def test_each_concept_has_training_and_held_out_timbres_and_names_are_unique() -> None:
    for concept in ("guitar", "voice", "other"):
        held_out = {timbre.held_out for timbre in TIMBRES if timbre.concept == concept}
        assert held_out == {True, False}
    assert len({timbre.name for timbre in TIMBRES}) == len(TIMBRES)
