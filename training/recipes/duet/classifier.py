"""The duet's classifier: longer trained than a report's, which knows three concepts one at a time and hardly in mixtures."""

from dataclasses import replace
from pathlib import Path

from drawstop.progress import step_report
from training.classifiers.labelled_crops import labelled_crops
from training.classifiers.network import save_classifier
from training.classifiers.training import ClassifierOptions, fit_classifier
from training.data.read_labelled import read_labelled
from training.models.rave.model import RaveModel
from training.recipes.duet.timbres import TARGETS
from training.recipes.rave.bank import printed

OPTIONS = ClassifierOptions(steps=1500, reconstructions=640)


def train_duet_classifier(rave: Path, labelled: Path, out: Path, seed: int) -> None:
    """Learns from the labelled training recordings, alone and two at once, as they are and as the RAVE plays them."""
    model, concepts = RaveModel(rave), tuple(TARGETS)
    recordings = read_labelled(labelled).of("train")
    drawn = labelled_crops(recordings, concepts, model.rates.sample_rate, model.rates.channels)
    report = step_report(printed("judge"), "a classifier learns the concepts")
    classifier = fit_classifier(
        concepts, model.rates.sample_rate, drawn.draw, replace(OPTIONS, seed=seed), report, model=model
    )
    save_classifier(out, classifier, {"seed": seed})
