"""The body of a process that makes and drops OpenVINO models, then gets a signal; a spawned process can import it from here."""

import os
import signal

import torch
from torch import Tensor

from realtime.backends.openvino import OpenVinoSegment
from realtime.backends.record import record


def models_come_and_go_and_a_signal_comes() -> None:
    cache = torch.zeros(1, 1, 2)

    def call(x: Tensor) -> Tensor:
        joined = torch.cat([cache, x], -1)
        cache.copy_(joined[..., -2:])
        return joined[..., :-2] * 0.5

    graph = record(call, (torch.ones(1, 1, 4),), [cache])
    first, second = OpenVinoSegment(graph), OpenVinoSegment(graph)
    del first
    del second
    received: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, frame: received.append(number))
    os.kill(os.getpid(), signal.SIGTERM)
    assert received == [signal.SIGTERM]
