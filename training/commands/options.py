"""Options and arguments that several commands share, with help texts, and the look at recordings before the work."""

import os
from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from training.activations.streamed_frames import ModelFrames
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
MusicGenDeviceOption = Annotated[
    str, typer.Option("--device", help="Where a MusicGen is computed: auto, cpu, cuda or mps.")
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
    int, typer.Option(help="With a MusicGen, where BANK isn't there yet: how many layers get one.", min=1)
]
SecondsOption = Annotated[float, typer.Option(help="Length of each piece.")]

BankArgument = Annotated[Path, typer.Argument(help="A bank with stops, as drawstop find made them.")]
ModelOption = Annotated[
    Path | None,
    typer.Option(help="The model that the bank is of; the example bank in training/demo knows its own."),
]
RecordingsOption = Annotated[
    Path | None,
    typer.Option(
        help="Labelled recordings: a sub-folder for each concept (guitar/, voice/, guitar+voice/, neither/), or a data set in "
        "its own layout. The example bank has its own."
    ),
]
OnlyOption = Annotated[
    list[str] | None,
    typer.Option("--only", help="An experiment; several times for several. All of them otherwise."),
]
QuickOption = Annotated[
    bool, typer.Option("--quick", help="Fewer clips and layers: minutes instead of a quarter of an hour.")
]
SeedOption = Annotated[int, typer.Option(help="Same seed, same figures.", min=0)]
ClapOption = Annotated[
    Path | None,
    typer.Option("--clap", help="A published CLAP's folder: one classifier more, asked in words."),
]
ClassifierOption = Annotated[
    Path | None,
    typer.Option(
        "--classifier",
        "--judge",
        help="A trained classifier of the concepts; one is trained on the recordings otherwise.",
    ),
]
EvidencePromptOption = Annotated[
    list[str] | None,
    typer.Option(
        "--prompt",
        help="With a MusicGen: a description of pieces, LABELS=TEXT, as in guitar+voice='a folk song' or neither=piano; several "
        "times for several.",
    ),
]
OutOption = Annotated[
    Path | None,
    typer.Option("-o", "--out", help="Where results and sounds are kept; BANK.evidence otherwise."),
]


def first_look(
    folders: Sequence[Path], needs: "Needs | None" = None, opposites: Iterable[tuple[Path, Path]] = ()
) -> None:
    """Look at every recording and report on stderr what is used, skipped and odd (in the first of several processes).

    Raises:
        DrawstopError: recordings that would spoil the result, all of them at once, or as `look_at`.
    """
    from drawstop.progress import steps_bar
    from training.data.look.look import look_at

    if os.environ.get("RANK", "0") != "0":
        return
    with steps_bar() as progress:
        look = look_at(folders, needs, opposites, progress)
    look.report_then_refuse(partial(typer.echo, err=True))


def look_at_labelled(folder: Path) -> None:
    """`first_look` at a data set; at the headers only of a public one, which may be huge."""
    from training.data.layouts import folders
    from training.data.look.findings import Needs
    from training.data.read_labelled import recognise

    own = recognise(folder) == folders.LAYOUT.name
    first_look([folder], Needs(levels_matter=False, samples=own))


def opened_frames(
    model: Path, recordings: Path, sites: list[str] | None, device: str, samples: bool = True
) -> "ModelFrames":
    """The frames of a model's sites and a folder of recordings, as the options name them, after a look at them.

    Args:
        samples: False looks at the headers only.
    """
    from training.activations.streamed_frames import ModelFrames
    from training.data.look.findings import Needs
    from training.data.recordings import scan
    from training.models.open import open_layered
    from training.models.protocols import usual_sites

    opened = open_layered(model, device)
    first_look([recordings], Needs(channels=opened.channels, samples=samples))
    return ModelFrames(opened, scan(recordings), usual_sites(opened, sites))
