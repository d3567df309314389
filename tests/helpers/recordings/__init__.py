"""Recordings and folders of them, as people have them."""
