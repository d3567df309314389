"""Pictures and tables of the commands `classify` and `sweep`."""
