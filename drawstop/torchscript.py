"""TorchScript, which nn~ loads and nothing else: torch's advice to leave it isn't for those who play instruments."""

import warnings

ADVICE = r"`torch\.jit\."
"""How the advice begins: a DeprecationWarning, which Python shows to nobody, and from torch 2.15 on a FutureWarning."""


def keep_advice_quiet() -> None:
    """Show none of that advice in this process."""
    warnings.filterwarnings("ignore", ADVICE, FutureWarning)
