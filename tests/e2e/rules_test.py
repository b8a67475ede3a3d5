"""Rules of the wire by real packets, one server for all: those that a client sees and that hold for the whole program, not
only for the function that answers. The rest of CONFORMANCE.md has its tests nearer to the code."""

import contextlib
import http.client
import json
import pathlib
import socket
import struct
import tempfile
import unittest

import wire
from ports import free_port

FORMERR, SERVFAIL, NXDOMAIN, NOTIMP, REFUSED, NOTAUTH = 1, 2, 3, 4, 5, 9
EDE, NSID, EXPIRE, COOKIE, KEEPALIVE, PADDING = 15, 3, 9, 10, 11, 12
IN, CH = 1, 3

ZONE = """$TTL 300
@ SOA ns1 host 7 3600 600 86400 60
@ NS ns1
@ MX 10 Mail.Example.test.
ns1 A 192.0.2.1
Mail A 192.0.2.25
www A 192.0.2.80
www TXT "v=1"
alias CNAME www
sub.deep A 192.0.2.9
zero TYPE65400 \\# 0
look TYPE65400 \\# 4 c00cc0ff
bound SVCB 0 target
target SVCB 1 . alpn=h2 port=8443
target A 192.0.2.44
""" + "".join(f"big {octet} TXT {'x' * 200}{octet}\n".replace(f"big {octet}", "big") for octet in range(10))

CONFIG = """[zones]
allow_transfer = ["127.0.0.0/8"]
[[zones.file]]
name = "example.test."
file = "example.test.zone"
allow_transfer = ["127.0.0.0/8"]
"""


def packet(owner="www.example.test", rrtype=1, rrclass=IN, identity=1, flags=0, options=None, owner_octets=None):
    """A query with any type, class and flags; `options` None: no OPT."""
    opt = b"" if options is None else b"\0" + struct.pack(">HHIH", wire.OPT, 1232, 0, len(options)) + options
    question = (owner_octets or wire.name(owner)) + struct.pack(">HH", rrtype, rrclass)
    return struct.pack(">6H", identity, flags, 1, 0, 0, 1 if opt else 0) + question + opt


def option(code, body=b""):
    return struct.pack(">HH", code, len(body)) + body


def options_of(reply):
    """{code: body} of the reply's OPT."""
    found, octets = {}, reply.opt[2]
    while octets:
        code, size = struct.unpack(">HH", octets[:4])
        found[code] = octets[4:4 + size]
        octets = octets[4 + size:]
    return found


