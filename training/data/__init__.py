"""Recordings: reading, splitting, varying and labelling them."""
