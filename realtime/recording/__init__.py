"""Recorded performances: the session's files and its replay."""
