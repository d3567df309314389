"""Ports that are shared with nobody, on this system and as Windows has it, simulated by another option's number."""

import socket
import sys

import pytest

from drawstop.errors import DrawstopError
from realtime.controllers.osc.listener import bound_socket

KINDS = (socket.SOCK_STREAM, socket.SOCK_DGRAM)


@pytest.mark.parametrize("kind", KINDS)
def test_a_port_that_another_program_has_is_refused_in_one_line(kind: socket.SocketKind) -> None:
    with bound_socket("127.0.0.1", 0, kind) as sock:
        port = sock.getsockname()[1]
        with pytest.raises(DrawstopError, match=f"can't listen at 127.0.0.1:{port} .*choose another port"):
            bound_socket("127.0.0.1", port, kind)


@pytest.mark.parametrize("kind", KINDS)
def test_on_windows_a_port_is_held_alone_instead_of_reused(
    kind: socket.SocketKind, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setattr(socket, "SO_EXCLUSIVEADDRUSE", socket.SO_KEEPALIVE, raising=False)
    with bound_socket("127.0.0.1", 0, kind) as sock:
        assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
        assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR) == 0


@pytest.mark.skipif(sys.platform == "win32", reason="there a closed port is free at once")
def test_elsewhere_a_port_is_free_again_as_soon_as_it_is_closed() -> None:
    with bound_socket("127.0.0.1", 0, socket.SOCK_STREAM) as sock:
        assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR) == 1
