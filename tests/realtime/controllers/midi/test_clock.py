"""The tempo of MIDI clocks as they are: jittered, bunched, with losses, stopped and started again."""

import random
import threading

import pytest

from drawstop.errors import DrawstopError
from realtime.controllers.midi.clock import TICKS_PER_BEAT, Tempo

EXACT = 1e-4
"""Relative error with an even clock: a parabola meets the peak on its grid."""
ROUNDED = 6e-4
"""A straight line through 48 times of 0.3 ms error: 0.02 % on the mean at these tempos, three times that at worst."""
JITTERED = 0.01
"""Jitter of a quarter of a period, one tick of ten lost: of 1,200 clocks half were within 0.12 %, the worst 0.55 %."""


def clock(bpm: float, ticks: int, start: float = 100.0) -> list[float]:
    return [start + 60.0 / bpm / TICKS_PER_BEAT * each for each in range(ticks)]


def tempo_of(times: list[float], bpm: float = 77.0) -> float:
    tempo = Tempo(bpm)
    for at in times:
        tempo.tick(at)
    return tempo.bpm


@pytest.fixture(params=[24.0, 60.0, 120.0, 133.3, 174.0, 300.0])
def bpm(request: pytest.FixtureRequest) -> float:
    return float(request.param)


def test_the_tempo_of_an_even_clock_is_exact(bpm: float) -> None:
    assert tempo_of(clock(bpm, 48)) == pytest.approx(bpm, rel=EXACT)


def test_ticks_in_whole_milliseconds_measure_tempos_finer_than_that() -> None:
    """USB and many drivers round so; between two ticks at 120 a millisecond is 5 %."""
    for bpm in (90.0 + 0.7 * step for step in range(100)):
        assert tempo_of([round(at, 3) for at in clock(bpm, 48)]) == pytest.approx(bpm, rel=ROUNDED)


@pytest.mark.parametrize("seed", range(20))
def test_jitter_and_lost_ticks_hardly_matter(bpm: float, seed: int) -> None:
    random_, period = random.Random(seed), 60.0 / bpm / TICKS_PER_BEAT
    times = [at + random_.uniform(-0.25, 0.25) * period for at in clock(bpm, 60)]
    remaining = [at for at in sorted(times) if random_.random() > 0.1]
    assert tempo_of(remaining) == pytest.approx(bpm, rel=JITTERED)


def test_one_lost_tick_changes_nothing(bpm: float) -> None:
    times = clock(bpm, 49)
    del times[20]
    assert tempo_of(times) == pytest.approx(bpm, rel=EXACT)


def test_ticks_that_come_in_pairs_are_still_a_clock(bpm: float) -> None:
    times = clock(bpm, 48)
    bunched = [times[each | 1] + 1e-4 * (each % 2) for each in range(48)]
    assert tempo_of(bunched) == pytest.approx(bpm, rel=JITTERED)


def test_a_clock_that_stops_leaves_its_tempo_and_one_that_starts_again_is_measured_anew() -> None:
    tempo = Tempo()
    for at in clock(90.0, 48):
        tempo.tick(at)
    assert tempo.bpm == pytest.approx(90.0, rel=EXACT)
    for at in clock(150.0, 11, start=200.0):
        tempo.tick(at)
    assert tempo.bpm == pytest.approx(90.0, rel=EXACT)
    tempo.tick(clock(150.0, 12, start=200.0)[-1])
    assert tempo.bpm == pytest.approx(150.0, rel=EXACT)


def test_a_start_message_forgets_the_old_step() -> None:
    tempo = Tempo()
    for at in clock(120.0, 48):
        tempo.tick(at)
    tempo.restart()
    for at in clock(122.0, 24, start=clock(120.0, 49)[-1] + 0.007):
        tempo.tick(at)
    assert tempo.bpm == pytest.approx(122.0, rel=EXACT)


@pytest.mark.parametrize("ratio", [0.5, 0.8, 0.97, 1.03, 1.25, 2.0])
def test_another_tempo_is_followed_within_two_beats(ratio: float) -> None:
    first = clock(120.0, 48)
    assert tempo_of(first + clock(120.0 * ratio, 48, start=first[-1] + 0.02)) == pytest.approx(
        120.0 * ratio, rel=EXACT
    )


