"""Pure functions: AUROC, bootstrap intervals, distances between sounds, pitch and notes."""
