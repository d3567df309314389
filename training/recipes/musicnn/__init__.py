"""Converts the published MusicNN tagger to our weights file."""
