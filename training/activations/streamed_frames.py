"""A model's frames of recordings, several sites in one pass, computed when they are read instead of stored on disk."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import pad

from drawstop.audio.decoding import header_of
from drawstop.audio.files import read_audio, sound_blocks
from drawstop.errors import DrawstopError
from training.activations.index import StoredRecording
from training.activations.shards import Frames
from training.activations.shuffle import Rows, cut
from training.data.recordings import Recording, Split
from training.models.protocols import LayeredModel, PiecewiseModel, choose_sites


class ModelFrames:
    """The frames of several sites of a model, row by row as `drawstop activations` would store them, computed when read.

    Args:
        sites: names; frames of one run share a rate.

    Attributes:
        widths: numbers per frame of each site, in the model's order.
        sources: the recordings.  recordings: where each one's rows lie.
        frame_rate: rows per second of sound.

    Raises:
        DrawstopError: a site that isn't there, sites of different rates, or a file that is no sound.
    """

    random_access = False

    def __init__(self, model: LayeredModel, recordings: Sequence[Recording], sites: Sequence[str]) -> None:
        rates = choose_sites(model, sites)
        ratios = {name: rate.ratio for name, rate in rates.items()}
        if len(set(ratios.values())) != 1:
            said = ", ".join(f"{name} every {ratio} samples" for name, ratio in ratios.items())
            raise DrawstopError(
                f"sites of one run need one frame rate, got {said}: train them in runs of their own"
            )
        self.model, self.sources = model, list(recordings)
        self.widths = {name: rate.width for name, rate in rates.items()}
        self.ratio = next(iter(ratios.values()))
        self.frame_rate = model.sample_rate / self.ratio
        self.recordings = tuple(self._laid_out())
        self._pieces = [
            (index, piece)
            for index, each in enumerate(self.recordings)
            for piece in cut(each.start, each.stop, model.piece_frames)
        ]
        self._starts = np.array([piece.start for _, piece in self._pieces], dtype=np.int64)

    @property
    def identity(self) -> str:
        """The same for the same model, sites and recordings' contents, and for no others."""
        return identity_of(self.model.fingerprint, self.recordings, self.model.piece_frames)

    @property
    def all_pieces(self) -> list[range]:
        """The rows of every piece, by its number."""
        return [piece for _, piece in self._pieces]

    def pieces(self, split: Split | None = None) -> list[range]:
        """The rows of a split (None: of all recordings), piece by piece."""
        return [piece for i, piece in self._pieces if split is None or self.recordings[i].split == split]

    def read(self, rows: Rows, into: Mapping[str, Frames]) -> None:
        """Computes the frames of some rows. Each array is `[rows, width]`; each piece is computed once."""
        which = np.searchsorted(self._starts, rows, side="right") - 1
        order = np.argsort(which, kind="stable")
        for indices in np.split(order, np.flatnonzero(np.diff(which[order])) + 1):
            number = int(which[indices[0]])
            frames = self.piece(number)
            for site, array in into.items():
                array[indices] = frames[site][rows[indices] - self._starts[number]]

    def piece(self, number: int) -> dict[str, Frames]:
        """The frames of a piece at every site, `[frames, width]`.

        Raises:
            DrawstopError: the model gave fewer frames than the sound is long, or some that aren't finite.
        """
        parts = list(self._parts(number))
        return (
            parts[0] if len(parts) == 1 else {s: np.concatenate([p[s] for p in parts]) for s in self.widths}
        )

    def _parts(self, number: int) -> Iterator[dict[str, Frames]]:
        """The frames of a piece as they are computed: those of a long recording part after part."""
        index, piece = self._pieces[number]
        recording, left = self.sources[index], len(piece)
        for computed in self._computed(recording, piece.start - self.recordings[index].start, left):
            frames_of = {
                site: x[0, :, :left].T.contiguous().to(torch.float32).cpu().numpy()
                for site, x in computed.items()
            }
            for site, frames in frames_of.items():
                if frames.shape[1:] != (self.widths[site],) or not np.isfinite(frames).all():
                    raise self._unfit(recording, len(piece), site, frames)
            left -= min(map(len, frames_of.values()))
            yield frames_of
        if left:
            raise self._unfit(recording, len(piece), *next(iter(frames_of.items())))

    def _unfit(self, recording: Recording, expected: int, site: str, frames: Frames) -> DrawstopError:
        return DrawstopError(
            f"{recording.path}: expected {expected} finite frames of {self.widths[site]} numbers at {site}, got "
            f"{list(frames.shape)}; check the model and this recording"
        )

    def of_recording(self, index: int) -> dict[str, Frames]:
        """The frames of a recording at every site, `[frames, width]`."""
        parts = list(self.pieces_of(index))
        return {site: np.concatenate([part[site] for part in parts]) for site in self.widths}

    def pieces_of(self, index: int) -> Iterator[dict[str, Frames]]:
        """The same, piece after piece, a long one part after part: no more than one is held."""
        first, stop = np.searchsorted(
            self._starts, [self.recordings[index].start, self.recordings[index].stop]
        )
        for number in range(int(first), int(stop)):
            yield from self._parts(number)

    def _laid_out(self) -> list[StoredRecording]:
        laid, start = [], 0
        for each in self.sources:
            stop = start - (-samples_of(each, self.model.sample_rate) // self.ratio)
            laid.append(StoredRecording.of(each, start, stop))
            start = stop
        return laid

    def _computed(self, recording: Recording, first: int, frames: int) -> Iterator[Mapping[str, Tensor]]:
        """The frames of a piece `[1, width, frames]`; those of a whole recording part after part, by blocks."""
        model, sites = self.model, list(self.widths)
        if model.piece_frames is None and isinstance(model, PiecewiseModel):
            blocks = sound_blocks(recording.path, model.sample_rate, model.channels)
            sound = _exactly((torch.from_numpy(each)[None] for each in blocks), frames * self.ratio)
            yield from model.frames_in_pieces(sound, sites)
        else:
            yield model.frames(self._sound(recording, first, frames)[None], sites)

    def _sound(self, recording: Recording, first: int, frames: int) -> Tensor:
        """The sound of some frames of a recording: `[channels, frames * ratio]`, silence after its end."""
        rate, channels = self.model.sample_rate, self.model.channels
        wanted = frames * self.ratio
        start_s, length_s = first * self.ratio / rate, wanted / rate
        part = None if self.model.piece_frames is None else (start_s, length_s)
        audio = torch.from_numpy(read_audio(recording.path, rate, channels, part)[0])[:, :wanted]
        return pad(audio, (0, wanted - audio.shape[-1]))


def _exactly(blocks: Iterator[Tensor], samples: int) -> Iterator[Tensor]:
    """Blocks of a sound `[..., samples]`, cut or filled up with silence to a length."""
    for block in blocks:
        yield block[..., :samples]
        samples -= block.shape[-1]
        if samples <= 0:
            return
    yield block.new_zeros(*block.shape[:-1], samples)


def samples_of(recording: Recording, sample_rate: int) -> int:
    """A recording's length by its header, in samples at a rate (Hz).

    Raises:
        DrawstopError: not a sound file.
    """
    said = header_of(recording.path)
    return max(1, -(-said.frames * sample_rate // said.sample_rate))


def identity_of(fingerprint: str, recordings: Sequence[StoredRecording], piece_frames: int | None) -> str:
    """A hash of what decides the frames of a run: the model, the recordings and how they are cut."""
    parts = [fingerprint, str(piece_frames)]
    parts += [f"{each.hash} {each.split} {each.start} {each.stop}" for each in recordings]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()
