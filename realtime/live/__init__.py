"""The process of `drawstop play`: it starts, watches and replaces all others."""
