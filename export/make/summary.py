"""The text that `drawstop make` prints: figures and a verdict for every stop, and a next step."""

from pathlib import Path

from rich.console import Console
from rich.table import Table

from drawstop.front.calling import program
from drawstop.types import JsonObject
from drawstop.units import percent
from export.make.options import CLIPS, INSTRUMENT, PATCHES


def show(console: Console, figures: JsonObject, out: Path) -> None:
    """Print the figures, all of which are in figures.json, and the verdicts."""
    checks = len(figures["checks"])
    console.print(f"{out / INSTRUMENT}: baked; {checks} checks passed", highlight=False)
    separated = all("depth_db" in each for each in figures["stops"].values())
    console.print(_separated_table(figures["stops"]) if separated else _table(figures["stops"]))
    for each in figures["stops"].values():
        _print_verdict(console, each)
    first = next(iter(figures["stops"]))
    console.print(f"{out / PATCHES}: patches for Max and Pd, with a copy of the instrument", highlight=False)
    console.print(f"\nListen to {out / CLIPS}; every figure is in {out / 'figures.json'}", highlight=False)
    console.print(
        f"Next: {program()} render {out / INSTRUMENT} YOURS.wav -o out.wav --set {first}=-1",
        highlight=False,
        soft_wrap=True,
    )


def _table(stops: dict[str, JsonObject]) -> Table:
    table = Table(title="How often a classifier trained for each stop detects it, in unseen recordings")
    for column in ("stop", "clips", "at 0", "turned to", "detected", "random", "level", "AUROC"):
        table.add_column(column, justify="left" if column in ("stop", "clips") else "right")
    for slug, each in stops.items():
        measured = each["measured"]
        auroc = f"{measured['ear']['reconstructions']['auroc']:.2f}"
        away, added = measured["at_minus_1"], measured["at_plus_1"]
        for part, label in (("solos", "alone"), ("mixtures", "mixed")):
            seen = away[part]
            level = _decibels(seen.get("level_db_stop"))
            table.add_row(
                slug,
                f"{seen['clips']} {label}",
                percent(seen["heard_at_0"]),
                "−1",
                percent(seen["still_heard_stop"]),
                percent(seen["still_heard_random"]),
                level,
                auroc,
            )
        table.add_row(
            slug,
            f"{added['clips']} without",
            percent(added["heard_at_0"]),
            "+1",
            percent(added["brought_in_stop"]),
            percent(added["brought_in_random"]),
            _decibels(added["level_db_stop"]),
            auroc,
            end_section=True,
        )
    table.caption = "At −1: of the clips where it was detected at 0; at +1: of those where it wasn't."
    return table


def _separated_table(stops: dict[str, JsonObject]) -> Table:
    table = Table(
        title="What −1 does to unseen recordings: medians, beside a random query of the same energy"
    )
    for column in ("stop", "sound", "clips", "change", "stop", "random"):
        table.add_column(column, justify="left" if column in ("stop", "sound", "change") else "right")
    rows = (
        ("alone", "solos", "falls by", "solo_falls_db"),
        ("mixed", "mixtures", "rest nearer to the truth by", "rest_gains_db"),
        ("without it", "others", "falls by", "others_fall_db"),
    )
    for slug, each in stops.items():
        measured = each["measured"]
        for sound, kind, change, key in rows:
            values = [_decibels(measured[key][edit]) for edit in ("stop", "random")]
            table.add_row(
                slug, sound, str(measured["clips"][kind]), change, *values, end_section=kind == "others"
            )
    table.caption = "The truth: the mixture's other part as it was played (SI-SDR)."
    return table


def _print_verdict(console: Console, each: JsonObject) -> None:
    verdict = each["verdict"]
    console.print(f"\n[bold]{each['name']}[/bold] ({each['kind']})", highlight=False)
    for sentence in verdict["sentences"]:
        console.print(f"  {sentence}", highlight=False)
    for advice in verdict["advice"]:
        console.print(f"  → {advice}", highlight=False)


def _decibels(value: float | None) -> str:
    return "–" if value is None else f"{value:+.1f} dB"
