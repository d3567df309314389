"""The tables that `drawstop demo` prints, from the figures that it has just measured."""

from rich.console import Console
from rich.table import Table

from drawstop.types import JsonObject
from drawstop.units import percent


def show(console: Console, figures: JsonObject) -> None:
    """Prints what was measured; everything in it stands in figures.json."""
    for name, measured in figures.get("stops", {}).items():
        console.print(_stops(name, measured))
    if len(figures["found"]) > 1:
        console.print(_found(figures["found"]))
    console.print(_detected(figures["heard"]))


def _stops(name: str, measured: JsonObject) -> Table:
    table = Table(
        title=f"What the stops do on held-out recordings, {name} bank: medians, a random control beside them"
    )
    for column in ("stop", "sound", "clips", "change", "−1", "random", "detected at 0", "moved", "random"):
        table.add_column(column, justify="left" if column in ("stop", "sound", "change") else "right")
    rows = (
        ("alone", "solos", "falls by", "solo_falls_db"),
        ("mixed", "mixtures", "rest gains", "rest_gains_db"),
        ("others", "others", "fall by", "others_fall_db"),
    )
    for slug, each in measured.items():
        separation = each["separation"]
        brought = each["detected"].get("brought_in")
        for sound, kind, change, key in rows:
            seen = each["detected"].get(kind)
            shares = [_both(seen[edit]) for edit in ("at_0", "stop", "random")] if seen else ["", "", ""]
            table.add_row(
                slug,
                sound,
                str(separation["clips"][kind]),
                change,
                f"[bold]{_decibels(separation[key]['stop'])}[/bold]",
                _decibels(separation[key]["random"]),
                *shares,
                end_section=kind == "others" and not brought,
            )
        if brought:
            shares = [_both(brought[edit]) for edit in ("at_0", "stop", "random")]
            clips = str(separation["clips"]["others"])
            table.add_row(slug, "others", clips, "[bold]at +1[/bold]", "", "", *shares, end_section=True)
    table.caption = "rest gains: SI-SDR of what stays, against its own recording. Detected: by our classifier / a published one."
    return table


def _found(found: JsonObject) -> Table:
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


def _detected(predictions: JsonObject) -> Table:
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


def _both(predictions: JsonObject) -> str:
    return f"{percent(predictions['judge'])} / {percent(predictions['tagger'])}"


def _decibels(value: float | None) -> str:
    return "–" if value is None else f"{value:.1f} dB"