def test_what_is_no_clock_leaves_the_tempo() -> None:
    assert tempo_of(clock(120.0, 11)) == 77.0
    assert tempo_of([5.0] * 100) == 77.0
    assert tempo_of(clock(5000.0, 100)) == 77.0
    assert tempo_of(sorted(clock(120.0, 11), reverse=True) * 5) == 77.0


def test_a_tempo_set_by_hand_holds_until_the_clock_has_ticked_enough() -> None:
    tempo = Tempo()
    for at in clock(100.0, 48):
        tempo.tick(at)
    tempo.bpm = 60
    assert tempo.bpm == 60.0 and tempo.seconds(4) == 4.0
    for at in clock(100.0, 48)[-12:]:
        tempo.tick(at)
    assert tempo.seconds(1) == pytest.approx(0.6, rel=EXACT)
    for wrong in (0.0, -3.0, 1e9, float("nan")):
        with pytest.raises(DrawstopError, match="a tempo is 20 to 400 beats per minute, got"):
            tempo.bpm = wrong


def test_a_thread_may_tick_while_another_reads() -> None:
    tempo, ended = Tempo(), threading.Event()

    def read() -> None:
        while not ended.is_set():
            assert 20.0 <= tempo.bpm <= 400.0

    reader = threading.Thread(target=read)
    reader.start()
    for at in clock(140.0, 2000):
        tempo.tick(at)
    ended.set()
    reader.join()
    assert tempo.bpm == pytest.approx(140.0, rel=EXACT)


def several(*clocks: tuple[str, list[float]]) -> Tempo:
    """The tempo after the ticks of several sources, in the order in which they come."""
    tempo = Tempo(77.0)
    for at, source in sorted((at, source) for source, ticks in clocks for at in ticks):
        tempo.tick(at, source)
    return tempo


@pytest.mark.parametrize("shift_s", [0.0, 0.0001, 0.01])
def test_two_clocks_of_120_are_120_and_the_first_is_followed(shift_s: float) -> None:
    tempo = several(("b", clock(120.0, 96)), ("a", clock(120.0, 96, start=shift_s + 1e-6)))
    assert (tempo.bpm, tempo.followed) == (pytest.approx(120.0, rel=EXACT), "b")


def test_each_source_has_a_tempo_and_one_is_followed_until_it_is_silent() -> None:
    first, second = clock(100.0, 96), clock(140.0, 400)
    tempo = several(("drum", first), ("synth", [at for at in second if at <= first[-1]]))
    assert tempo.clocks == {"drum": pytest.approx(100, rel=EXACT), "synth": pytest.approx(140, rel=EXACT)}
    assert (tempo.bpm, tempo.followed) == (pytest.approx(100.0, rel=EXACT), "drum")
    tempo = several(("drum", first), ("synth", second))
    assert (tempo.bpm, tempo.followed) == (pytest.approx(140.0, rel=EXACT), "synth")


def test_sources_that_alternate_never_add_up() -> None:
    ticks = clock(120.0, 400)
    tempo = several(
        *((name, [at for i, at in enumerate(ticks) if i // 12 % 2 == turn]) for turn, name in enumerate("ab"))
    )
    assert tempo.bpm == pytest.approx(120.0, rel=EXACT)


def test_a_named_clock_is_followed_alone_and_one_that_has_gone_leaves_its_tempo() -> None:
    tempo = Tempo(77.0)
    tempo.follow("drum")
    for at in clock(100.0, 48):
        tempo.tick(at, "synth")
    assert (tempo.bpm, tempo.followed) == (77.0, None)
    for at in clock(130.0, 48):
        tempo.tick(at, "the drum box")
    tempo.forget("the drum box")
    assert (tempo.bpm, tempo.followed) == (pytest.approx(130.0, rel=EXACT), None)


def test_a_tapped_tempo_is_that_of_the_last_taps_and_a_pause_begins_anew() -> None:
    tempo = Tempo()
    for at, bpm in ((0.0, 120.0), (0.6, 100.0), (1.2, 100.0), (10.0, 100.0), (10.4, 150.0)):
        tempo.tap(at)
        assert tempo.bpm == pytest.approx(bpm)
