"""A diverse set of rendered recordings, and what SAEs of the demo's RAVE tell about it."""
