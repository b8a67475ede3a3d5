"""Mutated messages against the running server: 20,000 over UDP, 3,000 over TCP. It stays alive and correct, answers only
what may be answered, and is no larger afterwards. MUSTER_SEED repeats a run."""

import contextlib
import os
import pathlib
import random
import socket
import struct
import tempfile
import unittest

import wire

ZONE = """$TTL 60
@ SOA ns1 host 1 60 60 60 5
@ NS ns1
ns1 A 192.0.2.1
www A 192.0.2.10
alias CNAME www
*.wild TXT "anything"
deep.cut NS ns.deep.cut
ns.deep.cut A 192.0.2.53
"""
CONFIG = """[[zones.file]]
name = "garbage.test."
file = "zone"
[[source.static]]
service = "web"
instances = [{ id = "i1", address = "10.0.0.7", port = 80 }]
"""
UDP_MESSAGES, TCP_MESSAGES = 20_000, 3_000
UDP_LIMIT = 1232
GROWTH_MOST = 24 * 1024  # KiB; a leak of 2 KiB a message would show


def record(owner, rrtype, rrclass, ttl, rdata):
    return wire.name(owner) + struct.pack(">HHIH", rrtype, rrclass, ttl, len(rdata)) + rdata


def message(opcode, question, counts, *records, identity=0x4d75):
    return struct.pack(">6H", identity, opcode << 11, *counts) + question + b"".join(records)


def question(owner, rrtype, rrclass=1):
    return wire.name(owner) + struct.pack(">HH", rrtype, rrclass)


def option(code, body):
    return struct.pack(">HH", code, len(body)) + body


def bases():
    zone = question("garbage.test.", 6)
    options = option(3, b"") + option(10, b"cookie!!") + option(8, b"\0\1\x18\0\xc0\0\2") + option(12, b"\0" * 9)
    opt = record("", 41, 4096, 0x8000, options)
    soa = wire.name("ns1.garbage.test.") + wire.name("host.garbage.test.") + struct.pack(">5I", 1, 60, 60, 60, 5)
    mac = wire.name("hmac-sha256.") + b"\0\0\x69\0\0\0" + struct.pack(">HH", 300, 32) + b"m" * 32 + b"\x4d\x75\0\0\0\0"
    tsig = record("key.", 250, 255, 0, mac)
    return [
        wire.query("web.svc.internal.", "A"),
        wire.query("_web._tcp.svc.internal.", "SRV", edns_size=1232),
        wire.query("deep.under.wild.garbage.test.", "TXT", edns_size=4096, dnssec_ok=True),
        wire.query("alias.garbage.test.", "AAAA"),
        wire.query("x.deep.cut.garbage.test.", "A"),
        message(0, question("www.garbage.test.", 255), (1, 0, 0, 1), opt),
        message(0, question("id.server.", 16, 3), (1, 0, 0, 1), opt),
        message(0, question("garbage.test.", 251), (1, 0, 1, 0), record("garbage.test.", 6, 1, 60, soa)),
        message(0, question("garbage.test.", 252), (1, 0, 0, 1), tsig),
        message(0, question("www.garbage.test.", 1), (1, 0, 0, 2), opt, tsig),
        message(4, zone, (1, 1, 0, 0), record("garbage.test.", 6, 1, 60, soa)),
        message(5, zone, (1, 1, 2, 1), record("www.garbage.test.", 255, 255, 0, b""),
                record("new.garbage.test.", 1, 1, 60, b"\xc0\0\2\x21"), record("www.garbage.test.", 1, 254, 0, b"\xc0\0\2\x0a"), tsig),
        message(6, b"", (0, 0, 0, 0)),
    ]


