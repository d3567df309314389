"""Scenes: a recall sets its values, a mixture lies between its scenes, an undo restores the values before it."""

import random
import threading

import pytest

from drawstop.errors import DrawstopError
from drawstop.instrument_description import StopDescription
from realtime.controllers.midi.clock import Tempo
from realtime.controllers.parameters import ParameterChange, ParameterStore
from realtime.controllers.scenes.scene import CORNERS, Scene, scene_slug
from realtime.controllers.scenes.scene_list import MOST_SCENES
from realtime.controllers.scenes.scenes import Scenes
from realtime.controllers.scenes.undo import GESTURE_PAUSE_SECONDS
from realtime.engine.parameters import WET
from tests.helpers.control.event_recorder import EventRecorder

RATE = 44100
STOPS = tuple(StopDescription(slug, slug, slug) for slug in ("guitar", "voice", "organ"))
VERSE = Scene("Verse", {"guitar": 0.5, "voice": -0.25, "organ": 1.0})
CHORUS = Scene("Chorus", {"guitar": -0.5, "voice": 0.75, "organ": 0.0})
PART = Scene("Part", {"voice": 1.0})


class Clock:
    """Seconds that pass when the test says so."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def sound() -> EventRecorder:
    return EventRecorder(RATE, sample=1000)


@pytest.fixture
def parameters(sound: EventRecorder) -> ParameterStore:
    return ParameterStore(sound, [*STOPS, WET])


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def scenes(parameters: ParameterStore, clock: Clock) -> Scenes:
    return Scenes(parameters, [VERSE, CHORUS, PART], clock=clock)


def stop_values(parameters: ParameterStore) -> dict[str, float]:
    return {slug: parameters.values[slug] for slug in parameters.values if "." not in slug}


def test_a_recalled_scene_sets_its_values_and_is_their_source(
    parameters: ParameterStore, scenes: Scenes, sound: EventRecorder
) -> None:
    changes, pedal = list[ParameterChange](), object()
    parameters.subscribe(changes.extend)
    scenes.recall("verse", origin=pedal)
    assert stop_values(parameters) == VERSE.values
    assert {event.sample for event in sound.events} == {1000}
    assert {(change.source, change.origin) for change in changes} == {("scene verse", pedal)}


def test_a_scene_is_found_by_name_slug_and_number(scenes: Scenes) -> None:
    assert scenes.find("Chorus") == scenes.find("chorus") == scenes.find(1) == CHORUS
    with pytest.raises(DrawstopError, match="no scene is called 'coda'; there are: verse, chorus, part"):
        scenes.recall("coda")
    for number in (3, -1):
        with pytest.raises(DrawstopError, match=f"no scene has the number {number}; there are 3, from 0"):
            scenes.recall(number)


def test_a_timed_recall_is_a_ramp_in_seconds_or_beats(scenes: Scenes, sound: EventRecorder) -> None:
    scenes.recall("verse", 2.0)
    assert {event.ramp_samples for event in sound.events} == {2 * RATE}
    sound.events.clear()
    scenes.tempo.bpm = 90
    scenes.recall("chorus", beats=3)
    assert {event.ramp_samples for event in sound.events} == {2 * RATE}


def test_a_scene_has_a_time_of_its_own_unless_the_recall_has_one(
    parameters: ParameterStore, sound: EventRecorder
) -> None:
    scenes = Scenes(parameters, [Scene("slow", {"voice": 1.0}, beats=4)], tempo=Tempo(60))
    scenes.recall("slow")
    scenes.recall("slow", 0)
    assert [event.ramp_samples for event in sound.events] == [4 * RATE, 0]


@pytest.mark.parametrize(
    "times, message",
    [
        ({"seconds": 1, "beats": 1}, "got seconds = 1 and beats = 1; give one of the two"),
        ({"seconds": -1}, "a recall takes 0 to 3600 seconds, got -1"),
        ({"seconds": float("nan")}, "got nan"),
        ({"beats": 1e9}, r"a recall takes 0 to 4096 beats, got 1e\+09"),
    ],
)
def test_a_time_that_cannot_be_moves_nothing(
    scenes: Scenes, sound: EventRecorder, times: dict[str, float], message: str
) -> None:
    with pytest.raises(DrawstopError, match=message):
        scenes.recall("verse", **times)
    assert not sound.events
    assert scenes.undo() is None


def test_store_takes_the_stops_and_the_engine_parameters_only_when_asked(
    parameters: ParameterStore, scenes: Scenes
) -> None:
    parameters.move({"guitar": 0.1, "engine.wet": 0.5}, "hand")
    assert scenes.store("Bridge").values == {"guitar": 0.1, "voice": 0.0, "organ": 0.0}
    assert scenes.store("Bridge", engine_parameters=True).values["engine.wet"] == 0.5
    parameters.move({"engine.wet": 0.25}, "hand")
    assert scenes.store("bridge").values["engine.wet"] == 0.25
    assert [scene.slug for scene in scenes.all] == ["verse", "chorus", "part", "bridge"]


def test_a_scene_stored_anew_keeps_its_index_its_time_and_other_instruments_stops(
    parameters: ParameterStore,
) -> None:
    scenes = Scenes(parameters, [Scene("a", {"oboe": 0.25, "voice": 1.0}, seconds=2.0), VERSE])
    scenes.store("A")
    assert scenes.all[0] == Scene("A", {"oboe": 0.25, "voice": 0.0, "guitar": 0.0, "organ": 0.0}, seconds=2.0)


def test_stops_of_another_instrument_are_left_out_and_reported_once(
    parameters: ParameterStore, sound: EventRecorder
) -> None:
    notes = list[str]()
    scenes = Scenes(
        parameters, [Scene("a", {"oboe": 1.0, "horn": 0.0, "voice": 7.0})], show_line=notes.append
    )
    scenes.recall("a")
    scenes.recall("a")
    assert notes == ["scene a: not in this instrument, left out: oboe, horn"]
    assert [(event.slug, event.value) for event in sound.events] == [("voice", 1.0)] * 2
    parameters.set_targets([StopDescription("oboe", "oboe", "oboe", maximum=0.5)])
    scenes.recall("a")
    assert parameters.values == {"oboe": 0.5}


def test_a_morph_is_one_scene_at_each_end_and_a_straight_line_between(
    parameters: ParameterStore, scenes: Scenes
) -> None:
    for x in (0.0, 0.25, 0.5, 1.0, 7.0, -1.0):
        scenes.morph("verse", "chorus", x)
        share = min(max(x, 0.0), 1.0)
        assert stop_values(parameters) == pytest.approx(
            {slug: VERSE.values[slug] * (1 - share) + CHORUS.values[slug] * share for slug in VERSE.values}
        )
    scenes.morph("verse", "chorus", 1.0)
    assert stop_values(parameters) == CHORUS.values


def test_a_stop_that_one_scene_does_not_name_comes_from_where_it_stood(
    parameters: ParameterStore, scenes: Scenes, clock: Clock
) -> None:
    parameters.move({"guitar": -1.0, "voice": 0.5}, "hand")
    scenes.morph("part", "verse", 0.5)
    assert parameters.values["guitar"] == pytest.approx(-0.25)
    clock.now += 10 * GESTURE_PAUSE_SECONDS
    scenes.morph("verse", "part", 1.0)
    assert stop_values(parameters) == {"guitar": -1.0, "voice": 1.0, "organ": 0.0}
    scenes.morph("verse", "part", 0.0)
    assert stop_values(parameters) == VERSE.values


def test_the_pad_has_a_scene_in_each_corner_and_their_mean_in_the_middle(parameters: ParameterStore) -> None:
    levels = {"low": -1.0, "right": -0.5, "up": 0.25, "top": 1.0}
    scenes = Scenes(
        parameters, [Scene(name, {"voice": level}) for name, level in levels.items()], corners=tuple(levels)
    )
    found = []
    for x, y in [(0, 0), (1, 0), (0, 1), (9, 9), (0.5, 0.5)]:
        scenes.pad(x, y)
        found.append(parameters.values["voice"])
    assert found == [-1.0, -0.5, 0.25, 1.0, -0.0625]
    scenes.pad(0.5, 0.0, ["top", "top", "top", 0])
    assert parameters.values["voice"] == 1.0
    with pytest.raises(DrawstopError, match="a pad has 4 scenes as corners, got 2"):
        scenes.pad(0, 0, ["low", "up"])
    with pytest.raises(DrawstopError, match="a morph goes from 0 to 1, got nan"):
        scenes.pad(float("nan"), 0)


def test_a_gesture_is_one_step_to_undo_and_ends_by_rest_or_by_word(
    parameters: ParameterStore, scenes: Scenes, clock: Clock
) -> None:
    def rest() -> None:
        clock.now += 1.1 * GESTURE_PAUSE_SECONDS

    parameters.move({"voice": 0.125}, "hand")
    history = [stop_values(parameters)]
    for end in (rest, scenes.end_gesture):
        for step in range(50):
            clock.now += 0.9 * GESTURE_PAUSE_SECONDS * (step > 0)
            scenes.morph("verse", "chorus", step / 50)
        history.append(stop_values(parameters))
        end()
    scenes.morph("verse", "chorus", 0.1)
    history.append(stop_values(parameters))
    assert history[1] == history[2]
    assert scenes.undo() == "morph chorus verse"
    assert stop_values(parameters) == history[2]
    assert scenes.undo() == "morph chorus verse"
    assert stop_values(parameters) == history[0]
    assert scenes.undo() is None
    assert scenes.redo() and scenes.redo() and scenes.redo() is None
    assert stop_values(parameters) == history[3]


def test_after_an_undo_a_morph_goes_on_from_the_values_where_it_began(
    parameters: ParameterStore, scenes: Scenes
) -> None:
    scenes.morph("verse", "part", 0.5)
    scenes.end_gesture()
    scenes.morph("verse", "part", 0.75)
    scenes.undo()
    assert parameters.values["guitar"] == 0.25
    scenes.morph("verse", "part", 0.5)
    assert parameters.values["guitar"] == 0.25
    scenes.recall("chorus")
    scenes.undo()
    scenes.morph("verse", "part", 0.5)
    assert parameters.values["guitar"] == 0.25


def test_a_store_in_the_middle_of_a_morph_parts_it_in_two_steps(
    parameters: ParameterStore, scenes: Scenes
) -> None:
    scenes.morph("verse", "chorus", 0.5)
    middle = stop_values(parameters)
    scenes.store("Middle")
    scenes.morph("verse", "chorus", 1.0)
    scenes.undo()
    assert stop_values(parameters) == middle
    assert scenes.undo() == "store middle"


def test_undo_leaves_alone_what_the_step_did_not_move(parameters: ParameterStore, scenes: Scenes) -> None:
    scenes.recall("part")
    parameters.move({"guitar": 0.5}, "hand")
    assert scenes.undo(0.5) == "scene part"
    assert stop_values(parameters) == {"guitar": 0.5, "voice": 0.0, "organ": 0.0}


def test_a_step_that_changed_nothing_is_passed_over(scenes: Scenes) -> None:
    scenes.recall("verse")
    scenes.recall("verse")
    assert scenes.undo() == "scene verse"
    assert scenes.undo() is None


def test_store_and_remove_are_undone_at_their_index_and_sent_to_the_listener(
    parameters: ParameterStore,
) -> None:
    saved = list[tuple[str, Scene | None, int]]()
    scenes = Scenes(parameters, [VERSE, CHORUS], on_change=lambda *change: saved.append(change))
    stored = scenes.store("verse")
    scenes.remove("verse")
    assert scenes.all == (CHORUS,)
    assert scenes.undo() == "remove verse" and scenes.all == (stored, CHORUS)
    assert scenes.undo() == "store verse" and scenes.all == (VERSE, CHORUS)
    new = scenes.store("new")
    scenes.undo()
    assert saved == [
        ("verse", stored, 0),
        ("verse", None, 0),
        ("verse", stored, 0),
        ("verse", VERSE, 0),
        ("new", new, 2),
        ("new", None, 2),
    ]


def test_other_scenes_may_come_while_steps_remain(parameters: ParameterStore, scenes: Scenes) -> None:
    scenes.recall("verse")
    scenes.replace([CHORUS], ["chorus"] * 4)
    assert stop_values(parameters) == VERSE.values
    scenes.undo()
    assert stop_values(parameters) == dict.fromkeys(VERSE.values, 0.0)
    assert scenes.all == (CHORUS,)


def test_names_without_a_letter_and_scenes_without_end_are_refused(scenes: Scenes) -> None:
    assert scene_slug("  Über-Chor № 2 ") == "uber_chor_no_2"
    for name in ("", " - ", "x" * 101):
        with pytest.raises(DrawstopError, match="a scene's name has a letter or digit and at most 100"):
            scenes.store(name)
    for number in range(MOST_SCENES - 3):
        scenes.store(f"s{number}")
    with pytest.raises(DrawstopError, match="there are 1024 scenes already; remove some"):
        scenes.store("one more")


SWAPS = (
    STOPS,
    STOPS[:1],
    STOPS[1:],
    (StopDescription("voice", "v", "v", minimum=0.0, maximum=0.25), STOPS[0]),
)


@pytest.mark.parametrize("seed", range(40))
def test_any_sequence_stays_in_range_and_undo_gives_back_what_was_before(seed: int) -> None:
    """Steps since the last swap of the instrument must be undone to the very values; others, within the ranges."""
    random_, clock, sound = random.Random(seed), Clock(), EventRecorder(RATE, sample=1000)
    parameters = ParameterStore(sound, [*STOPS, WET])
    scenes = Scenes(parameters, [VERSE, CHORUS, PART], clock=clock)
    before: list[tuple[dict[str, float], tuple[Scene, ...]]] = []
    for _ in range(300):
        state = (parameters.values, scenes.all)
        action = random_.choice(["recall", "morph", "pad", "store", "remove", "undo", "undo", "redo", "swap"])
        number = random_.randrange(len(scenes.all) or 1)
        if action == "swap" and random_.random() < 0.3:
            parameters.set_targets([*random_.choice(SWAPS), WET])
            before.clear()
        elif action == "undo":
            if scenes.undo(random_.random()) and before:
                assert (parameters.values, scenes.all) == before.pop()
                scenes.redo()
                assert (parameters.values, scenes.all) == state
                scenes.undo()
        elif action == "redo":
            if scenes.redo():
                before.append(state)
        elif action == "store":
            scenes.store(random_.choice("abcd"), engine_parameters=random_.random() < 0.2)
            before.append(state)
        elif scenes.all:
            if action == "recall":
                scenes.recall(number, random_.random())
            elif action == "remove":
                scenes.remove(number)
            elif action == "morph":
                for _ in range(random_.randrange(1, 4)):
                    scenes.morph(0, number, random_.random())
                scenes.end_gesture()
            else:
                corners = [random_.choice(scenes.all).slug for _ in range(CORNERS)]
                scenes.pad(random_.random(), random_.random(), corners)
                clock.now += 1.1 * GESTURE_PAUSE_SECONDS
            if (parameters.values, scenes.all) != state:
                before.append(state)
        for event in sound.events:
            target = parameters.targets[event.slug]
            assert target.minimum <= event.value <= target.maximum
        sound.events.clear()


class SwappedUnderneath(ParameterStore):
    """A parameter store whose instrument is another one as soon as somebody has looked at it."""

    swap = False

    @property
    def values(self) -> dict[str, float]:
        found = super().values
        if self.swap:
            self.swap = False
            self.set_targets(STOPS[1:])
        return found


def test_a_stop_that_goes_away_in_the_midst_of_a_recall_is_left_out() -> None:
    parameters = SwappedUnderneath(EventRecorder(RATE, sample=1000), STOPS)
    scenes = Scenes(parameters, [VERSE])
    parameters.swap = True
    scenes.recall("verse")
    assert parameters.values == {"voice": -0.25, "organ": 1.0}
    scenes.undo()
    assert parameters.values == {"voice": 0.0, "organ": 0.0}


@pytest.mark.slow
def test_an_instrument_may_be_swapped_under_scenes_from_another_thread(parameters: ParameterStore) -> None:
    scenes, ended = Scenes(parameters, [VERSE, CHORUS, PART]), threading.Event()

    def swap() -> None:
        while not ended.is_set():
            for stops in SWAPS:
                parameters.set_targets(stops)

    thread = threading.Thread(target=swap)
    thread.start()
    for step in range(1000):
        scenes.recall(step % 3)
        scenes.morph(step % 3, (step + 1) % 3, step / 1000)
        scenes.store("x")
        scenes.undo()
    ended.set()
    thread.join()
    for slug, value in parameters.values.items():
        assert parameters.targets[slug].minimum <= value <= parameters.targets[slug].maximum


def test_a_renamed_scene_keeps_its_place_and_values_and_undo_gives_the_old_name_back(scenes: Scenes) -> None:
    scenes.rename("verse", "Bridge 2")
    assert [scene.slug for scene in scenes.all] == ["bridge_2", "chorus", "part"]
    assert scenes.find("bridge_2").values == VERSE.values
    scenes.rename("chorus", "CHORUS")
    assert [scene.name for scene in scenes.all] == ["Bridge 2", "CHORUS", "Part"]
    scenes.undo()
    scenes.undo()
    assert [scene.name for scene in scenes.all] == ["Verse", "Chorus", "Part"]
    scenes.redo()
    assert scenes.all[0].name == "Bridge 2"


def test_a_rename_to_another_scenes_name_or_of_a_corner_is_refused(scenes: Scenes) -> None:
    for which, name, message in (
        ("verse", "chorus", "already"),
        ("verse", "!", "letter"),
        ("no", "x", "no scene"),
    ):
        with pytest.raises(DrawstopError, match=message):
            scenes.rename(which, name)
    scenes.replace(scenes.all, ["verse", "chorus", "part", "verse"])
    with pytest.raises(DrawstopError, match="corner of the pad"):
        scenes.rename("verse", "x")
    assert [scene.name for scene in scenes.all] == ["Verse", "Chorus", "Part"]
