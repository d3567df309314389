"""The engine's own parameters: gains, wet, bypass, mute, ramp, reset."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Fader:
    """One parameter of the desk; events reach it by its slug."""

    slug: str
    label: str
    minimum: float
    maximum: float
    default: float = 0.0


INPUT_GAIN = Fader("engine.input_gain", "input gain, dB", -60.0, 24.0)
OUTPUT_GAIN = Fader("engine.output_gain", "output gain, dB", -60.0, 24.0)
WET = Fader("engine.wet", "wet share, 0 to 1", 0.0, 1.0, 1.0)
BYPASS = Fader("engine.bypass", "1: the input as it came, delayed alike", 0.0, 1.0)
MUTE = Fader("engine.mute", "1: silence", 0.0, 1.0)
RAMP = Fader("engine.ramp", "seconds in which a stop reaches a new value", 0.0, 60.0, 0.02)
RESET = Fader("engine.reset", "any event clears the instrument's memory", 0.0, 1.0)
FADERS = (INPUT_GAIN, OUTPUT_GAIN, WET, BYPASS, MUTE)
PARAMETERS = (*FADERS, RAMP, RESET)
