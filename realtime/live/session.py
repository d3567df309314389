"""`drawstop play`, from its options to its last line."""

import os
import platform
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import typer

from drawstop import __version__
from drawstop.errors import DrawstopError
from drawstop.files import write_json
from drawstop.stop_settings import parse_setting
from realtime.backends.choice import OPENVINO, check_backend
from realtime.controllers.mapping.file import find_mapping
from realtime.engine.control_event import ControlEvent
from realtime.engine.control_signals import Ranged, check_event
from realtime.engine.limiter import CEILING_DB
from realtime.engine.parameters import INPUT_GAIN, OUTPUT_GAIN, PARAMETERS, RAMP, WET
from realtime.inputs.file_watcher import FileWatcher
from realtime.inputs.keyboard import pressed_keys
from realtime.inputs.live_controllers import ControllerOptions, LiveControllers
from realtime.inputs.osc import OscOptions
from realtime.live.device_connection import DeviceSelection, parse_channels
from realtime.live.latency import Latency
from realtime.live.status_view import LiveStatus, latency_lines, summary_lines, view
from realtime.live.supervisor import LiveRequest, Supervisor
from realtime.processes.device_ring import DeviceRing
from realtime.processes.duration_histogram import quantile
from realtime.recording.session_file import SessionAbout, begin_session

TICK_S = 0.1


@dataclass(frozen=True)
class PlayOptions:
    """The options of `drawstop play`; its help says what each does."""

    instruments: list[Path]
    settings: list[str] | None
    midi: list[str] | None
    mapping: str | None
    scenes: Path | None
    osc: int | None
    oscquery: int | None
    announce: bool
    listen: str
    allow: list[str] | None
    osc_feedback: list[str] | None
    device: str | None
    input_device: str | None
    output_device: str | None
    input_channels: str | None
    output_channels: str | None
    rate: int | None
    device_block: int
    block: int | None
    latency: str
    input_gain: float
    output_gain: float
    wet: float
    ramp: float
    noise: bool
    seed: int
    backend: str
    levels: bool
    record: Path | None
    seconds: float | None
    headless: bool
    measure: bool
    report: Path | None

    def request(self) -> LiveRequest:
        """The supervisor's settings. Raises DrawstopError for a latency that is no number."""
        if self.latency != "auto" and not self.latency.isdigit():
            raise DrawstopError(f"--latency takes auto or a number of samples, got {self.latency!r}")
        check_backend(self.backend)
        return LiveRequest(
            self.instruments[0],
            DeviceSelection(
                self.input_device or self.device,
                self.output_device or self.device,
                self.rate,
                self.device_block,
                parse_channels(self.input_channels, "--input-channels"),
                parse_channels(self.output_channels, "--output-channels"),
            ),
            self.block,
            None if self.latency == "auto" else int(self.latency),
            self.seed,
            None if self.noise else 0,
            CEILING_DB,
            self.backend,
            self.levels and not self.measure,
        )

    def controllers(self) -> ControllerOptions:
        """The settings of the controllers."""
        mapping = find_mapping(self.mapping) if self.mapping else None
        osc = OscOptions(
            self.osc, self.oscquery, self.listen, self.allow or (), self.announce, self.osc_feedback or ()
        )
        return ControllerOptions(self.midi or (), mapping, self.scenes, osc, self.instruments)

    def first_events(self) -> list[ControlEvent]:
        """Events that move parameters and stops to their values at the start."""
        parameters = (
            (INPUT_GAIN, self.input_gain),
            (OUTPUT_GAIN, self.output_gain),
            (WET, self.wet),
            (RAMP, self.ramp),
        )
        events = [ControlEvent(0, p.slug, value, "option") for p, value in parameters if value != p.default]
        sets = [parse_setting(setting) for setting in self.settings or []]
        return events + [ControlEvent(0, slug, value, "--set") for slug, value in sets]


def perform(options: PlayOptions) -> None:
    """Play until the user ends it.

    Raises:
        DrawstopError: it can't begin, or the audio process has ended.
    """
    os.environ.setdefault("JACK_NO_START_SERVER", "1")  # a server that we started would end with us
    request, events, controller_options = options.request(), options.first_events(), options.controllers()
    controller_options.check()
    supervisor = Supervisor(request)
    # Made before the file is loaded: from here on a change is seen.
    watcher = FileWatcher(request.instrument, lambda: supervisor.swap(request.instrument))
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
        if options.record is not None:
            begin_session(options.record, _about(supervisor, options, latency), request.instrument)
        _run(supervisor, options, events, controller_options, watcher)
    finally:
        supervisor.close()


def _run(
    supervisor: Supervisor,
    options: PlayOptions,
    events: list[ControlEvent],
    controller_options: ControllerOptions,
    watcher: FileWatcher,
) -> None:
    controllers = LiveControllers(supervisor, controller_options)
    controllers.parameters.sync({event.slug: event.value for event in events})
    supervisor.start(events, options.record)
    status = LiveStatus()
    end = None if options.seconds is None else time.monotonic() + options.seconds
    try:
        with ExitStack() as stack:
            stack.enter_context(controllers)
            show = stack.enter_context(_shown(options.headless))
            keys = stack.enter_context(pressed_keys(not options.headless))
            while end is None or time.monotonic() < end:
                time.sleep(TICK_S)
                supervisor.watch()
                status.update(supervisor, supervisor.report())
                status.tempo = controllers.tempo
                show(supervisor, status)
                pressed = keys()
                for key in pressed:
                    controllers.press(key)
                if "q" in pressed:
                    break
                watcher.check()
                controllers.tick()
                controllers.meters(status.levels(), status.stop_levels)
    except KeyboardInterrupt:
        pass  # the usual way to end a performance
    ring = supervisor.ring
    timing = _timing(ring) if ring is not None else {}
    status.final(supervisor, supervisor.close())
    typer.echo("\n".join(summary_lines(status, options.record)), err=True)
    if options.report is not None:
        write_json(
            options.report,
            {"plan": asdict(supervisor.latency) if supervisor.latency else {}, **status.as_json(), **timing},
        )


@contextmanager
def _shown(headless: bool) -> Iterator[Any]:
    """A function that draws the live view; headless, one that prints the notes."""
    if headless:

        def print_notes(supervisor: Supervisor, status: LiveStatus) -> None:
            while supervisor.notes:
                typer.echo(supervisor.notes.pop(0), err=True)

        yield print_notes
        return
    from rich.console import Console
    from rich.live import Live

    with Live(console=Console(stderr=True), auto_refresh=False, transient=True) as live:
        yield lambda supervisor, status: live.update(view(supervisor, status), refresh=True)


def _about(supervisor: Supervisor, options: PlayOptions, latency: Latency) -> SessionAbout:
    import importlib.metadata

    versions = {name: importlib.metadata.version(name) for name in ("torch", "numpy", "soxr")}
    if options.backend == OPENVINO:
        versions["openvino"] = importlib.metadata.version("openvino")
    versions |= {"drawstop": __version__, "python": platform.python_version(), "machine": platform.machine()}
    description = supervisor.description
    return SessionAbout(
        description.sample_rate,
        description.channels_in,
        description.channels_out,
        latency.block,
        options.seed,
        None if options.noise else 0,
        CEILING_DB,
        supervisor.digest,
        versions,
        options.backend,
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
        "unplayed_samples": counters.unplayed_frames,
        **{
            f"callback_{name}_s": {
                f"p{100 * share:g}": quantile(counts, share) for share in (0.5, 0.99, 0.9999)
            }
            | {"max": longest_s}
            for name, (counts, longest_s) in histograms.items()
        },
    }
