"""The separator's training corpus: concepts, material, the plan of clips, their rendering, and mixtures of them."""
