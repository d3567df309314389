"""The messages between the supervisor and its processes: a type for each, so that both ends are checked."""

from dataclasses import dataclass, field

from drawstop.instrument_description import InstrumentDescription
from realtime.engine.control_event import ControlEvent
from realtime.processes.shared_arrays import Descriptor


@dataclass(frozen=True)
class End:
    """Asks any process to end."""


@dataclass(frozen=True)
class Ready:
    """A process waits for work. `real_time`: the system has granted it real-time priority."""

    real_time: bool = False


@dataclass(frozen=True)
class Failed:
    """A process can't do what was asked, and ends. `reason`: one line for the user."""

    reason: str


@dataclass(frozen=True)
class Perform:
    """Begins the performance with an instrument."""

    description: InstrumentDescription
    player: Descriptor
    """The player's shared arrays."""
    slot: int
    """Number of the player's process, 0 or 1."""
    block: int
    ceiling_db: float


@dataclass(frozen=True)
class PerformPassThrough:
    """Begins a performance that gives back its input: for measuring the delay around it."""

    description: InstrumentDescription
    block: int


@dataclass(frozen=True)
class RecordSession:
    """Records the performance from its next block on. The answer is a `Decision`.

    In the middle of a performance the instrument's player must have taken `SaveState` before.
    """

    folder: str
    """The folder that `begin_session` made."""
    from_middle: bool = False
    """Whether the performance has begun before: then its state is recorded too."""


@dataclass(frozen=True)
class EndSession:
    """Ends the recording before the next block; `Report.recording` becomes false when its files are whole."""


@dataclass(frozen=True)
class OpenDevice:
    """Plays into a device's ring from now on."""

    ring: Descriptor
    rate: int
    """The device's, in hertz."""
    channels: tuple[int, int]
    """The device's, in and out."""
    host_block: int
    """The device's largest block, in samples."""
    slack: int
    """The engine's, in device samples."""
    measuring: bool = False
    """Play the measurement's click instead of the output."""


@dataclass(frozen=True)
class CloseDevice:
    """The device is gone; the performance waits for another one."""


@dataclass(frozen=True, slots=True)
class ScheduleEvents:
    """Moves stops and parameters. With slots, as events have: pickled, it is small, and thousands a second fit into the pipe."""

    events: list[ControlEvent]
    device_start: int = 0
    """`Report.device_start` as the events' sender knew it."""


@dataclass(frozen=True)
class SwapInstrument:
    """Swaps in another instrument, which is loaded and warmed up. The answer is a `Decision`."""

    description: InstrumentDescription
    player: Descriptor
    slot: int
    digest: str
    """SHA-256 of the instrument's file."""


@dataclass(frozen=True)
class Decision:
    """The answer to what may be refused. `refusal`: why it isn't done; None: it is."""

    refusal: str | None = None


@dataclass(frozen=True)
class PlayerDied:
    """The player's process in this slot has ended by itself."""

    slot: int


@dataclass(frozen=True)
class GetReport:
    """Asks for a `Report`."""


@dataclass
class Report:
    """The state of the performance. Counters run from the start; peaks are since the last report."""

    sample: int = 0
    """The next input sample."""
    device_start: int = 0
    """The input sample that corresponds to the device's sample 0. Input that was left out isn't counted."""
    values: dict[str, float] = field(default_factory=dict)
    """Values of stops and parameters, by slug."""
    input_peak: float = 0.0
    output_peak: float = 0.0
    lost_blocks: int = 0
    lost_samples: int = 0
    skipped_blocks: int = 0
    least_lead: int = 0
    """Device samples by which blocks were in time, at the closest since this device was opened."""
    replaced_inputs: int = 0
    limited_samples: int = 0
    refused_events: int = 0
    events: int = 0
    swapping: bool = False
    retired: list[int] = field(default_factory=list)
    """Slots of the players that no block needs any more."""
    problem: str | None = None
    unrecorded_blocks: int = 0
    sessions: int = 0
    """The number of sessions that have begun."""
    recording: bool = False
    """Whether the newest one is being recorded, or its last blocks written."""
    recorded_samples: int = 0
    """Input samples of the newest one."""


AudioRequest = (
    Perform
    | PerformPassThrough
    | RecordSession
    | EndSession
    | OpenDevice
    | CloseDevice
    | ScheduleEvents
    | SwapInstrument
    | PlayerDied
    | GetReport
    | End
)
"""All that the audio process takes. It answers `GetReport`, `RecordSession`, `SwapInstrument` and `End`."""


@dataclass(frozen=True)
class PlayerLoaded:
    """The player's process has loaded its instrument."""

    description: InstrumentDescription


@dataclass(frozen=True)
class TryBlock:
    """Asks the player's process how long blocks of this length take. The answer is `BlockTimes`."""

    block: int


@dataclass(frozen=True)
class BlockTimes:
    """The answer to `TryBlock`: the seconds that each block took, and by how many the process woke late after each."""

    seconds: list[float]
    late: list[float]


@dataclass(frozen=True)
class StartPlaying:
    """Asks the player's process to warm up and play the blocks in these shared arrays. The answer is `Ready`."""

    arrays: Descriptor
    block: int


@dataclass(frozen=True)
class SaveState:
    """Asks a player that plays to write its instrument's state, as it is before the next block that is marked for it,
    into a file. The answer, at once, is `Ready`."""

    path: str


PlayerRequest = TryBlock | StartPlaying | SaveState | End
"""All that the player's process takes."""


@dataclass(frozen=True)
class DeviceOpened:
    """The device's process has opened its stream, at this rate in hertz."""

    rate: int
    latency_s: float
    """Seconds from the device's input to its output, as the device says."""


@dataclass(frozen=True)
class LevelsLoaded:
    """The level process has loaded its copy of the instrument."""


@dataclass(frozen=True)
class MeasureLevels:
    """Asks the level process to measure the blocks that a player gets. The answer is `Ready`."""

    stops: tuple[str, ...]
    """The slugs of the player's instrument."""
    block: int
    player: Descriptor
    """The player's shared arrays."""
    levels: Descriptor
    """The shared arrays for the levels."""
