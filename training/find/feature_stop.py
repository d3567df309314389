"""A stop of features that the user names, as the report's atlas numbers them: no recordings, nothing fitted."""

from collections.abc import Sequence

import torch

from drawstop.errors import DrawstopError
from training.banks.bank import StopBank
from training.banks.stop import Stop, make_slug

CAP = 1.0


def feature_stop(bank: StopBank, name: str, features: Sequence[int]) -> Stop:
    """A static stop that takes some of a bank's features away at -1 and doubles them at +1.

    What a feature adds to a frame is its value times its row of the decoder: the stop's write vectors are these rows.

    Raises:
        DrawstopError: the bank has no such feature, or one is named twice.
    """
    count, width = bank.sae.config.n_features, bank.sae.config.d_in
    unknown = [feature for feature in features if not 0 <= feature < count]
    if unknown:
        raise DrawstopError(
            f"this bank's features are 0 to {count - 1}, got {', '.join(map(str, unknown))}: "
            "`drawstop report` shows what each is active for"
        )
    if len(set(features)) < len(features):
        raise DrawstopError(f"a feature is named twice: {', '.join(map(str, features))}")
    chosen = torch.tensor(list(features))
    weights = torch.zeros(count).index_fill_(0, chosen, 1.0)
    vectors = torch.zeros(count, width)
    vectors[chosen] = bank.sae.W_dec.detach()[chosen]
    metrics = {"features": len(features), "off": f"features {list(features)}, wholly", "on": "twice as much"}
    return Stop(name, make_slug(name), "static", weights, vectors, CAP, metrics)
