"""Silences torch's advice against TorchScript: nn~ loads nothing else, and users can't act on it."""

import warnings

ADVICE = r"`torch\.jit\."
"""How the warning begins.

It is a DeprecationWarning up to torch 2.14, which Python hides by default, and a FutureWarning from 2.15.
"""


def keep_advice_quiet() -> None:
    """Show none of that advice in this process."""
    warnings.filterwarnings("ignore", ADVICE, FutureWarning)
