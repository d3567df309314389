"""Finds a concept from two folders of recordings, reads how well it was found, and plays the stop.

Shows `drawstop.make` on the shipped model, which needs no RAVE of one's own, the verdict and the figures beside random controls,
and `drawstop.Instrument`, whose knob then takes the concept away in the middle of a recording. Without arguments it uses
recordings that come with Drawstop: guitars and voices.

uv run python examples/find_a_concept.py [HAVING LACKING] [--out FOLDER] [--quick]
"""

import argparse
from pathlib import Path

import numpy as np

import drawstop
from drawstop.audio.files import list_audio, read_audio, write_audio
from export.make.options import MakeOptions
from training.find.separated.fit import QueryOptions

TRAINED = drawstop.shipped.EXAMPLE_RECORDINGS / "train"
ROUGH = MakeOptions(query=QueryOptions(steps=40, batch=2, mixtures=8, frames=64, checked=4))


def main() -> None:
    """Find, read, play."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("having", type=Path, nargs="?", default=TRAINED / "guitar")
    parser.add_argument("lacking", type=Path, nargs="?", default=TRAINED / "voice")
    parser.add_argument("--out", type=Path, default=Path("my-concept"))
    parser.add_argument("--quick", action="store_true", help="a rougher fit, in seconds")
    asked = parser.parse_args()

    # 1. From recordings to an instrument. Every line of the look at the recordings is printed.
    options = ROUGH if asked.quick else MakeOptions()
    stops = {"concept": (asked.having, asked.lacking)}
    figures = drawstop.make(stops, asked.out, options=options, tell=print)

    # 2. How good is it? On recordings that nothing was fitted on, and beside random queries of the same separator.
    found = figures["stops"]["concept"]
    print("\n".join(found["verdict"]["sentences"]))
    falls = found["measured"]["solo_falls_db"]
    print(f"alone the concept falls by {falls['stop']:.1f} dB, by a random query {falls['random']:.1f} dB")

    # 3. Play it: the stop goes to -1 half way through.
    organ = drawstop.Instrument(asked.out / "instrument.ts")
    sound, rate = read_audio(list_audio(asked.having)[0], organ.sample_rate, organ.channels[0])
    half = sound.shape[1] // 2
    played = organ.render(sound, [(half / rate, "concept", -1)])
    write_audio(asked.out / "half_away.wav", played, rate)
    for name, part in (("first", slice(0, half)), ("second", slice(half, None))):
        change_db = 10 * np.log10(np.square(played[:, part]).sum() / np.square(sound[:, part]).sum())
        print(f"{asked.out / 'half_away.wav'}: {change_db:.1f} dB in its {name} half")


if __name__ == "__main__":
    main()
