"""SAELens's own TopK training SAE and the step of its own trainer, for bench.sae.step."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor

from training.sae.config import SAEConfig


def saelens_step(config: SAEConfig, sparse: bool = False) -> tuple[Callable[[Tensor], object], Any]:
    """SAELens's training of the same sizes, learning rates and auxiliary loss on or off as ours; and its SAE.

    Args:
        sparse: with its `use_sparse_activations`; its rescaling by the decoder's norms has no backward pass then, so it is off.
    """
    from sae_lens.config import LoggingConfig, SAETrainerConfig
    from sae_lens.saes.topk_sae import TopKTrainingSAE, TopKTrainingSAEConfig
    from sae_lens.training.sae_trainer import SAETrainer

    torch.manual_seed(config.seed)
    sae = TopKTrainingSAE(
        TopKTrainingSAEConfig(
            d_in=config.d_in,
            d_sae=config.n_features,
            k=config.k,
            use_sparse_activations=sparse,
            rescale_acts_by_decoder_norm=not sparse,
            apply_b_dec_to_input=False,
        )
    )
    options = SAETrainerConfig(
        total_training_samples=config.steps * config.batch_size,
        train_batch_size_samples=config.batch_size,
        lr=config.learning_rate,
        lr_end=config.learning_rate / 10,
        lr_warm_up_steps=round(config.warmup_share * config.steps),
        lr_decay_steps=round(config.decay_share * config.steps),
        dead_feature_window=config.dead_after_steps,
        logger=LoggingConfig(log_to_wandb=False),
    )
    trainer = SAETrainer(options, sae, _nothing())

    def step(x: Tensor) -> object:
        output = trainer.step(x)
        trainer.n_training_steps += 1
        return output

    return step, sae


def _nothing() -> Iterator[Tensor]:
    yield from ()
