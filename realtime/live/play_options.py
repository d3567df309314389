"""The options of `drawstop play`, and the settings that they are for its parts."""

from dataclasses import dataclass
from pathlib import Path

from drawstop.stop_settings import parse_setting
from realtime.backends.choice import check_backend, check_compiled
from realtime.controllers.mapping.file import find_mapping
from realtime.engine.control_event import ControlEvent
from realtime.engine.limiter import CEILING_DB
from realtime.engine.parameters import INPUT_GAIN, OUTPUT_GAIN, RAMP, WET
from realtime.inputs.live_controllers import ControllerOptions
from realtime.inputs.osc import OscOptions
from realtime.live.device.selection import DeviceSelection, parse_channels
from realtime.live.latency import read_latency
from realtime.live.supervisor import LiveRequest


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
    panel: bool
    panel_open: bool
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
    takes: Path
    seconds: float | None
    headless: bool
    measure: bool
    report: Path | None

    def request(self) -> LiveRequest:
        """The supervisor's settings. Raises DrawstopError for options that can't be read."""
        check_backend(self.backend)
        for instrument in self.instruments:
            check_compiled(self.backend, instrument, self.block)
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
            read_latency(self.latency),
            self.seed,
            None if self.noise else 0,
            CEILING_DB,
            self.backend,
            self.levels and not self.measure,
            self.takes,
        )

    def controllers(self) -> ControllerOptions:
        """The settings of the controllers."""
        mapping = find_mapping(self.mapping) if self.mapping else None
        osc = OscOptions(
            self.osc,
            self.oscquery,
            self.listen,
            self.allow or (),
            self.announce,
            self.osc_feedback or (),
            self.panel or self.panel_open,
            self.panel_open,
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
