"""Ports for programs that cannot take port 0.

They lie below the ephemeral range. A port of that range may be free for UDP at this moment and still be lost for TCP: a
client of another test that was given it, closed first, keeps it in TIME_WAIT for a minute, and no server can bind it.
"""

import contextlib
import random
import socket

RANGE = "/proc/sys/net/ipv4/ip_local_port_range"
LOWEST, HIGHEST = 10000, 30000


def free_port(address):
    """A port free for UDP and TCP at once; from a random start, so that tests side by side seldom choose the same."""
    with open(RANGE, encoding="ascii") as text:
        highest = min(HIGHEST, int(text.read().split()[0]))
    count = highest - LOWEST
    start = random.SystemRandom().randrange(count)
    for step in range(count):
        port = LOWEST + (start + step) % count
        if is_free(address, port):
            return port
    raise AssertionError(f"no port of {address} from {LOWEST} to {highest} is free")


def is_free(address, port):
    with contextlib.ExitStack() as held:
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
            probe = held.enter_context(socket.socket(family, kind))
            try:
                probe.bind((address, port))
            except OSError:
                return False
    return True
