"""The clips that the demo's stops are measured on: held-out phrases of two stems, alone, mixed and as parallel renderings."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from training.models.rave.batches import encode_clips, play_clips
from training.models.rave.model import RaveModel

SECONDS = 3.0
LEAD_SECONDS = 1.5
"""Length of the sound before an item: a sound that is cut in midway begins like a pluck, as no performance does."""

QUIET_RMS = 0.01
CONCEPTS = ("guitar", "voice")


@dataclass(frozen=True)
class HeldOutClips:
    """Items of three seconds out of phrases that play on: in each a guitar and a voice, and each one's parallel.

    `latents[name]`, with the lead before the items: `[items, latents, frames]` of `guitar`, `voice` (solos), `mixture`
    (both, encoded as sound), `guitar_as_voice` and `voice_as_guitar` (the solo's notes, rendered by the other concept's
    target timbre).
    """

    latents: dict[str, Tensor]
    rendered: dict[str, Tensor]
    """The unsteered model's sound of each of the latents, `[items, samples]`."""
    additivity: float
    """`|z(a+b) - z(a) - z(b)|^2 / |z(a+b)|^2`."""
    originals: dict[str, Tensor]
    """The recordings themselves, `[items, samples]`."""
    lead: int
    """Frames of the latents that lie before the items."""

    def sound(self, model: RaveModel, z: Tensor) -> Tensor:
        """The items' sound, `[items, samples]`, of latents with their lead."""
        return play_clips(model, z, self.lead)


def draw_clips(
    model: RaveModel, corpus: Path, targets: dict[str, str], held_out: bool, items: int, seed: int
) -> HeldOutClips:
    """Draws the items from test phrases. `targets`: the timbre that each concept's +1 should sound like."""
    index = json.loads((corpus / "index.json").read_text())
    rate = int(index["sample_rate"])
    tests = [i for i, phrase in enumerate(index["phrases"]) if phrase["split"] == "test"]
    files = {t["name"]: corpus / t["file"] for t in index["timbres"]}
    timbres = {
        c: [t["name"] for t in index["timbres"] if t["concept"] == c and t["held_out"] == held_out]
        for c in CONCEPTS
    }
    frames, lead = (round(seconds * rate) // model.rates.ratio for seconds in (SECONDS, LEAD_SECONDS))
    samples, before = frames * model.rates.ratio, lead * model.rates.ratio
    rng = np.random.default_rng(seed)
    clips = {name: np.load(path, mmap_mode="r") for name, path in files.items()}
    originals: dict[str, list[Tensor]] = {}
    while len(originals.get("guitar", [])) < items:
        phrases = rng.choice(tests, 2, replace=False)
        chosen = [timbres[c][rng.integers(len(timbres[c]))] for c in CONCEPTS]
        start = int(rng.integers(before, clips[chosen[0]].shape[1] - samples + 1))
        cut = slice(start - before, start + samples)
        names = dict(zip(CONCEPTS, chosen, strict=True))
        sounds = {
            "guitar": clips[names["guitar"]][phrases[0], cut],
            "voice": clips[names["voice"]][phrases[1], cut],
            "guitar_as_voice": clips[targets["voice"]][phrases[0], cut],
            "voice_as_guitar": clips[targets["guitar"]][phrases[1], cut],
        }
        parts = {key: torch.from_numpy(sound.astype(np.float32) / 32767) for key, sound in sounds.items()}
        if all(float(part[before:].square().mean().sqrt()) >= QUIET_RMS for part in parts.values()):
            parts["mixture"] = parts["guitar"] + parts["voice"]
            for key, part in parts.items():
                originals.setdefault(key, []).append(part)
    audio = {key: torch.stack(parts) for key, parts in originals.items()}
    latents = {key: encode_clips(model, sound[:, None]) for key, sound in audio.items()}
    error = (latents["mixture"] - latents["guitar"] - latents["voice"])[..., lead:]
    additivity = float(error.square().sum() / latents["mixture"][..., lead:].square().sum())
    rendered = {key: play_clips(model, z, lead) for key, z in latents.items()}
    return HeldOutClips(
        latents, rendered, additivity, {key: sound[:, before:] for key, sound in audio.items()}, lead
    )
