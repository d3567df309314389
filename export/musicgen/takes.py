"""Takes of a piece on disk: sound, the unsteered sound beside it, and a JSON file that makes them again."""

import itertools
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from drawstop.audio.files import write_audio
from drawstop.errors import DrawstopError
from drawstop.files import sha256_file, write_json
from drawstop.progress import Progress
from export.musicgen.generate import read_settings, read_sound, steps_of
from export.musicgen.stop_schedule import StopSchedule
from export.musicgen.take_file import TakeRequest, record_of
from realtime.controllers.mapping.file import find_mapping, read_mapping
from realtime.controllers.midi.midi_file import read_midi_file
from training.banks.bank import bank_fingerprint, load_bank
from training.banks.bank_folders import bank_folders
from training.banks.stop import make_slug
from training.models.musicgen.model import MusicGenModel
from training.models.musicgen.sampling import Generated, Sampling, require_possible

SUFFIXES = (".wav", ".flac")
NAME_LETTERS = 40


@dataclass(frozen=True)
class Take:
    """One seed's music.

    Attributes:
        request: everything that decides it, with its seed.
        made: "steered", and "unsteered" where that is made too.
        new: the key of the one that was made last.
    """

    request: TakeRequest
    made: dict[str, Generated]
    new: str


class TakeMaker:
    """Makes takes with a model and its banks; everything is opened and checked before the first take.

    Args:
        request: what to make; `takes` is given the seeds.
        midi: a MIDI file whose movements are the request's events.
        mapping: which of its controllers moves what, as `find_mapping` takes it.

    Raises:
        DrawstopError: a part can't be loaded, or doesn't fit the others.
    """

    def __init__(self, request: TakeRequest, midi: Path | None = None, mapping: str | None = None) -> None:
        settings = read_settings(request.settings)
        folders = [folder for bank in request.banks for folder in bank_folders(Path(bank))]
        self.model = MusicGenModel(request.model, request.device, request.precision)
        self.schedule = StopSchedule(self.model, [load_bank(folder) for folder in folders])
        if midi is not None:
            rules = read_mapping(find_mapping(mapping)) if mapping else None
            events = read_midi_file(midi, self.model.sample_rate, self.schedule.targets, rules)
            request = replace(request, events=tuple(events))
        self.request = request
        self.values = self.schedule.values(settings, request.events, steps_of(self.model, request.sampling))
        given = {"audio_prompt": request.audio_prompt, "melody": request.melody}
        self.sounds = {name: read_sound(Path(path), self.model) for name, path in given.items() if path}
        sounds = (self.sounds.get(name) for name in given)
        require_possible(self.model.model, request.sampling, request.prompts, *sounds)
        self.fingerprints = {
            "model": self.model.fingerprint,
            "banks": [bank_fingerprint(folder) for folder in folders],
            **{name: sha256_file(Path(path)) for name, path in given.items() if path},
        }

    def takes(self, seeds: Sequence[int], unsteered: bool, progress: Progress) -> Iterator[Take]:
        """A take for each seed, as soon as it is made; where `unsteered`, once more with the unsteered music added."""
        for seed in seeds:
            request = replace(self.request, sampling=replace(self.request.sampling, seed=seed))
            made: dict[str, Generated] = {}
            for name in ("steered", "unsteered") if unsteered else ("steered",):
                made = {**made, name: self._generate(request.sampling, name, progress)}
                yield Take(request, made, name)

    def _generate(self, sampling: Sampling, name: str, progress: Progress) -> Generated:
        prompts = self.request.prompts
        return self.model.generate(
            prompts,
            sampling,
            edits=self.schedule.edits(self.values, len(prompts)) if name == "steered" else {},
            progress=lambda done, total: progress(f"seed {sampling.seed}, {name}", done, total),
            audio_prompt=self.sounds.get("audio_prompt"),
            melody=self.sounds.get("melody"),
        )


@dataclass(frozen=True)
class OutputPaths:
    """The paths of takes: in a folder, or one sound file with the other files beside it.

    Args:
        out: a folder, or a name in .wav or .flac.
        suffix: the ending of the sound files in a folder.
    """

    out: Path
    suffix: str = ".wav"

    @property
    def is_file(self) -> bool:
        """True where `out` is one sound file."""
        return self.out.suffix.lower() in SUFFIXES

    def record(self, request: TakeRequest) -> Path:
        """The JSON file of a take."""
        name = f"seed-{request.sampling.seed}.json"
        return self.out.with_suffix(".json") if self.is_file else self.out / name

    def sounds(self, request: TakeRequest, name: str) -> list[Path]:
        """The files of the steered or unsteered sounds, one for each row."""
        end = "" if name == "steered" else f"-{name}"
        if self.is_file:
            return [self.out.with_name(f"{self.out.stem}{end}{self.out.suffix}")]
        names: list[str] = []
        for prompt in request.prompts:
            names.append(file_name_of((prompt or "no description")[:NAME_LETTERS], set(names)))
        return [self.out / f"{row}-seed-{request.sampling.seed}{end}{self.suffix}" for row in names]

    def require_usable(self, rows: int, seeds: int) -> None:
        """Raise DrawstopError, before the work, for paths that would fail after it."""
        if self.suffix not in SUFFIXES:
            raise DrawstopError(f"expected a format of wav or flac, got {self.suffix.removeprefix('.')!r}")
        if self.is_file and rows * seeds != 1:
            raise DrawstopError(
                f"{self.out} is one file and {rows * seeds} pieces were asked for: give a folder with -o"
            )
        if not self.is_file and (self.out.suffix or (self.out.exists() and not self.out.is_dir())):
            raise DrawstopError(f"-o takes a folder, or a name in .wav or .flac, got {self.out}")


def file_name_of(prompt: str, taken: set[str]) -> str:
    """A name for a prompt's files: its slug, or in other writings its own letters; unlike the ones taken.

    >>> file_name_of("A slow folk-song", set()), file_name_of("日本の歌, slow", {"日本の歌_slow"})
    ('a_slow_folk_song', '日本の歌_slow_2')
    """
    letters = [letter for letter in unicodedata.normalize("NFKD", prompt) if letter.isalnum()]
    if all(letter.isascii() for letter in letters):
        return make_slug(prompt, taken)
    base = re.sub(r"\W+", "_", unicodedata.normalize("NFC", prompt).lower()).strip("_")
    return next(
        name
        for number in itertools.count(1)
        if (name := f"{base}_{number}" if number > 1 else base) not in taken
    )


def write_take(maker: TakeMaker, take: Take, paths: OutputPaths) -> list[Path]:
    """Write a take's newest sounds, then its JSON file, each whole or not at all; gives the sounds' paths."""
    files = {name: paths.sounds(take.request, name) for name in take.made}
    for path, audio in zip(files[take.new], take.made[take.new].audio, strict=True):
        write_audio(path, audio.numpy(), maker.model.sample_rate)
    record = record_of(take.request, maker.fingerprints, take.made, files, maker.model.device)
    write_json(paths.record(take.request), record)
    return files[take.new]
