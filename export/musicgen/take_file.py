"""The JSON file of a take: what was asked for, of which parts, and which tokens came out."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from drawstop import __version__
from drawstop.errors import DrawstopError
from realtime.engine.control_event import ControlEvent
from training.models.musicgen.sampling import Generated, Sampling

FORMAT = 1


@dataclass(frozen=True)
class TakeRequest:
    """Everything that decides a take's tokens.

    Attributes:
        model: a folder, or a name on the hub.
        banks: the banks' folders.
        prompts: a row for each; None is no description.
        settings: `--set`'s texts.
        events: movements from a MIDI file, in samples of the piece.
        audio_prompt: a sound file to continue.
        melody: a sound file whose melody is followed.
    """

    model: str
    banks: tuple[str, ...]
    prompts: tuple[str | None, ...]
    settings: tuple[str, ...] = ()
    sampling: Sampling = field(default_factory=Sampling)
    events: tuple[ControlEvent, ...] = ()
    audio_prompt: str | None = None
    melody: str | None = None
    device: str = "auto"
    precision: str = "auto"


@dataclass(frozen=True)
class Record:
    """A take's JSON file.

    Attributes:
        fingerprints: those of the model, the banks and the sounds.
        outputs: "steered" and "unsteered" to the rows' files and the hashes of their tokens.
        made_with: versions and device: other ones may round otherwise, and then draw other tokens.
    """

    request: TakeRequest
    fingerprints: dict[str, Any]
    outputs: dict[str, dict[str, list[str]]]
    made_with: dict[str, Any]
    format: int = FORMAT

    def differing(self, made: Mapping[str, Generated]) -> list[str]:
        """The rows, as "steered 1", whose tokens differ from this record's; outputs that it doesn't hold are skipped."""
        return [
            f"{name} {row + 1}"
            for name, each in made.items()
            if name in self.outputs
            for row, (tokens, wanted) in enumerate(
                zip(each.tokens, self.outputs[name]["tokens"], strict=True)
            )
            if tokens_hash(tokens) != wanted
        ]

    def require_parts(self, fingerprints: Mapping[str, Any]) -> None:
        """Raise DrawstopError where a part has another fingerprint than the take was made with."""
        for part, fingerprint in self.fingerprints.items():
            if fingerprints.get(part) != fingerprint:
                raise DrawstopError(
                    f"the take was made with another {part.removesuffix('s').replace('_', ' ')}: give the one it was made with"
                )


def record_of(
    request: TakeRequest,
    fingerprints: dict[str, Any],
    made: Mapping[str, Generated],
    files: Mapping[str, Sequence[Path]],
    device: str,
) -> dict[str, Any]:
    """A take's record as JSON holds it."""
    import audiocraft

    outputs = {
        name: {
            "files": [path.name for path in files[name]],
            "tokens": [tokens_hash(row) for row in each.tokens],
        }
        for name, each in made.items()
    }
    versions = {"drawstop": __version__, "torch": torch.__version__, "audiocraft": audiocraft.__version__}
    made_with = {**versions, "device": device, "threads": torch.get_num_threads()}
    record = asdict(Record(request, fingerprints, outputs, made_with))
    record["request"]["events"] = [_event_as_json(event) for event in request.events]
    return record


def read_record(path: Path) -> Record:
    """Read a take's JSON file.

    Raises:
        DrawstopError: no such file, or not a take's.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if content["format"] != FORMAT:
            raise DrawstopError(
                f"{path} has format {content['format']}, this version reads {FORMAT}: make the take anew"
            )
        request = dict(content["request"])
        request["sampling"] = Sampling(**request["sampling"])
        request["events"] = tuple(_event_from_json(event) for event in request["events"])
        for name in ("banks", "prompts", "settings"):
            request[name] = tuple(request[name])
        return Record(**{**content, "request": TakeRequest(**request)})
    except FileNotFoundError:
        raise DrawstopError(f"no such file: {path}") from None
    except (json.JSONDecodeError, UnicodeDecodeError, KeyError, TypeError) as error:
        raise DrawstopError(
            f"{path} isn't a take's JSON file ({error}): give one that drawstop musicgen wrote"
        ) from error


def _event_as_json(event: ControlEvent) -> dict[str, Any]:
    """An event's fields; the file calls the ramp's samples `glide`."""
    fields = asdict(event)
    ramp_samples = fields.pop("ramp_samples")
    return {**fields, "glide": ramp_samples}


def _event_from_json(fields: dict[str, Any]) -> ControlEvent:
    others = {name: value for name, value in fields.items() if name != "glide"}
    return ControlEvent(**others, ramp_samples=fields["glide"])


def tokens_hash(tokens: Tensor) -> str:
    """SHA-256 of a row's tokens `[codebooks, frames]`, int64."""
    return hashlib.sha256(tokens.contiguous().numpy().tobytes()).hexdigest()
