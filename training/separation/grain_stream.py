"""Grains of a library played along with a sound, as latents to be added: a stream of blocks of any number of frames.

Every memory is a buffer named `cache`, one row per voice. TorchScript compiles this file.
"""

import torch
from torch import Tensor, nn

from training.separation.grains import GRAIN, SEARCH, GrainLibrary
from training.separation.listening import STEP
from training.separation.mdct import HOP, REFERENCE_RMS, mdct_rows, streamed_inverse
from training.separation.pitch_keys import PER_OCTAVE, WINDOW, PitchKeys

BONUS = 0.12
"""Added to the score of the moment that continues the last grain.

So the recording goes on unless another moment is clearly closer.
"""
COMPARED = 512
"""Samples of the current output that a new grain is aligned with."""
TRANSPOSITIONS = (0, -1, 1, -2, 2, -3, 3)
"""Semitones by which the library may be played faster or slower, to have more notes."""
SILENT = 1e-3
"""Root mean square of the input below which no grain begins."""
LOUDEST = 4.0
"""Largest gain of a grain."""


class GrainStream(nn.Module):
    """Plays a library's grains along with a sound.

    At the end of every step it picks the moment of the library whose pitch saliences are nearest to the input's, in one
    of seven transpositions. The grain starts at the next sample, at the input's level, shifted by up to 300 samples so
    that its waveform fits what is playing.

    Shape: latents `[batch, frames, 128]`, the frame that ends the first step, whether it plays -> latents of the grains
    `[batch, frames, 128]`.

    Args:
        chosen_at_random: pick any moment of the library, whatever plays (the control).
    """

    rows: Tensor
    window: Tensor
    stored: Tensor
    keys: Tensor
    places: Tensor
    levels: Tensor
    rates: Tensor
    transpositions: list[int]
    cache: Tensor

    def __init__(
        self, library: GrainLibrary, sample_rate: int, voices: int, chosen_at_random: bool = False
    ) -> None:
        super().__init__()
        self.pitch_keys = PitchKeys(sample_rate)
        self.register_buffer("rows", mdct_rows(HOP))
        self.register_buffer("window", torch.hann_window(GRAIN) / 2)
        for name in ("stored", "keys", "places", "levels"):
            self.register_buffer(name, getattr(library, name).clone())
        self.transpositions = list(TRANSPOSITIONS)
        self.per_semitone: int = PER_OCTAVE // 12
        self.register_buffer("rates", 2.0 ** (torch.tensor(TRANSPOSITIONS) / 12))
        self.random: bool = chosen_at_random
        self.hop: int = HOP
        self.period: int = STEP // HOP
        self.history: int = WINDOW
        self.grain: int = GRAIN
        self.search: int = SEARCH
        self.compared: int = COMPARED
        self.level: float = REFERENCE_RMS
        self.bonus: float = BONUS
        self.silent: float = SILENT
        self.loudest: float = LOUDEST
        # the input's last window, the half of its last frame, the grains to come, their last half frame, the last moment + 1
        self.register_buffer("cache", torch.zeros(voices, WINDOW + HOP + GRAIN + HOP + 1))

    def forward(self, z: Tensor, first: int, plays: bool) -> Tensor:
        voices, frames = z.shape[0], z.shape[1]
        state = self.cache[:voices]
        edges = [self.history, self.hop, self.grain, self.hop, 1]
        past, held, grains, before, last = state.split(edges, 1)
        audio, held = streamed_inverse(z * self.level, self.rows, held)
        sound = torch.cat([past, audio], 1)
        if not plays:
            past = sound[:, frames * self.hop :]
            nothing = torch.zeros_like(state[:, self.history + self.hop :])
            self.cache[:voices].copy_(torch.cat([past, held, nothing], 1))
            return torch.zeros_like(z)
        played: list[Tensor] = []
        for frame in range(frames):
            if frame >= first and (frame - first) % self.period == 0:
                end = (frame + 1) * self.hop
                grains, last = self._lay(sound[:, end : end + self.history], grains, last)
            played.append(grains[:, : self.hop])
            grains = torch.cat([grains[:, self.hop :], torch.zeros_like(grains[:, : self.hop])], 1)
        stream = torch.cat([before, torch.cat(played, 1)], 1)
        latents = torch.matmul(stream.unfold(1, 2 * self.hop, self.hop), self.rows.t()) / self.level
        self.cache[:voices].copy_(
            torch.cat([sound[:, frames * self.hop :], held, grains, stream[:, frames * self.hop :], last], 1)
        )
        return latents

    def _lay(self, recent: Tensor, grains: Tensor, last: Tensor) -> tuple[Tensor, Tensor]:
        """Add one grain to each voice that sounds. recent `[voices, 4096]`, grains `[voices, 2048]`."""
        keys, levels = self.pitch_keys(recent)
        moments = self.keys.shape[0]
        # played faster, the library's saliences move up; so the input's, moved down, are compared with them
        moved: list[Tensor] = []
        for semitones in self.transpositions:
            moved.append(torch.roll(keys, -semitones * self.per_semitone, 1))
        scores = torch.matmul(torch.stack(moved, 1), self.keys.t()).flatten(1)
        if self.random:
            scores = torch.rand_like(scores)
        follows = torch.arange(scores.shape[1]).unsqueeze(0) == last
        choice = (scores + self.bonus * follows.to(scores.dtype)).argmax(1)
        moment, rate = choice % moments, self.rates[torch.div(choice, moments, rounding_mode="floor")]
        place = self.places[moment].to(rate.dtype)
        place = place + rate * self._shift(grains, place, rate)
        sounds = (levels > self.silent).to(levels.dtype)
        gain = (levels / (self.levels[moment] + 1e-3)).clamp(max=self.loudest) * sounds
        grains = grains + self._read(place, rate, self.grain) * self.window * gain.unsqueeze(1)
        return grains, ((choice + 1).to(last.dtype) * sounds).unsqueeze(1)

    def _read(self, place: Tensor, rate: Tensor, samples: int) -> Tensor:
        """Samples of the library from each place on, at each rate: `[voices]` twice -> `[voices, samples]`."""
        wanted = place.unsqueeze(1) + torch.arange(samples) * rate.unsqueeze(1)
        wanted = wanted.clamp(0.0, float(self.stored.shape[0] - 2))
        low = wanted.long()
        share = wanted - low
        return ((1 - share) * self.stored[low] + share * self.stored[low + 1]) / 32767.0

    def _shift(self, grains: Tensor, place: Tensor, rate: Tensor) -> Tensor:
        """The shift in samples at which each voice's next grain fits its output best; 0 where the voice is silent."""
        compared = grains[:, : self.compared]
        near = self._read(place - rate * self.search, rate, self.compared + 2 * self.search)
        agreement = torch.matmul(near.unfold(1, self.compared, 1), compared.unsqueeze(2)).squeeze(2)
        shift = agreement.argmax(1) - self.search
        return torch.where(compared.abs().amax(1) > 1e-4, shift, torch.zeros_like(shift))
