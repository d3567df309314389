"""The recordings and soundfonts that the separator's corpus is made from: a folder that its user fills.

- `soundfonts/BANK/NNN.sf3`: one General MIDI program of a bank in a file, 128 the drum kit;
  from github.com/marmooo/free-soundfonts, `docs/BANK/`
- `guitars/shiny-acoustic`, `guitars/shiny-electric`: an archtop by microphone and by pickup;
  from github.com/sfzinstruments/karoryfer.shinyguitar
- `guitars/black`, `guitars/green`: two solid-body electrics; from github.com/kmturley/karoryfer.black-and-green-guitars
- `guitars/emily`: a semi-hollow electric; from github.com/sfzinstruments/karoryfer.emilyguitar
- `npm/PACKAGE`, which may be missing: the .mp3 of three more guitars; each from `npm pack PACKAGE`

A folder of `guitars` holds one .flac for each note and loudness, named by its note: `gb3_mf.flac`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from drawstop.errors import DrawstopError
from training.recipes.separator.corpus.concepts import DRUMS

HELD_OUT_BANKS = ("90s_Retro_Vintage_v1.05", "FluidR3_GM", "MuseScore_General_v0.2")
TRAINING_GUITARS = ("black", "emily", "shiny-acoustic")
HELD_OUT_GUITARS = ("green", "shiny-electric")
NPM_GUITARS = tuple(f"tonejs-instrument-guitar-{name}-mp3" for name in ("acoustic", "electric", "nylon"))
SOUNDFONT_SOURCE = "github.com/marmooo/free-soundfonts, docs/"
GUITAR_SOURCES = {
    "black": "github.com/kmturley/karoryfer.black-and-green-guitars",
    "green": "github.com/kmturley/karoryfer.black-and-green-guitars",
    "emily": "github.com/sfzinstruments/karoryfer.emilyguitar",
    "shiny-acoustic": "github.com/sfzinstruments/karoryfer.shinyguitar",
    "shiny-electric": "github.com/sfzinstruments/karoryfer.shinyguitar",
}


@dataclass(frozen=True)
class Material:
    """Material to render from, as paths below one folder with `/` between their parts.

    Attributes:
        soundfonts: files of the training banks.
        held_out_soundfonts: files of HELD_OUT_BANKS.
        npm_guitars: folders of the NPM_GUITARS that are there.
    """

    soundfonts: tuple[str, ...]
    held_out_soundfonts: tuple[str, ...]
    npm_guitars: tuple[str, ...] = ()

    @property
    def guitars(self) -> tuple[str, ...]:
        """Folders of TRAINING_GUITARS."""
        return tuple(f"guitars/{name}" for name in TRAINING_GUITARS)

    @property
    def held_out_guitars(self) -> tuple[str, ...]:
        """Folders of HELD_OUT_GUITARS."""
        return tuple(f"guitars/{name}" for name in HELD_OUT_GUITARS)


def read_material(folder: Path) -> Material:
    """The material in a folder, sorted.

    Raises:
        DrawstopError: soundfonts or guitars are missing; the message says where to get them.
    """
    fonts = sorted(
        f"soundfonts/{path.parent.name}/{path.name}"
        for path in folder.glob("soundfonts/*/[0-9][0-9][0-9].sf3")
        if program_of(path) <= DRUMS
    )
    held_out = [font for font in fonts if bank_of(font) in HELD_OUT_BANKS]
    kept = [font for font in fonts if bank_of(font) not in HELD_OUT_BANKS]
    _require_banks(folder, kept, held_out)
    _require_guitars(folder)
    npm = (f"npm/{package}" for package in NPM_GUITARS)
    return Material(
        tuple(kept), tuple(held_out), tuple(each for each in npm if any((folder / each).glob("*.mp3")))
    )


def program_of(soundfont: str | Path) -> int:
    """The General MIDI program that a soundfont's file is named by; 128 is the drum kit."""
    return int(Path(soundfont).stem)


def bank_of(soundfont: str | Path) -> str:
    """The bank in whose folder a soundfont lies."""
    return Path(soundfont).parent.name


def _require_banks(folder: Path, kept: Iterable[str], held_out: Iterable[str]) -> None:
    missing = sorted(set(HELD_OUT_BANKS) - {bank_of(font) for font in held_out})
    if missing or not any(kept):
        wanted = ", ".join(missing) or "others beside those held out"
        raise DrawstopError(
            f"expected NNN.sf3 of banks in {folder / 'soundfonts'}, found none of {wanted}: get them from {SOUNDFONT_SOURCE}"
        )


def _require_guitars(folder: Path) -> None:
    for name in (*TRAINING_GUITARS, *HELD_OUT_GUITARS):
        if not any((folder / "guitars" / name).glob("*.flac")):
            raise DrawstopError(
                f"expected a guitar's notes (.flac) in {folder / 'guitars' / name}, found none: "
                f"get them from {GUITAR_SOURCES[name]}"
            )
