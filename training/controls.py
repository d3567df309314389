"""Controls: edits of the same size that know nothing of the concept."""

import torch

from training.stops import Stop


def random_control(stop: Stop, seed: int) -> Stop:
    """The same edit with random features: the shares shuffled among live features, the writes turned at random, norms kept."""
    generator = torch.Generator().manual_seed(seed)
    live = stop.writes.norm(dim=1) > 0
    order = live.nonzero().squeeze(1)
    shares = stop.shares.clone()
    shares[order] = stop.shares[order[torch.randperm(len(order), generator=generator)]]
    directions = torch.randn(stop.writes.shape, generator=generator)
    directions = directions / directions.norm(dim=1, keepdim=True)
    writes = directions * stop.writes.norm(dim=1, keepdim=True)
    return Stop(stop.name, stop.slug, "random", shares, writes, stop.cap)
