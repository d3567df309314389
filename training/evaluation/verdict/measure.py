"""Measures what a stop does to recordings that no fitting step used, with a classifier that was used for no fit.

Key idea: a figure means something only beside two others: the same edit of random features (what any edit of
this size does) and, for -1, the oracle (the concept's own latents subtracted: the best that any edit could do).
"""

from __future__ import annotations

import torch
from torch import Tensor

from drawstop.progress import StepReport
from drawstop.types import JsonObject
from training.banks.bank import StopBank
from training.banks.control_edits import ConstantEdit, RandomEdit
from training.banks.stop import Stop
from training.classifiers.classifier import NetworkClassifier
from training.classifiers.network import ConceptClassifier
from training.classifiers.training import accuracy_of
from training.find.rave.held_out_mixtures import UnseenClips
from training.find.rave.separation import separation
from training.metrics.distances import spectral_distance
from training.models.rave.batches import play_clips
from training.models.rave.model import RaveModel
from training.sae.model import SAE

CONTROL_SEED = 1000
TARGET_RMS = 0.08
"""Level at which distances are taken; their floor is set for it."""

SMALLEST_WAY = 1e-3
"""If the oracle brings the sound nearer to the target by no more than this, the share of the way to it is undefined."""


def measure(
    model: RaveModel,
    sae: SAE,
    stop: Stop,
    classifier: ConceptClassifier,
    clips: UnseenClips,
    seed: int,
    report: StepReport | None = None,
) -> JsonObject:
    """All figures that a verdict is based on: shares 0..1, levels in dB; None where there was nothing to measure."""
    playback = _Playback(model, classifier, report)
    bank = StopBank(sae, (stop,), model.fingerprint)
    edits: dict[str, ConstantEdit] = {
        "stop": ConstantEdit(bank),
        "random": RandomEdit(bank, CONTROL_SEED + seed),
    }
    neutral = {
        "solos": playback.play(clips.solos),
        "mixtures": playback.play(clips.mixtures),
        "others": playback.play(clips.others),
        "mixtures without": playback.play(clips.mixtures_without),
    }
    away = {
        name: {part: playback.play(edit(getattr(clips, part), [-1.0])) for part in ("solos", "mixtures")}
        for name, edit in edits.items()
    }
    added = {name: playback.play(edit(clips.others, [1.0])) for name, edit in edits.items()}
    ends = (playback.play(clips.mixtures - clips.wanted), playback.play(clips.rest))
    separated = separation(sae, stop, (list(clips.mixtures), list(clips.wanted)), list(clips.others))
    played = torch.cat([neutral[part] for part in ("solos", "mixtures", "others", "mixtures without")])
    return {
        "unseen_recordings": {"with": clips.recordings[0], "without": clips.recordings[1]},
        "ear": {
            "reconstructions": accuracy_of(classifier, played, clips.labels)[stop.name],
            "originals": accuracy_of(classifier, clips.sounds.mean(1), clips.labels)[stop.name],
        },
        "at_minus_1": _taken_away(playback, neutral, away, ends),
        "at_plus_1": _brought_in(playback, neutral["others"], added),
        "others_changed": separated["others_touched"],
        "taken_in_mixtures": separated["taken_in_mixtures"],
    }


class _Playback:
    """Plays latents and detects the concept in clips; reports the progress."""

    PLAYED = 12

    def __init__(self, model: RaveModel, network: ConceptClassifier, report: StepReport | None) -> None:
        self.model, self.classifier, self.report, self.done = model, NetworkClassifier(network), report, 0

    def play(self, latents: Tensor) -> Tensor:
        """`[clips, latents, frames]` -> mono `[clips, samples]`."""
        played = play_clips(self.model, latents)
        self.done += 1
        if self.report:
            self.report(self.done, self.PLAYED)
        return played

    def detected(self, audio: Tensor) -> Tensor:
        """Which clips hold the concept. `[clips, samples]` -> bool `[clips]`."""
        if not len(audio):
            return torch.zeros(0, dtype=torch.bool)
        return self.classifier.predict(audio, self.model.rates.sample_rate).detected[:, 0]


def _taken_away(
    playback: _Playback,
    neutral: dict[str, Tensor],
    away: dict[str, dict[str, Tensor]],
    ends: tuple[Tensor, Tensor],
) -> JsonObject:
    """-1, alone and in mixtures: how often the concept is still detected, and how near the sound is to the target."""
    before = {part: playback.detected(neutral[part]) for part in ("solos", "mixtures")}
    figures: JsonObject = {
        part: {"clips": len(detected), "heard_at_0": _share(detected)} for part, detected in before.items()
    }
    everything = torch.cat(list(before.values()))
    figures["clips_heard_at_0"] = int(everything.sum())
    for name, played in away.items():
        after = {part: playback.detected(played[part]) for part in before}
        for part, detected in before.items():
            figures[part][f"still_heard_{name}"] = _share(after[part][detected])
        figures[f"still_heard_{name}"] = _share(torch.cat(list(after.values()))[everything])
        figures["solos"][f"level_db_{name}"] = _level(played["solos"], neutral["solos"])
        figures["mixtures"][f"way_to_oracle_{name}"] = _way(neutral["mixtures"], played["mixtures"], *ends)
    return figures


def _brought_in(playback: _Playback, neutral: Tensor, added: dict[str, Tensor]) -> JsonObject:
    """+1 on sounds without the concept: in how many of those where it wasn't detected it is now."""
    silent = ~playback.detected(neutral)
    figures: JsonObject = {
        "clips": len(neutral),
        "heard_at_0": _share(~silent),
        "clips_not_heard_at_0": int(silent.sum()),
    }
    for name, played in added.items():
        figures[f"brought_in_{name}"] = _share(playback.detected(played)[silent])
        figures[f"level_db_{name}"] = _level(played, neutral)
    return figures


def _way(unsteered: Tensor, steered: Tensor, oracle: Tensor, target: Tensor) -> float | None:
    """How far from unsteered (0) towards the oracle (1), in spectral distance to the target; less than 0 is away from it."""
    gain = TARGET_RMS / target.square().mean().sqrt().clamp(min=1e-6)
    start, here, best = (
        float(spectral_distance(sound * gain, target * gain)) for sound in (unsteered, steered, oracle)
    )
    return round((start - here) / (start - best), 4) if start - best > SMALLEST_WAY else None


def _level(played: Tensor, neutral: Tensor) -> float:
    """Mean change of level in dB."""
    powers = [sound.square().mean(-1).clamp(min=1e-10) for sound in (played, neutral)]
    return round(float((10 * torch.log10(powers[0] / powers[1])).mean()), 2)


def _share(detected: Tensor) -> float | None:
    return round(float(detected.float().mean()), 4) if len(detected) else None
