"""Held-out clips, steered, decoded and classified: what every experiment on sound runs on."""
