"""The commands `drawstop bake`, `drawstop verify`, `drawstop patches` and `drawstop inspect`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from export.instrument.verify import Check

JsonOption = Annotated[Path | None, typer.Option("--json", help="Write the same facts to this file.")]


def bake(
    model: Annotated[Path, typer.Argument(help="A RAVE: its exported .ts, or its training run's folder.")],
    banks: Annotated[
        list[Path], typer.Argument(help="Banks with at least one stop each, of any of the model's sites.")
    ],
    out: Annotated[Path, typer.Option("-o", "--out", help="The instrument to write, X.ts.")],
    json: JsonOption = None,
) -> None:
    """Put one or more banks inside a RAVE, verify the result as its host would use it, and write it as one file.

    Example: drawstop bake rave.ts bank/ -o organ.ts
    """
    from drawstop.files import write_json
    from export.instrument.bake import bake as bake_instrument

    if model.is_dir():
        from training.models.rave.export_run import export_run

        model = export_run(model)
    baked = bake_instrument(model, banks, out)
    _print_checks(baked.checks)
    stops = ", ".join(stop.slug for stop in baked.description.stops)
    typer.echo(f"{out}: {stops}; {baked.description.delay_samples} samples of delay")
    if json is not None:
        write_json(json, {"instrument": str(out), "checks": _facts(baked.checks)})


def verify(
    instrument: Annotated[Path, typer.Argument(help="A baked instrument, X.ts.")],
    model: Annotated[
        Path | None, typer.Option(help="The RAVE it was made from: compares the neutral bits too.")
    ] = None,
    json: JsonOption = None,
) -> None:
    """Call an instrument as its host would, and compare the outputs. Exits with 2 when a check fails.

    Example: drawstop verify organ.ts --model rave.ts
    """
    from drawstop.files import write_json
    from export.instrument.verify import require
    from export.instrument.verify import verify as verify_instrument

    checks = verify_instrument(instrument, model)
    _print_checks(checks)
    if json is not None:
        write_json(json, {"instrument": str(instrument), "checks": _facts(checks)})
    require(checks)


def patches(
    instrument: Annotated[Path, typer.Argument(help="A baked instrument, X.ts.")],
    out: Annotated[Path, typer.Option("-o", "--out", help="The folder to write.")],
    package: Annotated[
        bool,
        typer.Option(
            "--package", help="A folder to drop among Max's packages or Pd's externals, X.ts inside."
        ),
    ] = False,
) -> None:
    """Write an instrument's patches for Pd, Max and Live: a labelled knob per stop, and help for every method.

    Example: drawstop patches organ.ts -o organ-patches
    """
    from export.instrument.verify import open_instrument
    from export.patches.write import write_package, write_patches

    _, description = open_instrument(instrument)
    if package:
        write_package(description, instrument, out)
    else:
        write_patches(description, instrument.name, out)
    typer.echo(
        f"{out}: open {instrument.stem}.pd or {instrument.stem}.maxpat; README.md has the three steps to sound"
    )


def inspect(
    path: Annotated[
        Path,
        typer.Argument(help="An instrument, a RAVE, a bank, frames, a recording, or a data set's folder."),
    ],
    json: JsonOption = None,
) -> None:
    """Say what a file or folder is, and what is in it; of a data set also what its recordings are enough to measure.

    Example: drawstop inspect organ.ts
    """
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    from drawstop.files import write_json
    from export.commands.inspect import describe_path

    facts = describe_path(path)
    table = Table(show_header=False, box=None, title=f"{path}: {facts['kind']}", title_justify="left")
    for key, value in facts.items():
        if key not in ("kind", "stops", "methods", "sites", "labels", "notes"):
            table.add_row(key.replace("_", " "), _text(value))
    for method in facts.get("methods", []):
        table.add_row(f"method {method['name']}", _ports(method))
    for site in facts.get("sites", []):
        table.add_row(f"site {site['site']}", f"{site['width']} wide, a frame every {site['ratio']} samples")
    for label in facts.get("labels", []):
        table.add_row(escape(f"label {label['label']}"), escape(_measurable(label)))
    for note in facts.get("notes", []):
        table.add_row("note", escape(note))
    for stop in facts.get("stops", []):
        table.add_row(f"stop {stop['slug']}", _text({k: v for k, v in stop.items() if k != "slug"}))
    Console().print(table)
    if json is not None:
        write_json(json, facts)


def _print_checks(checks: "list[Check]") -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table("check", "held", "seen")
    for check in checks:
        table.add_row(check.name, "yes" if check.passed else "NO", check.seen)
    Console().print(table)


def _facts(checks: "list[Check]") -> list[dict[str, Any]]:
    return [{"name": check.name, "passed": check.passed, "seen": check.seen} for check in checks]


def _ports(method: dict[str, Any]) -> str:
    ends = (
        f"{len(method[f'{end}lets'])} {end} (a value every {method[f'{end}_ratio']})" for end in ("in", "out")
    )
    return f"{', '.join(ends)}, delay {method['delay_samples']} samples"


def _measurable(label: dict[str, Any]) -> str:
    """How many recordings have a label, and what they are enough for."""
    counts = _text({split: label[split] for split in ("train", "validation", "test")})
    lines = [f"{counts}; enough for: {_text(label['enough_for']) or 'nothing'}"]
    too_little: dict[str, str] = label["too_little_for"]
    for lack in dict.fromkeys(too_little.values()):
        experiments = ", ".join(name for name, each in too_little.items() if each == lack)
        lines.append(f"too little for {experiments}: {lack}")
    return "\n".join(lines)


def _text(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} {_text(inner)}" for key, inner in value.items())
    if isinstance(value, list):
        return ", ".join(_text(inner) for inner in value)
    return f"{value:.4g}" if isinstance(value, float) else str(value)
