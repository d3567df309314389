"""Clips to hear what the shipped stops do: python -m training.recipes.separator.clips OUT."""

from __future__ import annotations

import argparse
from pathlib import Path

import torch

from drawstop.audio.files import read_audio
from drawstop.types import Audio
from training.banks.separated_bank import load_separated_bank
from training.banks.separated_edit import SeparatedEdit
from training.recipes.corpus.recordings import fade_out, write_flac16
from training.separation.mdct import HOP, Mdct
from training.shipped import PERFORMANCE, SHIPPED_BANK

SECONDS = 6.0


@torch.no_grad()
def write_clips(out: Path) -> None:
    """The demo's duet as it is and with each stop at -1; its guitar alone, and with guitar at -1 and voice at +1."""
    (guitar, rate), (voice, _) = (
        read_audio(PERFORMANCE / f"{name}.flac", channels=1) for name in ("guitar", "voice")
    )
    bank, mdct = load_separated_bank(SHIPPED_BANK), Mdct()
    samples = round(SECONDS * rate) // HOP * HOP
    slugs = [stop.slug for stop in bank.stops]
    clips: dict[str, tuple[Audio, dict[str, float]]] = {
        "duet": (guitar + voice, {}),
        "guitar-off": (guitar + voice, {"guitar": -1.0}),
        "voice-off": (guitar + voice, {"voice": -1.0}),
        "guitar": (guitar, {}),
        "guitar-to-voice": (guitar, {"guitar": -1.0, "voice": 1.0}),
    }
    for name, (sound, moved) in clips.items():
        latents = mdct(torch.from_numpy(sound)[None, :, :samples])
        edited = SeparatedEdit(bank)(latents, [moved.get(slug, 0.0) for slug in slugs])
        played = mdct.inverse(edited)[0, 0, HOP:]
        write_flac16(out / f"{name}.flac", fade_out(played.numpy(), rate), rate)


def main() -> None:
    """Command line: OUT."""
    parser = argparse.ArgumentParser(description="Write the clips of the shipped stops.")
    parser.add_argument("out", type=Path)
    write_clips(parser.parse_args().out)


if __name__ == "__main__":
    main()
