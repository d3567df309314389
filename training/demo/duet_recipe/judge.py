"""The duet's judge: longer trained than a report's own, which hears three concepts one at a time and hardly in mixtures."""

from dataclasses import replace
from pathlib import Path

from training.demo.duet_recipe.timbres import TARGETS
from training.demo.recipe.bank import printed
from training.evidence.judge_sounds import LabelledSounds
from training.evidence.layouts import read_labelled
from training.judge import save_judge
from training.judge_fit import JudgeOptions, fit_judge
from training.material import step_report
from training.models.rave import RaveModel

OPTIONS = JudgeOptions(steps=1500, reconstructions=640)


def train_duet_judge(rave: Path, labelled: Path, out: Path, seed: int) -> None:
    """Learns from the labelled training recordings, alone and two at once, as they are and as the RAVE plays them."""
    model, concepts = RaveModel(rave), tuple(TARGETS)
    recordings = read_labelled(labelled).of("train")
    drawn = LabelledSounds(recordings, concepts, model.rates.sample_rate, model.rates.channels)
    report = step_report(printed("judge"), "an ear learns the concepts")
    judge = fit_judge(
        concepts, model.rates.sample_rate, drawn.draw, replace(OPTIONS, seed=seed), report, model=model
    )
    save_judge(out, judge, {"seed": seed})
