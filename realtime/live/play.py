"""`drawstop play`, from its options to its last line."""

import os
import signal
import time
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Any

import typer

from drawstop.files import write_json
from realtime.engine.control_event import ControlEvent
from realtime.engine.control_signals import Ranged, check_event
from realtime.engine.parameters import PARAMETERS
from realtime.inputs.file_watcher import FileWatcher
from realtime.inputs.keyboard import key_names
from realtime.inputs.live_controllers import ControllerOptions, LiveControllers
from realtime.inputs.terminal_keys import pressed_keys
from realtime.live.lost_blocks import LostBlocks
from realtime.live.play_options import PlayOptions
from realtime.live.screen import on_a_terminal, opened_screen, print_notes
from realtime.live.status import LiveStatus
from realtime.live.status_view import latency_lines, state_words, summary_lines, view
from realtime.live.supervisor import Supervisor
from realtime.panel.spectrum import spectra
from realtime.panel.status import PerformanceStatus
from realtime.processes.device_ring import DeviceRing
from realtime.processes.duration_histogram import quantile

TICK_S = 0.1


def perform(options: PlayOptions) -> None:
    """Play until the user ends it.

    Raises:
        DrawstopError: it can't begin, or the audio process has ended.
    """
    os.environ.setdefault("JACK_NO_START_SERVER", "1")  # a server that we started would end with us
    request, events, controller_options = options.request(), options.first_events(), options.controllers()
    controller_options.check()
    supervisor = Supervisor(request)
    # Made before the first is loaded: from here on a change is seen.
    changed: set[Path] = set()
    watchers = [
        FileWatcher(path, partial(changed.add, path), zipfile.is_zipfile)
        for path in dict.fromkeys(options.instruments)
    ]
    try:
        targets: dict[str, Ranged] = {stop.slug: stop for stop in supervisor.load().stops}
        targets |= {parameter.slug: parameter for parameter in PARAMETERS}
        for event in events:
            check_event(event, targets)
        typer.echo("Trying how fast this machine plays it…", err=True)
        latency = supervisor.open()
        typer.echo("\n".join(latency_lines(supervisor.description.name, latency)), err=True)
        if options.measure:
            from realtime.live.measure_delay import measure

            measure(supervisor, options.report)
            return
        _run(supervisor, options, events, controller_options, watchers, changed)
    finally:
        supervisor.close()


def _run(
    supervisor: Supervisor,
    options: PlayOptions,
    events: list[ControlEvent],
    controller_options: ControllerOptions,
    watchers: list[FileWatcher],
    changed: set[Path],
) -> None:
    controllers = LiveControllers(supervisor, controller_options)
    controllers.parameters.sync({event.slug: event.value for event in events})
    status, lost = LiveStatus(), LostBlocks()
    with suppress(KeyboardInterrupt), collected_interrupts() as interrupts, ExitStack() as stack:
        supervisor.start(events, options.record)
        end = None if options.seconds is None else time.monotonic() + options.seconds
        stack.enter_context(controllers)
        _look(status, controllers)
        if options.panel_open:
            typer.echo(status.web_code, err=True)
        viewed = not options.headless and on_a_terminal()
        screen = stack.enter_context(opened_screen()) if viewed else None
        keys = stack.enter_context(
            pressed_keys(True, screen.close, screen.open) if screen else pressed_keys(False)
        )
        while not interrupts and (end is None or time.monotonic() < end):
            time.sleep(TICK_S)
            supervisor.watch()
            status.update(supervisor, supervisor.report())
            note = lost.note(status.report, time.monotonic())
            supervisor.notes.extend([note] if note else [])
            _look(status, controllers)
            status.newest_note = (supervisor.notes or [status.newest_note])[-1]
            if screen is None:
                print_notes(supervisor.notes)
            else:
                screen.show(view(supervisor, status))
            pressed = key_names(keys())
            if pressed:
                status.code_shown = "w" in pressed and options.panel_open
            for key in pressed:
                controllers.keys.press(key)
            if "q" in pressed:
                break
            for watcher in watchers:
                watcher.check()
            while changed:
                if controllers.instruments.is_playing(path := changed.pop()):
                    supervisor.swap(path)
            controllers.tick()
            controllers.meters(status.peaks_db(), status.stop_levels)
            if controllers.panel_address:
                controllers.status(_panel_status(supervisor, status, controllers).messages())
    with collected_interrupts():
        _end(supervisor, status, options.report)


