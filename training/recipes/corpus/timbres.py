"""The timbres of the demo corpus: General MIDI programs of four Debian soundfonts and espeak-ng singers."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Concept = Literal["guitar", "voice", "other"]

SOUNDFONT_FOLDERS = (
    Path("/usr/share/sounds/sf2"),
    Path("/usr/share/sounds/sf3"),
    Path("/usr/share/soundfonts"),
)
FLUID = "FluidR3_GM.sf2"
TIM = "TimGM6mb.sf2"
BANK = "sf_GMbank.sf2"
MUSE = "MuseScore_General_Lite.sf3"
ESPEAK = "espeak-ng"
"""Stands in the soundfont's place for a timbre sung by espeak-ng and the WORLD vocoder."""


@dataclass(frozen=True)
class Timbre:
    """One timbre.

    `soundfont` is a file name (looked up in SOUNDFONT_FOLDERS) played with `bank` and `program`, or ESPEAK,
    sung by the espeak-ng voice `speaker`. Timbres `held_out` are rendered but never trained on.
    """

    name: str
    concept: Concept
    soundfont: str
    bank: int = 0
    program: int = 0
    held_out: bool = False
    speaker: str = ""


TIMBRES: tuple[Timbre, ...] = (
    Timbre("fluid-nylon", "guitar", FLUID, 0, 24),
    Timbre("fluid-choir", "voice", FLUID, 0, 52),
    Timbre("fluid-steel", "guitar", FLUID, 0, 25),
    Timbre("singer-fred", "voice", ESPEAK, speaker="en-us+m1"),
    Timbre("fluid-jazz-guitar", "guitar", FLUID, 0, 26),
    Timbre("muse-choir", "voice", MUSE, 0, 52),
    Timbre("fluid-clean-guitar", "guitar", FLUID, 0, 27),
    Timbre("tim-choir", "voice", TIM, 0, 52),
    Timbre("fluid-twelve-string", "guitar", FLUID, 8, 25),
    Timbre("singer-anna", "voice", ESPEAK, speaker="en-us+f2"),
    Timbre("tim-nylon", "guitar", TIM, 0, 24),
    Timbre("singer-bert", "voice", ESPEAK, speaker="en-us+m3"),
    Timbre("muse-steel", "guitar", MUSE, 0, 25),
    Timbre("singer-clara", "voice", ESPEAK, speaker="en-us+f5"),
    Timbre("muse-nylon", "guitar", MUSE, 0, 24),
    Timbre("singer-dirk", "voice", ESPEAK, speaker="en-us+m7"),
    Timbre("muse-jazz-guitar", "guitar", MUSE, 0, 26),
    Timbre("singer-gwen", "voice", ESPEAK, speaker="en-us+f1"),
    Timbre("tim-clean-guitar", "guitar", TIM, 0, 27),
    Timbre("singer-ivan", "voice", ESPEAK, speaker="en-us+m4"),
    Timbre("fluid-piano", "other", FLUID, 0, 0),
    Timbre("fluid-flute", "other", FLUID, 0, 73),
    Timbre("muse-strings", "other", MUSE, 0, 48),
    Timbre("tim-clarinet", "other", TIM, 0, 71),
    Timbre("tim-steel", "guitar", TIM, 0, 25, held_out=True),
    Timbre("bank-choir", "voice", BANK, 0, 52, held_out=True),
    Timbre("singer-erna", "voice", ESPEAK, held_out=True, speaker="en-us+f4"),
    Timbre("tim-jazz-guitar", "guitar", TIM, 0, 26, held_out=True),
    Timbre("singer-hugo", "voice", ESPEAK, held_out=True, speaker="en-us+m2"),
    Timbre("fluid-trumpet", "other", FLUID, 0, 56, held_out=True),
)


TARGETS = {"guitar": "fluid-nylon", "voice": "fluid-choir"}
"""The timbre that each stop's +1 should sound like."""


def find_soundfont(name: str) -> Path:
    """The path of a soundfont file; FileNotFoundError names the folders searched and the Debian packages."""
    for folder in SOUNDFONT_FOLDERS:
        if (folder / name).is_file():
            return folder / name
    searched = ", ".join(str(folder) for folder in SOUNDFONT_FOLDERS)
    packages = "fluid-soundfont-gm timgm6mb-soundfont csound-soundfont musescore-general-soundfont-small"
    raise FileNotFoundError(f"no soundfont {name} in {searched}; on Debian: apt install {packages}")
