"""The instrument: a RAVE with banks inside, as TorchScript for nn~."""
