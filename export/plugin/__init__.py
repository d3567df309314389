"""Instruments as Neutone models, which the Neutone FX plug-in plays in DAWs."""
