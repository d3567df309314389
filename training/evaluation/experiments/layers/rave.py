"""Which layers of a RAVE carry a concept: each layer gets a small SAE, probes on its features, and a trial edit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

import torch
from torch import Tensor

from training.banks.bank import StopBank
from training.banks.control_edits import ConstantEdit, RandomEdit
from training.banks.stop import Stop
from training.classifiers.classifier import predict
from training.data.labelled_set import LabelledRecording
from training.data.recordings import load
from training.evaluation.context import Options
from training.evaluation.playback.rave import CONTROL_SEED, RavePlayback
from training.evaluation.rave_context import RaveContext
from training.evaluation.results import Cell, Content, Line, Plot, Result, Table
from training.find.feature_ranking import concept_scores
from training.metrics.auroc import auroc_of_columns
from training.models.rave.batches import encode_clips, play_clips
from training.models.rave.model import RaveModel
from training.models.rave.site import LATENT
from training.sae.config import SAEConfig
from training.sae.model import SAE
from training.sae.train import train

TITLE = "Which layers carry a concept?"
FEATURES_PER_NUMBER, MOST_FEATURES, K = 4, 512, 16
STEPS, BATCH = 300, 512
FRAMES_OF_A_RECORDING = 1500
"""Frames of each recording that an SAE is trained on: layers have up to 32 frames per latent frame."""
EDITED = 64
"""Features that the trial edit removes completely."""
CLIPS = 8
QUICK_EVERY = 9


@dataclass(frozen=True)
class SiteRow:
    """One site, on recordings that its SAE never saw.

    Attributes:
        fve, l0, dead: how well the SAE describes the frames, with how many features, and how many never fire.
        auroc_one, auroc_five: by concept, AUROC over recordings of the best feature, and of the best five together;
            features are chosen on other recordings.
        effect, control: by concept, how much the classifier's logit of clips with it falls when the EDITED best
            features are removed, and after as large an edit of random features.
    """

    site: str
    width: int
    samples_per_frame: int
    fve: float
    l0: float
    dead: int
    auroc_one: dict[str, float]
    auroc_five: dict[str, float]
    effect: dict[str, float]
    control: dict[str, float]


def run(context: RaveContext, options: Options) -> Result:
    """A row for every site: all of them, or every ninth in quick mode."""
    playback = context.playback
    sites = list(context.model.sites())
    if options.quick:
        sites = [site for i, site in enumerate(sites) if i % QUICK_EVERY == 0 or site == LATENT]
    learned, unseen = context.data.of("train", "validation"), context.data.of("test")
    saes = _train(context.model, learned, sites, options.seed)
    known, tested = ({site: _Statistics() for site in sites} for _ in range(2))
    for recordings, statistics in ((learned, known), (unseen, tested)):
        for recording in recordings:
            for site, frames in _frames(context.model, recording, sites).items():
                statistics[site].add(saes[site], frames)
    rows = []
    for number, site in enumerate(sites):
        rows.append(_row(playback, site, saes[site], known[site], tested[site]))
        if context.progress:
            context.progress("layers", number + 1, len(sites))
    return Result(
        "layers",
        TITLE,
        "Each layer of the model gets a small autoencoder of its own: how well it describes the layer, how well its best "
        "features separate recordings with a concept from others, and what removing those features does to the sound.",
        _answer(rows, playback.clips.concepts),
        tuple(_blocks(rows, playback.clips.concepts)),
        (),
        {"rows": [asdict(row) for row in rows]},
        {
            "seed": options.seed,
            "steps": STEPS,
            "features": f"{FEATURES_PER_NUMBER} x width, at most {MOST_FEATURES}",
            "k": K,
        },
    )


class _Statistics:
    """Running statistics of an SAE over recordings."""

    def __init__(self) -> None:
        self.means: list[Tensor] = []
        self.squares = self.errors = 0.0
        self.sum: Tensor | float = 0.0
        self.active = self.frames = 0
        self.fired: Tensor | float = 0.0

    @torch.no_grad()
    def add(self, sae: SAE, x: Tensor) -> None:
        """Adds a recording's frames `[frames, width]`."""
        z = sae.normalise(x)
        features = sae.encode(z)
        share = features / features.sum(1, keepdim=True).mean().clamp(min=1e-9)
        self.means.append(share.mean(0))
        self.squares += float(z.square().sum())
        self.errors += float((sae.decode(features) - z).square().sum())
        self.sum = self.sum + z.sum(0)
        self.active += int((features > 0).sum())
        self.frames += len(z)
        self.fired = self.fired + (features > 0).sum(0)

    def described(self) -> tuple[float, float, int]:
        """FVE, L0, and the number of features that never fired."""
        total = torch.as_tensor(self.sum)
        variance = self.squares - float(total.square().sum()) / max(1, self.frames)
        dead = int((torch.as_tensor(self.fired) == 0).sum())
        return (
            round(1 - self.errors / max(variance, 1e-9), 4),
            round(self.active / max(1, self.frames), 2),
            dead,
        )


def _frames(model: RaveModel, recording: LabelledRecording, sites: Sequence[str]) -> Mapping[str, Tensor]:
    """The frames of all sites in one pass, `[frames, width]` each."""
    audio = load(recording.path, model.rates.sample_rate, model.rates.channels)
    return {site: x[0].T.contiguous() for site, x in model.frames(audio[None], sites).items()}


