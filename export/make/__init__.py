"""`drawstop make`: from a RAVE and recordings to an instrument and verdicts."""
