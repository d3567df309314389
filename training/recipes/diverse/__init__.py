"""A diverse set of rendered recordings, and what SAEs of the example RAVE tell about it."""
