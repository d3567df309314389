"""The options and the request of `drawstop make`, checked before any long work."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from drawstop.audio.files import list_audio
from drawstop.errors import DrawstopError
from drawstop.files import require_writable, sha256_file
from drawstop.progress import Progress
from training.banks.bank import SEPARATOR_FILE, STOPS_FILE
from training.banks.stop import make_slug
from training.classifiers.concept_classifier import CONCEPT_OPTIONS
from training.classifiers.training import ClassifierOptions
from training.data.look.findings import Needs
from training.data.look.look import look_at
from training.data.phrases import Kind, deal_kinds, is_like, shared_phrases
from training.data.recordings import LEARNED_AT_LEAST, TEST_AT_LEAST, Split
from training.find.rave.encoded_recordings import refuse_overlap
from training.find.rave.find import FindOptions, kind_of
from training.find.separated.fit import QueryOptions
from training.models.open import open_rave
from training.shipped import SHIPPED_BANK, SHIPPED_RAVE

if TYPE_CHECKING:
    from training.models.rave.model import RaveModel

BANK, INSTRUMENT, FIGURES, CLIPS, PATCHES, UNFINISHED = (
    "bank",
    "instrument.ts",
    "figures.json",
    "clips",
    "patches",
    "unfinished",
)
FEWEST = TEST_AT_LEAST + LEARNED_AT_LEAST
SHORTEST_SECONDS = 1.0


@dataclass(frozen=True)
class MakeOptions:
    """The options of `drawstop make`: how much is trained and fitted."""

    find: FindOptions = field(default_factory=FindOptions)
    """How each stop is found; its seed decides everything random."""
    classifier: ClassifierOptions = CONCEPT_OPTIONS
    """How the classifier that measures each stop is trained."""
    sae_steps: int = 1500
    query: QueryOptions = field(default_factory=QueryOptions)
    """How the query of each stop of the shipped model is fitted."""
    brings_in: bool = False
    """Whether stops of the shipped model bring in too: +1 plays grains of the recordings."""
    threads: int = 2
    """The order of a sum, and so its last bit, depends on it."""

    @staticmethod
    def of(seed: int, kind: str, like: str, brings_in: bool = False) -> MakeOptions:
        """The command line's options. Raises DrawstopError for an unknown kind."""
        return MakeOptions(FindOptions(seed=seed, kind=kind_of(kind), like=like), brings_in=brings_in)


@dataclass(frozen=True)
class StopRequest:
    """One stop that is asked for, with its recordings and their hashes, in the same order."""

    name: str
    with_paths: list[Path]
    without_paths: list[Path]
    hashes: tuple[list[str], list[str]]
    seed: int

    def recordings(self, *splits: Split) -> tuple[list[Path], list[Path]]:
        """The recordings with and without the concept in these splits, dealt as `find_stop` deals them."""
        having, lacking = (
            [path for (path, _), split in zip(kind, dealt, strict=True) if split in splits]
            for kind, dealt in zip(self.kinds, deal_kinds(self.kinds, self.seed), strict=True)
        )
        return having, lacking

    @property
    def kinds(self) -> tuple[Kind, Kind]:
        """Path and hash of each recording with, and of each without."""
        having, lacking = self.hashes
        return (
            list(zip(self.with_paths, having, strict=True)),
            list(zip(self.without_paths, lacking, strict=True)),
        )

    def any_like(self, like: str) -> bool:
        """True where the name of a recording with the concept matches this pattern."""
        return any(is_like(path, like) for path in self.with_paths)


@dataclass(frozen=True)
class MakeRequest:
    """Everything that decides the result, and the folder to write into."""

    model: RaveModel
    stops: list[StopRequest]
    out: Path
    options: MakeOptions

    @property
    def seed(self) -> int:
        """The seed of everything random."""
        return self.options.find.seed

    @property
    def is_shipped(self) -> bool:
        """True for the model that comes with Drawstop: its separator makes the stops."""
        return self.model.fingerprint == sha256_file(SHIPPED_RAVE)

    def find_options(self, wanted: StopRequest) -> FindOptions:
        """The options for one stop: without the pattern `like` where none of its recordings matches it."""
        find = self.options.find
        return find if wanted.any_like(find.like) else replace(find, like="*")

    def identity(self) -> str:
        """A hash of everything that decides the result: only work of the same identity is resumed."""
        asked = {
            "model": self.model.fingerprint,
            "options": self._options_as_stored(),
            "stops": [(wanted.name, *wanted.hashes) for wanted in self.stops],
        }
        if any(shared_phrases(wanted.kinds) for wanted in self.stops):
            asked["parallel"] = (
                "dealt together"  # earlier versions dealt them apart: their work isn't gone on with
            )
        if self.is_shipped:
            asked["separator"] = sha256_file(SHIPPED_BANK / SEPARATOR_FILE)
        return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()

    def _options_as_stored(self) -> dict[str, Any]:
        """The options by the names that unfinished work is identified with: `ear` is the classifier's."""
        fields = asdict(self.options)
        if not self.is_shipped:
            del fields["query"], fields["brings_in"]
        for options in (fields, fields["find"]):
            options["ear"] = options.pop("classifier")
        return fields


