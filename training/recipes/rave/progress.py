"""Prints how far a training of a recipe is."""


def print_step(step: int, steps: int) -> None:
    """A `judge_fit.Report` that prints every fiftieth step."""
    if step % 50 == 0:
        print(f"step {step} of {steps}", flush=True)
