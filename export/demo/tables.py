"""The tables that `drawstop demo` prints, from the figures that it has just measured."""

from typing import Any

from rich.console import Console
from rich.table import Table

from drawstop.units import percent

Figures = dict[str, Any]


def show(console: Console, figures: Figures) -> None:
    """Prints what was measured; everything in it stands in figures.json."""
    for name, measured in figures["stops"].items():
        console.print(_stops(name, measured))
        toggle = measured.get("toggle")
        if toggle:
            console.print(
                f"Guitar solos ({toggle['clips']}) with guitar −1 and voice +1: guitar detected in "
                f"{_both(toggle['guitar']['toggled'])} (at 0: {_both(toggle['guitar']['at_0'])}), voice detected in "
                f"{_both(toggle['voice']['toggled'])} (at 0: {_both(toggle['voice']['at_0'])}).",
                highlight=False,
            )
    if len(figures["found"]) > 1:
        console.print(_found(figures["found"]))
    console.print(_detected(figures["heard"]))


def _stops(name: str, measured: Figures) -> Table:
    table = Table(
        title=f"How often two classifiers (ours / a published one) detect the stop's concept, held-out clips, {name} bank"
    )
    for column in (
        "stop",
        "clips",
        "at 0",
        "turned to",
        "detected",
        "random edit",
        "level",
        "spectrum",
        "its random",
    ):
        table.add_column(column, justify="left" if column in ("stop", "clips") else "right")
    for slug, each in measured.items():
        if slug == "toggle":
            continue
        for kind, key, value in (("with", "at_minus_1", "−1"), ("without", "at_plus_1", "+1")):
            edit, random = each[key]["stop"], each[key]["random"]
            table.add_row(
                slug,
                f"{each['clips'][kind]} {kind}",
                _both(each["heard_at_0"][kind]),
                value,
                f"[bold]{_both(edit['heard'])}[/bold]",
                _both(random["heard"]),
                _decibels(edit["level_db"]),
                _decibels(edit["spectral_db"]),
                _decibels(random["spectral_db"]),
            )
    return table


def _found(found: Figures) -> Table:
    """What `find` measured of each stop when the bank was made."""
    table = Table(title="How the stops were found (read from the banks)")
    table.add_column("figure")
    columns = [(bank, slug) for bank, stops in found.items() for slug in stops]
    for bank, slug in columns:
        table.add_column(f"{slug}, {bank}", justify="right")
    keys = sorted({key for bank, slug in columns for key in found[bank][slug]})
    for key in keys:
        values = [found[bank][slug].get(key) for bank, slug in columns]
        if all(value is None or isinstance(value, int | float) for value in values):
            table.add_row(
                key.replace("_", " "), *("–" if value is None else f"{value:g}" for value in values)
            )
    return table


def _detected(predictions: Figures) -> Table:
    table = Table(title="What the classifier detects in the written sounds")
    table.add_column("file")
    concepts = list(next(iter(predictions.values())))
    for concept in concepts:
        table.add_column(concept, justify="right")
        table.add_column(f"{concept}, second by second")
    for name, each in predictions.items():
        cells = []
        for concept in concepts:
            cells += [percent(each[concept]["clip"]), _bars(each[concept]["per_second"])]
        table.add_row(f"{name}.wav", *cells)
    return table


def _bars(probabilities: list[float]) -> str:
    """Probabilities as small bars, at most 30 of them.

    >>> _bars([0.0, 0.5, 1.0])
    '▁▅█'
    """
    return "".join("▁▂▃▄▅▆▇█"[min(int(value * 8), 7)] for value in probabilities[:30])


def _both(predictions: Figures) -> str:
    return f"{percent(predictions['judge'])} / {percent(predictions['tagger'])}"


def _decibels(value: float | None) -> str:
    return "–" if value is None else f"{value:.1f} dB"
