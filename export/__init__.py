"""From a RAVE and a bank to an instrument: one TorchScript file for nn~ and for our engine."""