def _train(
    model: RaveModel, recordings: Sequence[LabelledRecording], sites: Sequence[str], seed: int
) -> dict[str, SAE]:
    """A small SAE for each site, trained on frames drawn from every recording."""
    generator = torch.Generator().manual_seed(seed)
    drawn: dict[str, list[Tensor]] = {site: [] for site in sites}
    for recording in recordings:
        for site, x in _frames(model, recording, sites).items():
            drawn[site].append(x[torch.randperm(len(x), generator=generator)[:FRAMES_OF_A_RECORDING]])
    saes = {}
    for site, parts in drawn.items():
        width = parts[0].shape[1]
        count = min(MOST_FEATURES, FEATURES_PER_NUMBER * width)
        config = SAEConfig(
            width, count, min(K, count), steps=STEPS, batch_size=BATCH, seed=seed, centre=False, bias=False
        )
        saes[site] = train(torch.cat(parts), config)
    return saes


def _row(playback: RavePlayback, site: str, sae: SAE, known: _Statistics, tested: _Statistics) -> SiteRow:
    context = playback.context
    model = RaveModel(context.model.path, site)
    learned, unseen = context.data.of("train", "validation"), context.data.of("test")
    means, test_means = torch.stack(known.means), torch.stack(tested.means)
    one, five, effect, control = (dict[str, float]() for _ in range(4))
    for concept in playback.clips.concepts:
        truth, test_truth = (torch.tensor([concept in r.labels for r in part]) for part in (learned, unseen))
        best = concept_scores(means, truth).topk(min(EDITED, means.shape[1])).indices
        scores = torch.stack([test_means[:, best[0]], test_means[:, best[:5]].sum(1)], 1)
        one[concept], five[concept] = (round(float(each), 4) for each in auroc_of_columns(scores, test_truth))
        effect[concept], control[concept] = _effects(playback, model, sae, best, concept)
    fve, l0, dead = tested.described()
    rates = model.rates
    return SiteRow(site, rates.width, rates.ratio, fve, l0, dead, one, five, effect, control)


def _effects(
    playback: RavePlayback, model: RaveModel, sae: SAE, features: Tensor, concept: str
) -> tuple[float, float]:
    """How much the first classifier's logit falls when the features are removed, and after as large a random edit."""
    clips, classifier = playback.clips, playback.classifiers[:1]
    indices = (clips.alone(concept) + clips.mixed(concept))[:CLIPS]
    x = _reached(playback, model, indices)
    shares = torch.zeros(sae.config.n_features).index_fill_(0, features, 1.0)
    stop = Stop(concept, "stop", "static", shares, torch.zeros(0, sae.config.d_in), 1.0)
    bank = StopBank(sae, (stop,), model.fingerprint, str(model.site))
    before = predict(classifier, play_clips(model, x)[:, -playback.neutral.shape[1] :], playback.rate)[
        classifier[0].name
    ].of(concept)[1]
    found = []
    for edit in (ConstantEdit(bank), RandomEdit(bank, CONTROL_SEED + playback.options.seed)):
        sound = play_clips(model, edit(x, [-1.0]))[:, -playback.neutral.shape[1] :]
        after = predict(classifier, sound, playback.rate)[classifier[0].name].of(concept)[1]
        found.append(round(float((before - after).mean()), 3))
    return found[0], found[1]


def _reached(playback: RavePlayback, model: RaveModel, indices: Sequence[int]) -> Tensor:
    """The clips' frames at the model's site, encoded from the recorded sound. -> `[indices, width, frames]`."""
    return encode_clips(
        model, playback.clips.originals[list(indices)][:, None].expand(-1, model.rates.channels, -1)
    )


def _answer(rows: Sequence[SiteRow], concepts: Sequence[str]) -> str:
    said = []
    for concept in concepts:
        read = max(rows, key=lambda row: row.auroc_five[concept])
        write = max(rows, key=lambda row: row.effect[concept] - row.control[concept])
        said.append(
            f"{concept} is read best at {read.site} (AUROC {read.auroc_five[concept]:.2f} by five features) and moved most at "
            f"{write.site} ({write.effect[concept]:+.1f} on the classifier's logit, a random edit {write.control[concept]:+.1f})"
        )
    return "; ".join(said) + "."


def _blocks(rows: Sequence[SiteRow], concepts: Sequence[str]) -> list[Content]:
    asked = ("AUROC 1", "AUROC 5", "effect", "random")
    headings = (f"{concept}: {what}" for concept in concepts for what in asked)
    columns = ("site", "numbers", "samples a frame", "FVE", "L0", "dead", *headings)
    table: list[tuple[Cell, ...]] = [
        (
            row.site,
            row.width,
            row.samples_per_frame,
            row.fve,
            row.l0,
            row.dead,
            *(
                value
                for concept in concepts
                for value in (
                    row.auroc_one[concept],
                    row.auroc_five[concept],
                    row.effect[concept],
                    row.control[concept],
                )
            ),
        )
        for row in rows
    ]
    note = (
        "AUROC by recording, of features chosen on other recordings. Effect: how much lower the first classifier's logit is when "
        f"the {EDITED} best features are taken away at this layer alone; random: as large an edit of random features."
    )
    indices = tuple(float(i) for i in range(len(rows)))
    lines = [
        Line(f"{concept}, five features", indices, tuple(row.auroc_five[concept] for row in rows))
        for concept in concepts
    ]
    effects = [
        Line(
            f"{concept}{'' if what == 'effect' else ', random'}",
            indices,
            tuple(getattr(row, what)[concept] for row in rows),
        )
        for concept in concepts
        for what in ("effect", "control")
    ]
    order = "layer, in the order of the sound"
    return [
        Table("Every layer", columns, tuple(table), note=note),
        Plot("Read: AUROC at every layer", order, "AUROC", tuple(lines)),
        Plot("Moved: effect on the classifier at every layer", order, "logits lower", tuple(effects)),
    ]
