"""Just enough DNS to ask one question and count what the reply holds."""
import socket
import struct
import time

A, AAAA, SRV = 1, 28, 33
NOERROR, NXDOMAIN = 0, 3


def query(name, rrtype, edns=False, ident=1):
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.rstrip(".").split("."))
    packet = struct.pack("!6H", ident, 0, 1, 0, 0, int(edns)) + labels + b"\0" + struct.pack("!2H", rrtype, 1)
    return packet + (b"\0" + struct.pack("!HHIH", 41, 1232, 0, 0) if edns else b"")


def summary(reply, edns=False):
    """Size, AA, rcode and records by section; the OPT record is not counted."""
    _, flags, _, answers, authority, additional = struct.unpack("!6H", reply[:12])
    return {"octets": len(reply), "aa": flags >> 10 & 1, "rcode": flags & 15, "answers": answers,
            "authority": authority, "additional": additional - (1 if edns and additional else 0)}


def ask(port, name, rrtype, edns=False, timeout=1.0):
    """The summary of the reply, or None when none came."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.settimeout(timeout)
        udp.connect(("127.0.0.1", port))
        try:
            udp.send(query(name, rrtype, edns))
            return summary(udp.recv(65535), edns)
        except OSError:
            return None


def wait_until(port, name, rrtype, good, deadline, alive=lambda: True):
    """The moment of the first reply that is good(summary); None when the deadline (monotonic) passed or nobody
    lives."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.connect(("127.0.0.1", port))
        while time.monotonic() < deadline and alive():
            try:
                udp.settimeout(0.05)
                udp.send(query(name, rrtype))
                if good(summary(udp.recv(65535))):
                    return time.monotonic()
            except OSError:
                pass
            time.sleep(0.002)
    return None
