"""The performance's loop: an interrupt ends it between two rounds, never inside one."""

import os
import signal

import pytest

from realtime.live.play import collected_interrupts


def test_the_first_interrupt_is_collected_the_second_raises_and_the_old_handlers_come_back() -> None:
    before = [signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)]
    with collected_interrupts() as came:
        os.kill(os.getpid(), signal.SIGTERM)
        assert came == [signal.SIGTERM]
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)
    assert [signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)] == before
