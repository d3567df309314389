"""A stop from mixtures only: recordings in which the concept plays along with others, and recordings without it.

Key idea: without a solo there is no target for what should be taken away, so features are chosen, not fitted:
candidates by clip statistics (SAeUron, arXiv 2501.18052), re-ranked by what taking each one away does to a classifier
of the training recordings; as many are taken, wholly, as lower its output most for the least that others lose.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import pad

from drawstop.progress import Progress, step_report
from training.banks.stop import Stop
from training.classifiers.concept_classifier import CONCEPT_OPTIONS, train_concept_classifier
from training.classifiers.network import ConceptClassifier
from training.classifiers.training import ClassifierOptions
from training.data.clips import clip_samples
from training.find.feature_ranking import concept_scores
from training.find.rave.encoded_recordings import EncodedRecordings
from training.find.rave.separation import removed
from training.models.rave.model import RaveModel
from training.sae.model import SAE

CANDIDATES = 64
SMALLEST_EFFECT = 1e-6
CLIPS = 12
"""Clips of three seconds that each effect is measured on, at most: one of each recording."""


def ranked_removal_weights(
    model: RaveModel,
    sae: SAE,
    name: str,
    recordings: tuple[EncodedRecordings, EncodedRecordings],
    classifier_options: ClassifierOptions = CONCEPT_OPTIONS,
    progress: Progress | None = None,
) -> tuple[Tensor, dict[str, Any]]:
    """Removal weights `[n_features]` of 0 or 1, and what they do to the classifier on test recordings."""
    report = step_report(progress, "a classifier learns the concept")
    with_paths, without_paths = (part.learned_paths() for part in recordings)
    classifier = train_concept_classifier(model, name, with_paths, without_paths, classifier_options, report)
    ranked = _by_effect(model, sae, classifier, recordings, progress)
    clips = tuple(_clips(model, part.unseen("validation")) for part in recordings)
    counts = [2**power for power in range(len(ranked).bit_length())]
    before = _logits(model, classifier, clips[0])
    tried = [
        (_effect(model, sae, classifier, ranked[:count], clips, before), ranked[:count]) for count in counts
    ]
    most = max(max(lowered for (lowered, _), _ in tried), SMALLEST_EFFECT)
    _, chosen = max(tried, key=lambda each: each[0][0] / most - each[0][1])
    clips = tuple(_clips(model, part.unseen("test")) for part in recordings)
    lowered, lost = _effect(model, sae, classifier, chosen, clips, _logits(model, classifier, clips[0]))
    measured = {
        "off": "features ranked by their effect on a classifier: there were only mixtures",
        "classifier_logit_drop": round(lowered, 3),
        "others_touched": round(lost, 4),
    }
    return _taking(sae, chosen).removal_weights, measured


def _by_effect(
    model: RaveModel,
    sae: SAE,
    classifier: ConceptClassifier,
    recordings: tuple[EncodedRecordings, EncodedRecordings],
    progress: Progress | None,
) -> list[int]:
    """Candidates that make the classifier less sure when each is taken away alone, the strongest effect first."""
    train = [[part.latents[i] for i in part.indices("train")] for part in recordings]
    with torch.no_grad():
        means = torch.stack([sae.encode(sae.normalise(z.T)).mean(0) for part in train for z in part])
    scores = concept_scores(means, torch.arange(len(means)) < len(train[0]))
    best = scores.topk(min(CANDIDATES, len(scores)))
    candidates = best.indices[best.values > 0].tolist() or best.indices[:1].tolist()
    clips = _clips(model, train[0])
    before = _logits(model, classifier, clips)
    effects = []
    for done, feature in enumerate(candidates):
        effects.append(_lowered(model, sae, classifier, [feature], clips, before))
        if progress:
            progress("measuring what each feature does", done + 1, len(candidates))
    return [feature for _, feature in sorted(zip(effects, candidates, strict=True), reverse=True)]


def _clips(model: RaveModel, latents: Sequence[Tensor]) -> Tensor:
    """Clips `[clips, latents, frames]` from the middle of recordings; a shorter recording ends in silence."""
    frames = clip_samples(model) // model.rates.ratio
    clips = []
    for z in latents[:CLIPS]:
        start = max(0, (z.shape[-1] - frames) // 2)
        cut = z[:, start : start + frames]
        clips.append(pad(cut, (0, frames - cut.shape[-1])))
    return torch.stack(clips)


def _taking(sae: SAE, features: Sequence[int]) -> Stop:
    """A static stop that takes some features away wholly."""
    weights = torch.zeros(sae.config.n_features).index_fill_(0, torch.tensor(features), 1.0)
    return Stop("", "", "static", weights, torch.zeros(sae.config.n_features, sae.config.d_in), 1.0)


def _removed(sae: SAE, features: Sequence[int], clips: Tensor) -> Tensor:
    return torch.stack([removed(sae, _taking(sae, features), z) for z in clips])


def _effect(
    model: RaveModel,
    sae: SAE,
    classifier: ConceptClassifier,
    features: Sequence[int],
    clips: tuple[Tensor, ...],
    before: Tensor,
) -> tuple[float, float]:
    """How much less sure the classifier is of clips with the concept, and the share of energy that clips without it lose."""
    lost = _removed(sae, features, clips[1]).square().sum() / clips[1].square().sum().clamp(min=1e-12)
    return _lowered(model, sae, classifier, features, clips[0], before), float(lost)


def _lowered(
    model: RaveModel,
    sae: SAE,
    classifier: ConceptClassifier,
    features: Sequence[int],
    clips: Tensor,
    before: Tensor,
) -> float:
    """How much less sure the classifier is of the clips once the features are gone. `before`: its logits unsteered, `[clips]`."""
    return float((before - _logits(model, classifier, clips - _removed(sae, features, clips))).mean())


@torch.no_grad()
def _logits(model: RaveModel, classifier: ConceptClassifier, clips: Tensor) -> Tensor:
    """How sure the classifier is of the concept in each clip's sound, `[clips]`."""
    sound = torch.cat([model.decode(part).mean(1) for part in clips.split(model.voices())])
    return classifier.clip_logits(sound)[:, 0]
