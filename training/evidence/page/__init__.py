"""Sections of evidence as one self-contained HTML page, or those of two banks beside each other."""