class Mutator:
    def __init__(self, seed):
        self.random = random.Random(seed)
        self.bases = bases()

    def next(self):
        octets = bytearray(self.random.choice(self.bases))
        for _ in range(self.random.choice([1, 1, 2, 4, 12])):
            if octets:
                self.random.choice([self.flip, self.set, self.cut, self.repeat, self.pointer, self.count, self.insert])(octets)
        return bytes(octets[:4000])

    def place(self, octets):
        return self.random.randrange(len(octets))

    def flip(self, octets):
        octets[self.place(octets)] ^= 1 << self.random.randrange(8)

    def set(self, octets):
        octets[self.place(octets)] = self.random.choice([0, 1, 0x3f, 0x40, 0x80, 0xc0, 0xff])

    def cut(self, octets):
        del octets[self.place(octets):]

    def repeat(self, octets):
        start = self.place(octets)
        octets[start:start] = octets[start:start + self.random.randrange(1, 60)]

    def pointer(self, octets):
        at = self.place(octets)
        octets[at:at + 2] = struct.pack(">H", 0xc000 | self.random.choice([0, 2, 11, 12, at, at + 1, 0x3fff]))

    def count(self, octets):
        at = self.random.choice([4, 6, 8, 10])
        octets[at:at + 2] = struct.pack(">H", self.random.choice([0, 1, 2, 255, 65535]))

    def insert(self, octets):
        at = self.place(octets)
        octets[at:at] = bytes(self.random.randrange(256) for _ in range(self.random.randrange(1, 30)))


class Garbage(unittest.TestCase):
    def setUp(self):
        seed = int(os.environ.get("MUSTER_SEED", random.randrange(1 << 32)))
        print(f"MUSTER_SEED={seed}", flush=True)
        self.mutator = Mutator(seed)

    def serve(self):
        folder = self.enterContext(tempfile.TemporaryDirectory())
        folder = pathlib.Path(folder)
        (folder / "zone").write_text(ZONE)
        client = self.enterContext(wire.serving(folder, CONFIG))
        wire.wait_until("the zone is served", lambda: client.udp(wire.query("www.garbage.test.", "A")).answer)
        return client

    def assert_right(self, client):
        for ask in (client.udp, client.tcp):
            for owner, address in (("web.svc.internal.", b"\n\0\0\7"), ("www.garbage.test.", b"\xc0\0\2\n")):
                reply = ask(wire.query(owner, "A", 7))
                self.assertIsNotNone(reply, owner)
                self.assertEqual((reply.rcode, [one[4] for one in reply.answer]), (0, [address]), owner)

    def check(self, octets, sent):
        """What came back is a whole reply to something that was sent and may be answered."""
        reply = wire.Reply(octets)
        self.assertEqual(reply.qr, 1)
        self.assertLessEqual(len(octets), UDP_LIMIT)
        self.assertIn(octets[:2], sent)

    def test_20000_over_udp(self):
        client = self.serve()
        stranger = self.enterContext(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        stranger.connect((wire.HOST, client.port))
        stranger.setblocking(False)
        sent, replies, before = set(), 0, 0
        for number in range(UDP_MESSAGES):
            packet = self.mutator.next()
            answerable = len(packet) >= 12 and not packet[2] & 0x80
            sent |= {packet[:2]} if answerable else set()
            stranger.send(packet)
            with contextlib.suppress(BlockingIOError):
                while True:
                    self.check(stranger.recv(65535), sent)
                    replies += 1
            if number % 50 == 49:
                self.assertIsNotNone(client.udp(wire.query("web.svc.internal.", "A", number & 0xffff)), "a slow or dead server")
            if number == UDP_MESSAGES // 4:
                before = wire.resident_kib(client.process)
        self.assert_right(client)
        self.assertGreater(replies, UDP_MESSAGES // 2)
        self.assertIsNone(client.process.poll())
        self.assertLess(wire.resident_kib(client.process) - before, GROWTH_MOST)

    def test_3000_over_tcp(self):
        client = self.serve()
        connection, replies, before = None, 0, 0
        for number in range(TCP_MESSAGES):
            packet = self.mutator.next()
            if number == TCP_MESSAGES // 4:
                before = wire.resident_kib(client.process)
            with contextlib.suppress(OSError, EOFError):
                connection = connection or wire.connect(client.port)
                connection.settimeout(5)
                wire.send(connection, packet)
                if len(packet) >= 12 and not packet[2] & 0x80:
                    reply = wire.Reply(wire.receive(connection))
                    self.assertEqual((reply.qr, reply.identity), (1, struct.unpack(">H", packet[:2])[0]))
                    replies += 1
                    continue
            if connection:
                connection.close()
                connection = None
        if connection:
            connection.close()
        self.assert_right(client)
        self.assertGreater(replies, TCP_MESSAGES // 2)
        self.assertLess(wire.resident_kib(client.process) - before, GROWTH_MOST)


if __name__ == "__main__":
    unittest.main()
