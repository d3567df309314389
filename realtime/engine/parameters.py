"""The engine's own parameters: gains, wet, bypass, mute, ramp, reset."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Parameter:
    """One parameter of the engine; events reach it by its slug."""

    slug: str
    label: str
    minimum: float
    maximum: float
    default: float = 0.0


INPUT_GAIN = Parameter("engine.input_gain", "input gain, dB", -60.0, 24.0)
OUTPUT_GAIN = Parameter("engine.output_gain", "output gain, dB", -60.0, 24.0)
WET = Parameter("engine.wet", "wet share, 0 to 1", 0.0, 1.0, 1.0)
BYPASS = Parameter("engine.bypass", "1: the input as it came, delayed alike", 0.0, 1.0)
MUTE = Parameter("engine.mute", "1: silence", 0.0, 1.0)
RAMP = Parameter("engine.ramp", "seconds in which a stop reaches a new value", 0.0, 60.0, 0.02)
RESET = Parameter("engine.reset", "any event clears the instrument's memory", 0.0, 1.0)
STRIP_PARAMETERS = (INPUT_GAIN, OUTPUT_GAIN, WET, BYPASS, MUTE)
PARAMETERS = (*STRIP_PARAMETERS, RAMP, RESET)
