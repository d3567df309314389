"""The experiments on a MusicGen's banks, and what they share, made when the first of them asks."""

from __future__ import annotations

from functools import cached_property

from training.banks.bank import StopBank
from training.data.recordings import load
from training.evaluation.encoded_set import HeardSet, hear_set
from training.evaluation.experiments.layers.join import one_section
from training.evaluation.experiments.layers.musicgen import layers_section_of
from training.evaluation.experiments.sae_quality.experiment import quality_of, unseen
from training.evaluation.experiments.sae_quality.loss_recovered import predictions_recovered
from training.evaluation.experiments.separability.experiment import separability_section
from training.evaluation.experiments.separability.space import LayersSpace
from training.evaluation.experiments.steering.experiment import steering_section
from training.evaluation.experiments.steering.several_stops import together_section
from training.evaluation.musicgen_context import MusicGenSubject
from training.evaluation.results import Section
from training.evaluation.run import Experiment, Experiments
from training.find.musicgen.find import LayerOptions
from training.find.musicgen.layer_ranking import sweep_layers
from training.models.musicgen.layer_model import MusicGenLayers


class MusicGenExperiments:
    """See the module."""

    def __init__(self, subject: MusicGenSubject) -> None:
        self.subject = subject

    @cached_property
    def banks(self) -> dict[str, StopBank]:
        """By layer, those that have stops: the others' SAEs do nothing."""
        return {bank.site: bank for bank in self.subject.banks if bank.stops}

    @cached_property
    def heard(self) -> dict[str, HeardSet]:
        """All recordings at those layers, as frames and statistics."""
        subject, model = self.subject, MusicGenLayers(self.subject.model)
        return {
            site: hear_set(
                model, bank.sae, subject.data, site, cache=subject.folder / "heard", progress=subject.progress
            )
            for site, bank in self.banks.items()
        }

    def quality(self) -> Section:
        """How good each layer's SAE is, and how well the model predicts unseen recordings through it."""
        return one_section({site: self._quality(heard) for site, heard in self.heard.items()})

    def separability(self) -> Section:
        """Whether the concepts are apart: what is heard in pieces, and the layers' own frames of unseen recordings."""
        bench = self.subject.bench
        return separability_section(bench, LayersSpace(self.banks, self.heard, bench.items.concepts))

    def layers(self) -> Section:
        """Every layer that has a bank, with a stop or not: read and edited alone, for each concept."""
        subject, recordings = self.subject, self.subject.data.recordings
        found = {}
        for concept in subject.concepts:
            paths = tuple(
                [r.path for r in recordings if (concept in r.labels) == wanted] for wanted in (True, False)
            )
            found[concept] = sweep_layers(
                MusicGenLayers(subject.model),
                subject.banks,
                concept,
                (paths[0], paths[1]),
                LayerOptions(seed=subject.options.seed),
                progress=subject.progress,
            )
        return layers_section_of(found, subject.options.seed)

    def by_slug(self) -> Experiments:
        """In the order of the page."""
        bench, folder = lambda: self.subject.bench, self.subject.folder
        return {
            "steering": Experiment(
                "Does each stop do what it says?", lambda: steering_section(bench(), folder)
            ),
            "together": Experiment("Several stops at once", lambda: together_section(bench())),
            "separability": Experiment("Are the concepts separable?", self.separability, "separability"),
            "layers": Experiment("Which layers carry a concept?", self.layers, "classification"),
            "quality": Experiment("The features", self.quality),
        }

    def _quality(self, heard: HeardSet) -> Section:
        subject, rows = self.subject, [row for row in unseen(heard) if heard.loud[row]]
        model, recordings = subject.model, heard.data.recordings
        sounds = [load(recordings[row].path, model.sample_rate, model.channels) for row in rows]
        recovered = predictions_recovered(model, heard.sae, heard.site, sounds, subject.options.seed)
        return quality_of(heard, recovered, subject.options, subject.progress)
