"""Options and arguments that several commands share, each with its help text, and the look at recordings that they begin with."""

import os
from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from training.data.look.findings import Needs

ModelArgument = Annotated[
    Path,
    typer.Argument(
        help="A RAVE: its exported .ts, or its training run's folder. Or a MusicGen: its folder, or its name on the hub."
    ),
]
RecordingsArgument = Annotated[Path, typer.Argument(help="A folder of recordings; any format and rate.")]
SiteOption = Annotated[
    list[str] | None,
    typer.Option(
        help="The place in the model whose frames are used; several times for several, all for every one: latent, encoder.N, "
        "decoder.N of a RAVE (the latent where nothing is said), layers.N of a MusicGen."
    ),
]
DeviceOption = Annotated[
    str, typer.Option(help="Where a MusicGen and the SAEs are computed: auto, cpu, cuda or mps.")
]
FeaturesOption = Annotated[int, typer.Option(help="Features in the dictionary.")]
KOption = Annotated[int, typer.Option(help="Features that may be active in one frame.")]
StepsOption = Annotated[int, typer.Option(help="Training steps.")]
DtypeOption = Annotated[
    str, typer.Option(help="How frames are stored: float32, or at half the size float16 or bfloat16.")
]

WITH = typer.Option("--with", help="A folder of recordings with the concept.")
WITHOUT = typer.Option("--without", help="A folder of recordings without it.")
WithOption = Annotated[Path, WITH]
WithoutOption = Annotated[Path, WITHOUT]
PromptOption = Annotated[
    list[str] | None,
    typer.Option(
        help="A description of pieces that have the concept, taken away from them at -1; several times for several. "
        "Without one, pieces go on from the recordings."
    ),
]
OtherPromptOption = Annotated[
    list[str] | None,
    typer.Option(help="A description of pieces without the concept, brought into them at +1."),
]
PiecesOption = Annotated[int, typer.Option(help="Pieces that are generated for each trial.")]
LayersOption = Annotated[
    int, typer.Option(help="Of a MusicGen, where BANK isn't there yet: how many layers get one.", min=1)
]
SecondsOption = Annotated[float, typer.Option(help="Length of each piece.")]


def first_look(
    folders: Sequence[Path], needs: "Needs | None" = None, opposites: Iterable[tuple[Path, Path]] = ()
) -> None:
    """Look at every recording, and say on stderr what is used, skipped and odd; of several processes the first one does.

    Raises:
        DrawstopError: recordings that would spoil the result, all of them at once, or as `look_at`.
    """
    from drawstop.progress import steps_bar
    from training.data.look.look import look_at

    if os.environ.get("RANK", "0") != "0":
        return
    with steps_bar() as progress:
        look = look_at(folders, needs, opposites, progress)
    look.tell_then_refuse(partial(typer.echo, err=True))


def look_at_labelled(folder: Path) -> None:
    """`first_look` at a data set; of a public one, which may be huge, at the headers."""
    from training.data.layouts import folders
    from training.data.look.findings import Needs
    from training.data.read_labelled import recognise

    own = recognise(folder) == folders.LAYOUT.name
    first_look([folder], Needs(levels_matter=False, samples=own))
