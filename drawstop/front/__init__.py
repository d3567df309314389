"""What stands between a command line and a command: the table of commands, hints, suggestions, completion."""
