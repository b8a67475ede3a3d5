"""A proxy for DNS that breaks one rule: what a client needs of a server shows in what fails behind it.

Ways: "no-aa" clears AA; "no-tc" clears TC over UDP (what does not fit is lost, and nobody is told); "no-tcp" closes each
TCP connection; "nodata-is-nxdomain"; "no-ttl" makes every TTL an hour; "other-case" answers with the question in small
letters; "formerr-edns" as from before EDNS. Without a way it passes everything on as it is.
"""

import socket
import struct
import threading

from dns_listener import DnsListener


class BrokenProxy(DnsListener):
    def __init__(self, address, server, ways=()):
        self.server, self.ways = server, set(ways)
        self.asked = []  # transports
        self.questions = []  # names with their types
        super().__init__(*address)

    def datagram(self, packet, client):
        threading.Thread(target=self.pass_on, args=(packet, client), daemon=True).start()

    def pass_on(self, packet, client):
        self.asked.append("udp")
        self.questions.append(question(packet))
        if "formerr-edns" in self.ways and packet[10:12] != b"\0\0":
            end = question_end(packet)
            reply = packet[:2] + struct.pack(">5H", 0x8001, 1, 0, 0, 0) + packet[12:end]
        else:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
                asking.settimeout(5)
                asking.sendto(packet, self.server)
                try:
                    reply = self.broken(asking.recv(65536), "udp")
                except OSError:
                    return
        try:
            self.udp.sendto(reply, client)
        except OSError:
            pass

    def connection(self, connection, _):
        self.asked.append("tcp")
        if "no-tcp" in self.ways:
            return connection.close()
        with connection, socket.create_connection(self.server) as asking:
            while (packet := read_message(connection)) and "no-tcp" not in self.ways:
                self.questions.append(question(packet))
                asking.sendall(struct.pack(">H", len(packet)) + packet)
                reply = read_message(asking)
                if not reply:
                    return None
                reply = self.broken(reply, "tcp")
                try:
                    connection.sendall(struct.pack(">H", len(reply)) + reply)
                except OSError:
                    return None
        return None

    def broken(self, reply, transport):
        reply = bytearray(reply)
        if "no-aa" in self.ways:
            reply[2] &= ~0x04
        if "no-tc" in self.ways and transport == "udp":
            reply[2] &= ~0x02
        answers = struct.unpack_from(">H", reply, 6)[0]
        if "nodata-is-nxdomain" in self.ways and not answers and not reply[3] & 15 and not reply[2] & 0x02:
            reply[3] |= 3
        if "other-case" in self.ways:
            end = question_end(reply)
            reply[12:end - 4] = reply[12:end - 4].lower()
        if "no-ttl" in self.ways:
            set_ttls(reply, 3600)
        return bytes(reply)


def read_message(connection):
    """One message of a TCP stream; empty at its end."""
    head = read_exactly(connection, 2)
    return head and read_exactly(connection, struct.unpack(">H", head)[0])


def read_exactly(connection, count):
    octets = b""
    while len(octets) < count:
        try:
            more = connection.recv(count - len(octets))
        except OSError:
            return b""
        if not more:
            return b""
        octets += more
    return octets


def question(packet):
    """The name asked for, and the number of the type."""
    labels, at = [], 12
    while packet[at]:
        labels.append(packet[at + 1:at + 1 + packet[at]].decode())
        at += 1 + packet[at]
    return ".".join(labels), struct.unpack_from(">H", packet, at + 1)[0]


def question_end(packet):
    return name_end(packet, 12) + 4


def name_end(packet, at):
    while packet[at]:
        if packet[at] >= 0xC0:
            return at + 2
        at += 1 + packet[at]
    return at + 1


def set_ttls(reply, ttl):
    at = question_end(reply)
    for _ in range(sum(struct.unpack_from(">3H", reply, 6))):
        at = name_end(reply, at)
        kind, size = struct.unpack_from(">H", reply, at)[0], struct.unpack_from(">H", reply, at + 8)[0]
        if kind != 41:
            struct.pack_into(">I", reply, at + 4, ttl)
        at += 10 + size
