"""Fine-tunes a RAVE until its latents add up."""
