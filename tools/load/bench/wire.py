"""Just enough DNS to ask one question and count what the reply holds."""
import socket
import struct
import time

A, PTR, TXT, AAAA, SRV, HTTPS = 1, 12, 16, 28, 33, 65
NOERROR, NXDOMAIN = 0, 3
RECURSION_DESIRED = 0x0100  # as clients set it; whoever answers for his own zones takes no notice


def query(name, rrtype, edns=False, ident=1):
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.rstrip(".").split("."))
    packet = struct.pack("!6H", ident, RECURSION_DESIRED, 1, 0, 0, int(edns)) + labels + b"\0" + struct.pack("!2H", rrtype, 1)
    return packet + (b"\0" + struct.pack("!HHIH", 41, 1232, 0, 0) if edns else b"")


def summary(reply, edns=False):
    """Size, TC, AA, rcode and records by section; the OPT record is not counted."""
    _, flags, _, answers, authority, additional = struct.unpack("!6H", reply[:12])
    return {"octets": len(reply), "tc": flags >> 9 & 1, "aa": flags >> 10 & 1, "rcode": flags & 15, "answers": answers,
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


def ask_tcp(port, name, rrtype, edns=False, timeout=1.0):
    """The same over TCP."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout) as tcp:
            packet = query(name, rrtype, edns)
            tcp.sendall(struct.pack("!H", len(packet)) + packet)
            octets = b""
            while len(octets) < 2 or len(octets) < 2 + struct.unpack("!H", octets[:2])[0]:
                more = tcp.recv(65536)
                if not more:
                    return None
                octets += more
            return summary(octets[2:], edns)
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
