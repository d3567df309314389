"""Moves the stops of a running `drawstop play` by OSC, from a Python program of its own, and follows what they do.

Start the player with `uv run drawstop play organ.ts --osc 9000`, then this. It asks which stops there are,
takes the first one away at once and brings it back on a ramp, and prints what the player reports. python-osc comes with
Drawstop; any other OSC library does as well (docs/play/osc.md has every address).

uv run python examples/osc_from_python.py [PORT] [HOST]
"""

import sys
from collections.abc import Callable, Iterator

from pythonosc.osc_message import OscMessage
from pythonosc.udp_client import SimpleUDPClient

PATIENCE_S = 30.0
RAMP_S = 0.5


def answers(client: SimpleUDPClient, patience_s: float = PATIENCE_S) -> Iterator[tuple[str, list[object]]]:
    """What the player sends: address and arguments of each message, until nothing has come for a while."""
    while packet := client.receive(patience_s):
        message = OscMessage(packet)
        yield message.address, list(message.params)


def wait_for(client: SimpleUDPClient, address: str, is_it: Callable[[list[object]], bool]) -> list[object]:
    """The arguments of the next message of an address that is the one awaited; every message is printed."""
    for sent, arguments in answers(client):
        if not sent.startswith(("/meter", "/level")):
            print(sent, *arguments)
        if sent == address and is_it(arguments):
            return arguments
    raise SystemExit(f"no {address} came within {PATIENCE_S:g} s: is `drawstop play … --osc PORT` running?")


def main(port: int, host: str = "127.0.0.1") -> None:
    """Ask, move, ask again."""
    client = SimpleUDPClient(host, port)

    # Which stops are there? The number of stops comes first, then a message for each.
    client.send_message("/stops", [])
    [count] = wait_for(client, "/stops", lambda arguments: True)
    slugs = []
    for sent, (name, low, high, *_) in answers(client):
        slugs.append(sent.removeprefix("/stops/"))
        print(f"{slugs[-1]}: {name}, from {low} to {high}")
        if len(slugs) == count:
            break

    # Take the first one away. Changes that others make would be sent to us after a /subscribe; our own we ask for.
    address = f"/stop/{slugs[0]}"
    client.send_message(address, -1.0)
    client.send_message("/values", [])
    wait_for(client, address, lambda arguments: arguments == [-1.0])

    # Back to 0 in a straight line; the player reports where the ramp goes.
    client.send_message(f"{address}/ramp", [0.0, RAMP_S])
    client.send_message("/values", [])
    wait_for(client, address, lambda arguments: arguments == [0.0])


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 9000, *sys.argv[2:])
