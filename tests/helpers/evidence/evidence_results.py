"""Example results like those of a bank's experiments, with short tones as sounds."""

import math
from pathlib import Path

import numpy as np
import soundfile

from training.evaluation.report.page import PageHead
from training.evaluation.results import AudioPlayers, Goal, Line, Matrix, Plot, Result, Sound, Table
from training.metrics.bootstrap import Estimate

RATE = 22050
SECONDS = 3.0
HEAD = PageHead(
    "The example bank",
    ("A small RAVE at 44.1 kHz, 256 features at its latent", "Two stops: guitar and voice"),
    {
        "drawstop": "0.1.0",
        "seed": 0,
        "model": "9f2c41d0a7b3",
        "recordings": {"with": 28, "without": 28},
        "hidden": ["guitar", "voice"],
    },
    "28 November 2026",
)
CONCEPTS = ("guitar", "voice", "piano", "strings", "flute", "drums")
VALUES = (-1.0, -0.75, -0.5, -0.25, 0.0, 0.25, 0.5, 0.75, 1.0)


def write_tone(path: Path, hz: float, seconds: float = SECONDS) -> None:
    """A tone that dies away, as quiet as a test's sound should be."""
    times = np.arange(int(seconds * RATE)) / RATE
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, 0.1 * np.sin(2 * math.pi * hz * times) * np.exp(-times), RATE)


def write_tones(folder: Path) -> None:
    """The sounds that `results` shows."""
    for i, name in enumerate(("unsteered", "guitar-off", "guitar-on")):
        write_tone(folder / "steering" / f"{name}.flac", 220 * (i + 1))
    for i in range(4):
        write_tone(folder / "atlas" / f"{i}.wav", 300 + 40 * i, 0.5)


def results(better: float = 0.0) -> tuple[Result, ...]:
    """A bank's evidence: every kind of block, goals reached and missed, a long table.

    Args:
        better: what is added to the shares, so that a second bank has other figures.
    """
    return (_semantics(better), _steering(better), _separability(better), _quality(), _atlas())


def _semantics(better: float) -> Result:
    ones = [0.81, 0.93, 0.74, 0.88, 0.69, 0.97]
    rows = tuple(
        (
            concept,
            _share(min(one + better, 0.99), 0.08, 64),
            _share(min(one + 0.1 + better, 0.995), 0.03, 64),
            _share(0.5 + 0.01 * i, 0.05, 64),
            3 + i,
        )
        for i, (concept, one) in enumerate(zip(CONCEPTS, ones, strict=True))
    )
    table = Table(
        "Balanced accuracy on held-out recordings",
        ("Concept", "One feature", "Five features", "Labels permuted", "Feature"),
        (*rows, ("speech", Estimate(None), _share(0.62, 0.12, 9), _share(0.5, 0.06, 9), None)),
        "share",
        "A dash: no recording with speech was in the part that chooses features. Permuted: the mean of 50 permutations.",
    )
    growth = Plot(
        "How it grows with examples",
        "recordings with and without, each",
        "AUROC",
        tuple(
            _band(name, (2, 5, 10, 20, 50), ys)
            for name, ys in (
                ("five features", (0.71, 0.86, 0.94, 0.96, 0.97)),
                ("log-mel", (0.66, 0.75, 0.84, 0.9, 0.93)),
                ("random features", (0.55, 0.6, 0.66, 0.7, 0.74)),
            )
        ),
        log_x=True,
        note="Bands: 95 % over recordings and 10 draws of the examples.",
    )
    return Result(
        "semantics",
        "Is the space semantic?",
        "Does a feature, or a handful of them, tell what plays? Asked on recordings that nothing was chosen on.",
        "Five features tell six of seven concepts at least as well as log-mel does; speech has too few recordings to say.",
        (table, growth),
        (
            Goal("AUROC ≥ .95 for at least 8 concepts", "7 of 9 concepts", False),
            Goal("permuted labels at chance, .45 to .55", ".503", True),
        ),
        {"auroc": {concept: one for concept, one in zip(CONCEPTS, ones, strict=True)}, "permutations": 50},
        {"seed": 0, "examples": [2, 5, 10, 20, 50], "split": "by recording", "log_mel_bands": 64},
    )


