"""The model that comes with Drawstop: a linear codec with RAVE's interface, and the bank of its separator.

Data only: `training/recipes/separator` makes both.
"""

from pathlib import Path

SHIPPED_RAVE = Path(__file__).parent / "rave.ts"
"""A linear codec (MDCT): its output is its input, 128 samples late."""
SHIPPED_BANK = Path(__file__).parent / "bank"
"""The separator, the queries that new stops start from, and the stops of guitar and voice."""
PERFORMANCE = Path(__file__).parent / "performance"
"""The demo's sound (a recorded guitar and a singer that the separator wasn't trained on) and knob movements as MIDI."""

EXAMPLE_FOLDER = Path(__file__).parents[1] / "demo"
"""All that belongs to the example RAVE: its classifiers, what was measured, and a small MusicGen, too."""
EXAMPLE_RAVE = EXAMPLE_FOLDER / "rave.ts"
"""A small RAVE, trained on guitars and voices, as an example of your own model."""
EXAMPLE_BANK = EXAMPLE_FOLDER / "bank"
"""An SAE of its latent, and two stops of the SAE's features."""
EXAMPLE_RECORDINGS = EXAMPLE_FOLDER / "recordings"
"""The recordings that the stops were found in (`train/`) and measured on (`held_out/`), a folder for each label."""