def _end(supervisor: Supervisor, status: LiveStatus, report: Path | None) -> None:
    """Fade out, close everything, print the summary, write the report."""
    ring = supervisor.ring
    timing = _timing(ring) if ring is not None else {}
    status.final(supervisor, supervisor.close())
    typer.echo("\n".join(summary_lines(status, supervisor.recording.folders)), err=True)
    if report is not None:
        plan = asdict(supervisor.latency) if supervisor.latency else {}
        write_json(report, {"plan": plan, **status.as_json(), **timing})


@contextmanager
def collected_interrupts() -> Iterator[list[int]]:
    """Collect interrupts and SIGTERMs in a list: what is half started, or half ended, can't be ended in order.

    The second one raises KeyboardInterrupt, for a user who doesn't wait.
    """
    came: list[int] = []

    def collect(number: int, _: FrameType | None) -> None:
        came.append(number)
        if len(came) > 1:
            raise KeyboardInterrupt

    signals = (signal.SIGINT, signal.SIGTERM)
    before = [signal.signal(each, collect) for each in signals]
    try:
        yield came
    finally:
        for each, handler in zip(signals, before, strict=True):
            signal.signal(each, handler)


def _look(status: LiveStatus, controllers: LiveControllers) -> None:
    """Take over what the view shows of the controllers."""
    if controllers.panel_address != status.web_address:  # at the beginning, and when a code was used
        from realtime.panel.address import qr_code

        status.code_shown = not status.web_address and controllers.codes_used is not None
        status.web_address = controllers.panel_address
        status.web_code = qr_code(status.web_address).rstrip("\n")
    if controllers.web_clients > status.web_clients:
        status.code_shown = False  # somebody has come
    status.tempo, status.web_clients = controllers.tempo, controllers.web_clients
    status.chosen, status.moved = controllers.keys.chosen, controllers.moved
    status.connected, status.awaited = controllers.connected, controllers.awaited
    status.learning, status.scene = controllers.learning.stop, controllers.scene


def _panel_status(
    supervisor: Supervisor, status: LiveStatus, controllers: LiveControllers
) -> PerformanceStatus:
    latency, ring, learning = supervisor.latency, supervisor.ring, controllers.learning
    folder = supervisor.recording.current
    return PerformanceStatus(
        playing=(supervisor.description.name, controllers.instruments.chosen),
        instruments=controllers.instruments.names,
        state=state_words(supervisor, status.report),
        delay_ms=0.0 if latency is None else latency.milliseconds(latency.total),
        load=0.0 if latency is None else status.recent_s * latency.rate / latency.block,
        lost_blocks=status.report.lost_blocks,
        recording="" if folder is None else str(folder),
        recorded_s=status.report.recorded_samples / supervisor.sample_rate,
        moved=controllers.moved,
        learning=learning.stop,
        learned=controllers.learned,
        pad=controllers.scenes.corners,
        scene=controllers.scenes.recalled,
        codes_used=controllers.codes_used,
        note=status.newest_note,
        spectra={} if latency is None else spectra(ring, latency.device_rate),
    )


def _timing(ring: DeviceRing) -> dict[str, Any]:
    """The callback's counters, for `--json`; times in seconds."""
    counters = ring.counters()
    histograms = {
        "durations": (counters.durations, counters.longest_duration_s),
        "intervals": (counters.intervals, counters.longest_interval_s),
    }
    return {
        "callbacks": counters.callbacks,
        "host_flags": counters.host_flags,
        "unplayed_samples": counters.unplayed_samples,
        **{
            f"callback_{name}_s": {
                f"p{100 * share:g}": quantile(counts, share) for share in (0.5, 0.99, 0.9999)
            }
            | {"max": longest_s}
            for name, (counts, longest_s) in histograms.items()
        },
    }