def read_request(
    model: Path | None,
    stops: list[tuple[str, Path, Path]],
    out: Path,
    options: MakeOptions,
    progress: Progress | None = None,
    show_line: Callable[[str], None] | None = None,
) -> MakeRequest:
    """Read the folders and the model (None: the shipped one), and check all of them before anything is written.

    Args:
        show_line: called with each line of what a look at the recordings shows.

    Raises:
        DrawstopError: a name, a recording, the model or the output folder can't be used.
    """
    _refuse_names([name for name, _, _ in stops])
    wanted = [_stop_request(*stop, seed=options.find.seed) for stop in stops]
    if not any(each.any_like(options.find.like) for each in wanted):
        raise DrawstopError(
            f"no recording with a concept has a name like {options.find.like!r} (--like): give another pattern"
        )
    for _, *folders in stops:
        for folder in folders:
            if out.resolve() == folder.resolve() or folder.resolve() in out.resolve().parents:
                raise DrawstopError(f"--out {out} lies among the recordings of {folder}: give another folder")
    opened = open_rave(SHIPPED_RAVE if model is None else model, "latent")
    request = MakeRequest(opened, wanted, out, options)
    _refuse_other_kinds(request)
    _look(
        [(having, lacking) for _, having, lacking in stops],
        request,
        progress,
        show_line or (lambda line: None),
    )
    _refuse_foreign(request)
    require_writable(out)
    return request


def _stop_request(name: str, with_folder: Path, without_folder: Path, seed: int) -> StopRequest:
    paths = (list_audio(with_folder), list_audio(without_folder))
    refuse_overlap(*paths)
    hashes = ([sha256_file(path) for path in paths[0]], [sha256_file(path) for path in paths[1]])
    for folder, digests in zip((with_folder, without_folder), hashes, strict=True):
        if len(set(digests)) < FEWEST:
            raise DrawstopError(
                f"expected {FEWEST} different recordings or more in {folder}, got {len(set(digests))}: "
                f"{LEARNED_AT_LEAST} to learn from and {TEST_AT_LEAST} that the verdict is measured on; ten are a good start"
            )
    return StopRequest(name, *paths, hashes, seed)


def _refuse_names(names: list[str]) -> None:
    if not names:
        raise DrawstopError("expected a stop or more: --stop NAME WITH_FOLDER WITHOUT_FOLDER")
    slugs: dict[str, str] = {}
    for name in names:
        if not name.strip():
            raise DrawstopError("a stop needs a name: --stop NAME WITH_FOLDER WITHOUT_FOLDER")
        slug = make_slug(name)
        if slug in slugs:
            raise DrawstopError(
                f"two stops would be called {slug} ({slugs[slug]!r} and {name!r}): give them different names"
            )
        slugs[slug] = name


def _look(
    pairs: list[tuple[Path, Path]],
    request: MakeRequest,
    progress: Progress | None,
    show_line: Callable[[str], None],
) -> None:
    """Look at every recording. Raises DrawstopError naming all that can't be used."""
    channels = request.model.rates.channels
    needs = Needs(SHORTEST_SECONDS, sounding=True, channels=channels, levels_matter=not request.is_shipped)
    look_at([folder for pair in pairs for folder in pair], needs, pairs, progress).report_then_refuse(
        show_line
    )


def _refuse_other_kinds(request: MakeRequest) -> None:
    """Raise DrawstopError for options of the other kind of model."""
    options = request.options
    if request.is_shipped and (options.find.kind != "auto" or options.find.like != "*"):
        raise DrawstopError(
            "--kind and --like are of stops made of your own RAVE: leave them out, or give a RAVE"
        )
    if options.brings_in and not request.is_shipped:
        raise DrawstopError(
            "--bring-in is of the shipped model's stops: with your own RAVE, +1 is found from parallel recordings"
        )


def _refuse_foreign(request: MakeRequest) -> None:
    """Raise DrawstopError for an output folder that holds something else, or unfinished work of other arguments."""
    out = request.out
    if out.exists() and not out.is_dir():
        raise DrawstopError(
            f"can't write into {out}: a file of that name exists; give another folder with --out"
        )
    ours = (out / FIGURES).is_file() and (out / BANK / STOPS_FILE).is_file()
    unfinished = out / UNFINISHED / "request.json"
    if out.is_dir() and any(out.iterdir()) and not ours and not unfinished.is_file():
        raise DrawstopError(f"{out} holds files that aren't ours to replace; give another folder with --out")
    if (
        unfinished.is_file()
        and json.loads(unfinished.read_text("utf-8")).get("identity") != request.identity()
    ):
        raise DrawstopError(
            f"{out / UNFINISHED} holds work that was begun with another model, other recordings or options: "
            "delete it to start anew, or give another folder with --out"
        )
