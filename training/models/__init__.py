"""Models that can be steered: their sites, their frames, an edit inserted at a site."""