def _steering(better: float) -> Result:
    dose = Plot(
        "Dose and response",
        "value of the stop",
        "clips in which the classifier detects it",
        (
            _band("guitar", VALUES, [0.02, 0.1, 0.4, 0.8, 0.95, 0.97, 0.98, 0.99, 1.0]),
            _band("voice", VALUES, [0.05, 0.2, 0.45, 0.7, 0.9, 0.92, 0.93, 0.96, 0.97]),
            Line("chance", (-1.0, 1.0), (0.5, 0.5)),
        ),
    )
    table = Table(
        "What else moved at −1",
        ("Stop", "Pitch, cents", "Level, dB", "Timbre"),
        (
            (
                "guitar",
                Estimate(3.2, -1.0, 7.9, 28),
                Estimate(-11.4 + better, -13.2, -9.8, 28),
                Estimate(0.4),
            ),
            ("voice", Estimate(-2.1, -6.0, 2.2, 31), Estimate(-8.1, -9.4, -6.6, 31), Estimate(0.31)),
        ),
    )
    clip = AudioPlayers(
        "The same clip, three ways",
        (
            (
                Sound("as played", "steering/unsteered.flac"),
                Sound("guitar at −1", "steering/guitar-off.flac"),
                Sound("guitar at +1", "steering/guitar-on.flac"),
            ),
        ),
        "Held-out recording 07.",
    )
    return Result(
        "steering",
        "Does the knob do what it says?",
        "Turn one stop from −1 to +1 and listen: does its concept go and come, and does the rest stay?",
        "Guitar leaves 98 % of the clips it was detected in and comes into 71 % of those without. "
        "Voice misses its goal at −1: a trace is detected in 12 %.",
        (dose, table, clip),
        (
            Goal("off: detected in at most 10 %, from at least 90 %", "guitar 2 %, from 95 %", True),
            Goal(
                "off: detected in at most 10 %, from at least 90 %, voice",
                f"{12 - 100 * better:.0f} %",
                False,
            ),
            Goal("on: detected in at least 60 %", "guitar 71 %, voice 64 %", True),
        ),
        {"spearman": {"guitar": 0.98, "voice": 0.96}},
        {"values": list(VALUES), "noise": False, "judges": 2},
    )


def _separability(better: float) -> Result:
    values = tuple(
        tuple(
            None
            if (i, j) == (5, 4)
            else round(-0.93 - better if i == j else 0.04 * math.sin(3 * i + 5 * j), 3)
            for j in range(6)
        )
        for i in range(6)
    )
    moved = Matrix(
        "What moves what",
        CONCEPTS,
        CONCEPTS,
        values,
        "stop at −1",
        "change of what the classifier detects",
        note="Share of clips; 0 has no colour.",
    )
    cosines = Matrix(
        "Cosines of the stops' directions",
        CONCEPTS[:3],
        CONCEPTS[:3],
        ((1.0, 0.42, -0.7), (0.42, 1.0, 0.08), (-0.7, 0.08, 1.0)),
    )
    return Result(
        "separability",
        "Is the space separable?",
        "When one stop moves, do the other concepts stay where they are?",
        "Each stop moves its own concept; no other moves by more than 4 points.",
        (moved, cosines),
        (Goal("others move by at most 5 points", "4 points", True),),
        {"cosines": [[1.0, 0.1], [0.1, 1.0]]},
        {},
    )


def _quality() -> Result:
    pareto = Plot(
        "Loss and sparsity",
        "features active at once",
        "fraction of variance explained",
        tuple(
            Line(name, (4, 8, 16, 32), tuple(round(base + 0.09 * math.log2(k), 3) for k in (4, 8, 16, 32)))
            for name, base in (("TopK", 0.42), ("BatchTopK", 0.45), ("JumpReLU", 0.44), ("Matryoshka", 0.39))
        ),
        points=True,
        log_x=True,
    )
    table = Table(
        "Four architectures",
        ("Architecture", "FVE", "L0", "Dead", "Frames", "Trained"),
        (
            ("TopK", 0.91, 16, 0.02, 1_250_000, True),
            ("JumpReLU", 0.923, 15.8, 0.11, 1_250_000, False),
        ),
    )
    return Result(
        "quality",
        "Is the autoencoder a good one?",
        "How much of the model's activations do so few features say?",
        "BatchTopK says most at equal sparsity.",
        (pareto, table),
    )


def _atlas() -> Result:
    names = ("low hum", "bright onset", "breath", "plucked string", "vowel", "hiss")
    rows = tuple(
        (
            f"{(37 * i) % 251:03d}",
            names[i % 6],
            round(0.4 / (1 + i), 4),
            None if i == 3 else round(math.cos(7 * i), 2),
            40.0 * (i % 17) + 55,
        )
        for i in range(36)
    )
    table = Table(
        "All features",
        ("Feature", "Sounds like", "Density", "Brightness r", "Loudest at, Hz"),
        rows,
        note="Names are proposed by descriptors; r is Pearson's.",
    )
    snippets = tuple(
        tuple(Sound(f"feature {i}, moment {j + 1}", f"atlas/{(i + j) % 4}.wav") for j in range(2))
        for i in range(31)
    )
    return Result(
        "atlas",
        "An atlas of the features",
        "What does each feature follow, without any label?",
        "36 of 256 features are active in more than one frame in a thousand.",
        (table, AudioPlayers("Loudest moments", snippets)),
        (),
        {"density": [row[2] for row in rows]},
        {"frames": 120_000},
    )


def _share(mean: float, half: float, n: int) -> Estimate:
    return Estimate(round(mean, 4), round(max(0.0, mean - half), 4), round(min(1.0, mean + half), 4), n)


def _band(name: str, xs: tuple[float, ...], ys: tuple[float, ...] | list[float]) -> Line:
    lows = tuple(round(max(0.0, y - 0.05), 3) for y in ys)
    highs = tuple(round(min(1.0, y + 0.04), 3) for y in ys)
    return Line(name, xs, tuple(ys), lows, highs)
