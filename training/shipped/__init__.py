"""The model that is there without a RAVE of one's own: a linear codec with RAVE's interface, and the bank of its separator.

Data only: `training/recipes/separator` makes both.
"""

from pathlib import Path

SHIPPED_RAVE = Path(__file__).parent / "rave.ts"
"""Gives back what it hears, 128 samples late."""
SHIPPED_BANK = Path(__file__).parent / "bank"
"""The separator, the queries that new stops start from, and the stops of guitar and voice."""
PERFORMANCE = Path(__file__).parent / "performance"
"""What the demo plays: a recorded guitar and a singer that the separator never heard, and the knobs' movements as MIDI."""
