"""Recognises a controller's source from what it sends when it is moved: for `drawstop learn`."""
