"""`drawstop play`, from its options to its last line."""

import os
import platform
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
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
from realtime.inputs.connect import ControlBridge, ControlRequest, FileWatcher
from realtime.inputs.keyboard import pressed_keys
from realtime.inputs.osc import OscRequest
from realtime.live.device_connection import DeviceSelection
from realtime.live.latency import Latency
from realtime.live.status_view import LiveStatus, latency_lines, summary_lines, view
from realtime.live.supervisor import LiveRequest, Supervisor
from realtime.processes.device_ring import quantile
from realtime.recording.session_file import SessionAbout, begin_session

TICK_S = 0.1


@dataclass(frozen=True)
class PlayOptions:
    """The options of `drawstop play`, as its help tells them."""

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
    device: str | None
    input_device: str | None
    output_device: str | None
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
        """What the stage needs. Raises DrawstopError for a latency that is no number."""
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
            ),
            self.block,
            None if self.latency == "auto" else int(self.latency),
            self.seed,
            None if self.noise else 0,
            CEILING_DB,
            self.backend,
            self.levels and not self.measure,
        )

    def control(self) -> ControlRequest:
        """Who may move the stops."""
        mapping = find_mapping(self.mapping) if self.mapping else None
        osc = OscRequest(self.osc, self.oscquery, self.listen, self.allow or (), self.announce)
        return ControlRequest(self.midi or (), mapping, self.scenes, osc)

    def first_events(self) -> list[ControlEvent]:
        """Where the faders and stops stand at the start."""
        faders = (
            (INPUT_GAIN, self.input_gain),
            (OUTPUT_GAIN, self.output_gain),
            (WET, self.wet),
            (RAMP, self.ramp),
        )
        events = [ControlEvent(0, f.slug, value, "option") for f, value in faders if value != f.default]
        sets = [parse_setting(setting) for setting in self.settings or []]
        return events + [ControlEvent(0, slug, value, "--set") for slug, value in sets]


def perform(options: PlayOptions) -> None:
    """Play until the user ends it.

    Raises:
        DrawstopError: anything that keeps it from beginning; a performance that runs ends by the user alone.
    """
    os.environ.setdefault("JACK_NO_START_SERVER", "1")  # a server that we started would end with us
    request, events, control = options.request(), options.first_events(), options.control()
    control.check()
    stage = Supervisor(request)
    watcher = FileWatcher(
        request.instrument, lambda: stage.swap(request.instrument)
    )  # what comes after is news
    try:
        targets: dict[str, Ranged] = {stop.slug: stop for stop in stage.load().stops}
        targets |= {parameter.slug: parameter for parameter in PARAMETERS}
        for event in events:
            check_event(event, targets)
        typer.echo("Trying how fast this machine plays it…", err=True)
        plan = stage.open()
        typer.echo("\n".join(latency_lines(stage.description.name, plan)), err=True)
        if options.measure:
            from realtime.live.measure_delay import measure

            measure(stage, options.report)
            return
        if options.record is not None:
            begin_session(options.record, _about(stage, options, plan), request.instrument)
        _run(stage, options, events, control, watcher)
    finally:
        stage.close()


def _run(
    stage: Supervisor,
    options: PlayOptions,
    events: list[ControlEvent],
    control: ControlRequest,
    watcher: FileWatcher,
) -> None:
    bridge = ControlBridge(stage, control)
    bridge.hub.adopt({event.slug: event.value for event in events})
    stage.start(events, options.record)
    figures = LiveStatus()
    end = None if options.seconds is None else time.monotonic() + options.seconds
    try:
        with ExitStack() as stack:
            stack.enter_context(bridge)
            show = stack.enter_context(_shown(options.headless))
            keys = stack.enter_context(pressed_keys(not options.headless))
            while end is None or time.monotonic() < end:
                time.sleep(TICK_S)
                stage.watch()
                figures.update(stage, stage.report())
                show(stage, figures)
                if any(_obey(key, stage, bridge, options.instruments) for key in keys()):
                    break
                watcher.look()
                bridge.tick()
                bridge.meters(figures.levels(), figures.stop_levels)
    except KeyboardInterrupt:
        pass  # the usual way to end a performance
    line = stage.line
    timing = _timing(line) if line is not None else {}
    figures.final(stage, stage.close())
    typer.echo("\n".join(summary_lines(figures, options.record)), err=True)
    if options.report is not None:
        write_json(
            options.report, {"plan": asdict(stage.plan) if stage.plan else {}, **figures.as_json(), **timing}
        )


def _obey(key: str, stage: Supervisor, bridge: ControlBridge, instruments: list[Path]) -> bool:
    """Do what a key asks for; whether it asks to end."""
    if key.isdigit() and 1 <= int(key) <= len(instruments):
        stage.swap(instruments[int(key) - 1])
    bridge.press(key)
    return key == "q"


@contextmanager
def _shown(headless: bool) -> Iterator[Any]:
    """A function that draws the live view, or none."""
    if headless:

        def tell(stage: Supervisor, figures: LiveStatus) -> None:
            while stage.notes:
                typer.echo(stage.notes.pop(0), err=True)

        yield tell
        return
    from rich.console import Console
    from rich.live import Live

    with Live(console=Console(stderr=True), auto_refresh=False, transient=True) as live:
        yield lambda stage, figures: live.update(view(stage, figures), refresh=True)


def _about(stage: Supervisor, options: PlayOptions, plan: Latency) -> SessionAbout:
    import importlib.metadata

    versions = {name: importlib.metadata.version(name) for name in ("torch", "numpy", "soxr")}
    if options.backend == OPENVINO:
        versions["openvino"] = importlib.metadata.version("openvino")
    versions |= {"drawstop": __version__, "python": platform.python_version(), "machine": platform.machine()}
    description = stage.description
    return SessionAbout(
        description.sample_rate,
        description.channels_in,
        description.channels_out,
        plan.block,
        options.seed,
        None if options.noise else 0,
        CEILING_DB,
        stage.digest,
        versions,
        options.backend,
    )


def _timing(line: Any) -> dict[str, Any]:
    """The callback's figures, in seconds."""
    counts = {name: np.array(line[name]) for name in ("durations", "intervals")}
    return {
        "callbacks": int(line["callbacks"][0]),
        "host_flags": int(line["flags"][0]),
        "unplayed_samples": int(line["lost"][0]),
        **{
            f"callback_{name}_s": {
                f"p{100 * share:g}": quantile(count, share) for share in (0.5, 0.99, 0.9999)
            }
            | {"max": float(line["longest"][place])}
            for place, (name, count) in enumerate(counts.items())
        },
    }
