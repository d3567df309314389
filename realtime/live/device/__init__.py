"""The sound device of a performance: selected, found, opened, lost, taken back."""