class Rules(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.stack = contextlib.ExitStack()
        cls.addClassCleanup(cls.stack.close)
        folder = pathlib.Path(cls.stack.enter_context(tempfile.TemporaryDirectory()))
        (folder / "example.test.zone").write_text(ZONE)
        cls.client = cls.stack.enter_context(wire.serving(folder, CONFIG))
        wire.wait_until("the zone is read", lambda: cls.client.udp(packet()).answer)
        connection = http.client.HTTPConnection(wire.HOST, cls.client.http_port)
        for i in range(60):
            body = {"address": f"127.0.1.{i}", "ports": [{"name": "http", "port": 80}]}
            connection.request("PUT", f"/api/v1/services/web/instances/i{i}", json.dumps(body))
            reply = connection.getresponse()
            text = reply.read()
            if reply.status != 201:
                raise AssertionError(text)
        connection.close()

    def rcode(self, octets, transport="udp"):
        reply = getattr(self.client, transport)(octets)
        self.assertIsNotNone(reply, "a reply")
        return reply.rcode

    def silent(self, octets):
        """It is, when what is asked after it is answered first."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
            one.settimeout(wire.PATIENCE)
            one.connect((self.client.host, self.client.port))
            one.send(octets)
            one.send(packet(identity=0x7777))
            return one.recv(65535)[:2] == b"\x77\x77"

    def test_what_cannot_be_read(self):
        header = struct.pack(">6H", 1, 0, 1, 0, 0, 0)
        for why, octets in [
                ("MSG2 no question", header),
                ("MSG2 a label past the end", header + b"\x05ab"),
                ("MSG2 label type 01", header + b"\x41a\0\0\1\0\1"),
                ("MSG2 a pointer in the question", header + b"\xc0\x0c\0\1\0\1"),
                ("MSG2 no class", header + b"\1a\0\0\1"),
                ("MSG2 a count without a record", struct.pack(">6H", 1, 0, 1, 0, 0, 1) + wire.name("a.") + b"\0\1\0\1"),
                ("MSG4 two questions", struct.pack(">6H", 1, 0, 2, 0, 0, 0) + 2 * (wire.name("www.example.test") + b"\0\1\0\1")),
                ("MSG4 none", struct.pack(">6H", 1, 0, 0, 0, 0, 0)),
                ("MSG6 octets behind the last record", packet() + b"\0")]:
            with self.subTest(why):
                self.assertEqual((self.rcode(octets), self.rcode(octets, "tcp")), (FORMERR, FORMERR))
        self.assertTrue(self.silent(packet()[:11]), "MSG1 less than a header")
        self.assertTrue(self.silent(packet(flags=0x8000)), "MSG1 a response")

    def test_records_that_mean_nothing_in_a_query_are_walked(self):
        record = wire.name("x.") + struct.pack(">HHIH", 1, 1, 0, 4) + b"\1\2\3\4"
        for at, counts in [("answer", (1, 0, 0)), ("authority", (0, 1, 0)), ("additional", (0, 0, 1))]:
            with self.subTest(at):
                octets = packet()[:6] + struct.pack(">3H", *counts) + packet()[12:] + record
                self.assertEqual(len(self.client.udp(octets).answer), 1)

    def test_flags_of_a_query_change_nothing(self):
        reply = self.client.udp(packet(flags=0x07ff))
        self.assertEqual((reply.rcode, reply.aa, reply.tc, reply.rd, reply.ra, reply.ad, reply.cd), (0, 1, 0, 1, 0, 0, 1))
        refused = self.client.udp(packet(flags=0x0600 | 2 << 11))
        self.assertEqual((refused.rcode, refused.opcode, refused.aa, refused.tc), (NOTIMP, 2, 0, 0), "HDR2 in errors too")

    def test_case(self):
        asked = b"\3wWw\7eXample\4TEST\0"
        reply = self.client.udp(packet(owner_octets=asked))
        self.assertEqual(reply.question[:len(asked)], asked, "CAS2")
        self.assertEqual(reply.octets.count(b"eXample"), 1, "the owner points there")
        mx = self.client.udp(packet("example.test", 15)).octets
        self.assertIn(b"\4Mail", mx, "CAS3 as the file has it")
        other = self.client.udp(packet(owner_octets=b"\7eXample\4TEST\0", rrtype=15))
        self.assertIn(b"\4Mail\xc0\x0c", other.octets, "CAS4 the zone's part is the question's")

    def test_negative_answers(self):
        for owner, rrtype, rcode, ttl in [("no.example.test", 1, NXDOMAIN, 60), ("www.example.test", 65, 0, 60), ("deep.example.test", 1, 0, 60),
                                          ("no.svc.internal", 1, NXDOMAIN, 2), ("web.svc.internal", 28, 0, 2), ("_tcp.svc.internal", 1, 0, 2)]:
            with self.subTest(owner=owner, rrtype=rrtype):
                reply = self.client.udp(packet(owner, rrtype))
                self.assertEqual((reply.rcode, reply.aa, reply.answer), (rcode, 1, []))
                self.assertEqual([(record[1], record[3]) for record in reply.authority], [(6, ttl)], "NEG1, NEG7")

    def test_what_is_refused_and_how(self):
        for opcode in (1, 2, 3, *range(6, 16)):
            for octets in (packet(flags=opcode << 11), struct.pack(">6H", 1, opcode << 11, 0, 0, 0, 0)):
                reply = self.client.udp(octets)
                self.assertEqual((reply.rcode, reply.opcode), (NOTIMP, opcode), "OPC1")
        for rrtype, rcode in [(0, FORMERR), (41, FORMERR), (128, FORMERR), (248, FORMERR), (249, FORMERR), (250, FORMERR), (252, FORMERR),
                              (253, NOTIMP), (254, NOTIMP), (46, 0), (47, 0), (65535, 0)]:
            self.assertEqual(self.rcode(packet(rrtype=rrtype)), rcode, f"MET1 type {rrtype}")
        for owner in (".", "elsewhere.test", "test"):
            reply = self.client.udp(packet(owner, options=b""))
            self.assertEqual((reply.rcode, reply.aa, reply.answer, reply.authority, reply.additional), (REFUSED, 0, [], [], []), "REF1")
            self.assertEqual(options_of(reply)[EDE], struct.pack(">H", 20))
        self.assertEqual(self.rcode(packet(flags=4 << 11, owner="example.test", rrtype=6)), 0, "OPC2")
        self.assertEqual(self.rcode(packet(flags=4 << 11, owner="www.example.test", rrtype=6)), NOTAUTH, "OPC2")

    def test_other_classes(self):
        for owner, answer in [("id.server", b"\4wire"), ("hostname.bind", b"\4wire")]:
            reply = self.client.udp(packet(owner, 16, CH))
            self.assertEqual([(record[2], record[4]) for record in reply.answer], [(CH, answer)], "CLS1")
        for owner, rrtype, rrclass in [("version.bind", 16, CH), ("id.server", 1, CH), ("www.example.test", 1, CH), ("www.example.test", 1, 4),
                                       ("www.example.test", 1, 255)]:
            self.assertEqual(self.rcode(packet(owner, rrtype, rrclass)), REFUSED, f"CLS1 {owner} {rrclass}")

    def test_any(self):
        asked = packet("www.example.test", 255)
        self.assertEqual([record[1] for record in self.client.udp(asked).answer], [1], "ANY1 one RRset")
        self.assertEqual([record[1] for record in self.client.tcp(asked).answer], [1, 16], "ANY1 all over TCP")
        self.assertEqual([record[1] for record in self.client.udp(packet("alias.example.test", 255)).answer], [5], "ANY1 not chased")

    def test_sizes(self):
        big = packet("big.example.test", 16)
        short = self.client.udp(big)
        self.assertEqual((short.tc, short.aa, short.answer, short.rcode), (1, 1, [], 0), "SIZ3")
        kept = self.client.udp(packet("big.example.test", 16, options=option(COOKIE, b"12345678")))
        self.assertEqual((kept.tc, kept.answer, len(options_of(kept)[COOKIE])), (1, [], 24), "SIZ3 the OPT and the cookie stay")
        self.assertEqual((self.client.tcp(big).tc, len(self.client.tcp(big).answer)), (0, 10), "SIZ4")
        some = self.client.udp(packet("web.svc.internal"))
        self.assertEqual((some.tc, some.rcode), (0, 0), "SIZ5 what fits is the RRset")
        self.assertLessEqual(len(some.octets), 512, "SIZ1")
        self.assertGreater(len(some.answer), 25)
        self.assertEqual(len(self.client.tcp(packet("web.svc.internal")).answer), 60)
        self.assertEqual(self.client.udp(packet("_web._tcp.svc.internal", 33)).tc, 1, "SRV is not cut")

    def test_edns(self):
        opt = b"\0" + struct.pack(">HHIH", wire.OPT, 1232, 0, 0)
        plain = packet()
        with_additional = plain[:10] + struct.pack(">H", 2) + plain[12:]
        for why, octets in [
                ("EDN4 two", with_additional + 2 * opt),
                ("EDN4 an owner", packet(options=b"")[:-11] + b"\1a" + opt),
                ("EDN4 among the answers", plain[:6] + struct.pack(">3H", 1, 0, 0) + plain[12:] + opt),
                ("EDN4 half an option", packet(options=b"\0\3\0")),
                ("EDN4 an option past the end", packet(options=b"\0\3\0\1"))]:
            with self.subTest(why):
                self.assertEqual(self.rcode(octets), FORMERR)
        many = b"".join(option(65001 + i, b"x" * (i % 3)) for i in range(100)) + option(PADDING, bytes(8))
        reply = self.client.udp(packet(options=many))
        self.assertEqual((reply.rcode, options_of(reply)), (0, {}), "EDN5")
        version = self.client.udp(packet(options=b"").replace(struct.pack(">HHI", wire.OPT, 1232, 0), struct.pack(">HHI", wire.OPT, 1232, 1 << 16)))
        self.assertEqual((version.rcode, version.opt[1] >> 24, version.opt[1] >> 16 & 255, version.answer), (0, 1, 0, []), "EDN3")
        soa = self.client.udp(packet("example.test", 6, options=option(NSID, b"ignored") + option(EXPIRE) + option(KEEPALIVE)))
        self.assertEqual(options_of(soa), {NSID: b"wire", EXPIRE: struct.pack(">I", 86400)}, "EDN6, EDN7 not over UDP")
        over_tcp = self.client.tcp(packet(options=option(KEEPALIVE, b"\0\1")))
        self.assertEqual(options_of(over_tcp)[KEEPALIVE], struct.pack(">H", 100), "EDN7")
        self.assertIsNone(self.client.udp(packet()).opt, "EDN1")

    def test_cookies(self):
        for size in (*range(0, 8), *range(9, 16), 41, 60):
            self.assertEqual(self.rcode(packet(options=option(COOKIE, bytes(size)))), FORMERR, f"COOK1 {size}")
        fresh = options_of(self.client.udp(packet(options=option(COOKIE, b"12345678"))))[COOKIE]
        self.assertEqual((fresh[:8], fresh[8:12]), (b"12345678", b"\1\0\0\0"), "COOK2")
        again = options_of(self.client.udp(packet(options=option(COOKIE, fresh))))[COOKIE]
        self.assertEqual(again[:12], fresh[:12])
        bad = self.client.udp(packet(options=option(COOKIE, fresh[:-1] + bytes([fresh[-1] ^ 1]))))
        self.assertEqual((bad.rcode, len(bad.answer)), (0, 1), "COOK4")
        self.assertNotEqual(options_of(bad)[COOKIE][-1], fresh[-1] ^ 1, "COOK5")
        none = struct.pack(">6H", 1, 0, 0, 0, 0, 1) + packet(options=option(COOKIE, b"12345678"))[-23:]
        reply = self.client.udp(none)
        self.assertEqual((reply.rcode, reply.question, len(options_of(reply)[COOKIE])), (0, b"", 24), "COOK6")

    def test_transfers_of_one_message(self):
        ixfr = packet("example.test", 251)[:8] + struct.pack(">2H", 1, 0) + packet("example.test", 251)[12:]
        ixfr += wire.name("example.test") + struct.pack(">HHIH", 6, 1, 0, 22) + b"\0\0" + struct.pack(">5I", 1, 0, 0, 0, 0)
        reply = self.client.udp(ixfr)
        self.assertEqual(([record[1] for record in reply.answer], reply.aa, reply.tc), ([6], 1, 0), "MET2")
        self.assertEqual(self.client.tcp(packet("www.example.test", 252)).rcode, NOTAUTH, "XFR4")

    def test_types_of_every_kind(self):
        self.assertEqual(self.client.udp(packet("zero.example.test", 65400)).answer[0][4], b"", "UNK1")
        self.assertIn(b"\xc0\x0c\xc0\xff", self.client.udp(packet("look.example.test", 65400)).octets, "UNK1 look-alikes of pointers")
        alias = self.client.udp(packet("bound.example.test", 64))
        self.assertEqual([record[1] for record in alias.additional], [1, 64], "SVC1")
        browse = self.client.tcp(packet("_http._tcp.svc.internal", 12))
        self.assertGreaterEqual(len(browse.answer), 60)
        self.assertEqual({record[1] for record in browse.additional}, {1, 16, 33}, "SD4")
        self.assertIn(b"\6web i0", browse.octets, "SD1 a label with a space")

    def test_the_reply_leaves_from_the_address_that_was_asked(self):
        with tempfile.TemporaryDirectory() as folder:
            folder = pathlib.Path(folder)
            file, log = folder / "musterd.toml", folder / "log"
            port = free_port(wire.HOST)
            file.write_text(f'{wire.CONFIG}[dns]\nlisten = ["0.0.0.0:{port}"]\n')
            with wire.running([wire.BIN / "musterd", "--config", file], log):
                wire.wait_until("musterd serves", lambda: "serving" in log.read_text())
                for address in ("127.0.0.1", "127.9.8.7"):
                    with contextlib.closing(wire.Client(port, address)) as client:  # connected: from elsewhere nothing arrives
                        self.assertEqual(client.udp(packet("svc.internal", 6)).rcode, 0, "MSG7")


if __name__ == "__main__":
    unittest.main()
