"""Signed queries, cookies and the rate limit, as dig, kdig and a client of our own see them."""

import base64
import os
import re
import signal
import struct
import time
import unittest

import wire
from harness import EndToEnd, run, wait_until

SECRET = bytes(range(40))
TEXT = base64.b64encode(SECRET).decode()
ALGORITHMS = ("hmac-sha1", "hmac-sha256", "hmac-sha384", "hmac-sha512")
KEYS = "".join(f'[[key]]\nname = "{algorithm}.key"\nalgorithm = "{algorithm}"\nsecret = "{TEXT}"\n' for algorithm in ALGORITHMS)
SERVICE = """[[source.static]]
service = "web"
instances = [{ id = "i1", address = "10.0.0.7", port = 80 }]
"""
COOKIE = 10


def key_of(algorithm):
    return wire.Key(f"{algorithm}.key.", algorithm, SECRET)


def option(code, body):
    return struct.pack(">HH", code, len(body)) + body


class Signed(EndToEnd):
    def setUp(self):
        super().setUp()
        self.server = self.start(KEYS + SERVICE)
        self.client = wire.Client(self.server.dns[1], self.server.dns[0])
        self.addCleanup(self.client.close)

    def ask(self, key, transport="udp", packet=None, **how):
        packet = packet or wire.query("web.svc.internal.", "A", edns_size=1232)
        signed, mac = key.sign(packet, **how)
        reply = getattr(self.client, transport)(signed)
        return reply, key.check(reply.octets, mac)

    def test_dig_and_kdig_accept_the_signatures_of_all_algorithms(self):
        host, port = self.server.dns
        for algorithm in ALGORITHMS:
            for transport in ("+notcp", "+tcp"):
                with self.subTest(algorithm=algorithm, transport=transport):
                    words = [f"@{host}", "-p", port, "-y", f"{algorithm}:{algorithm}.key:{TEXT}", transport, "web.svc.internal", "A"]
                    dig = run("dig", *words)
                    self.assertRegex(dig.out, r"status: NOERROR(.|\n)*\b10\.0\.0\.7\n(.|\n)*TSIG PSEUDOSECTION")
                    self.assertNotRegex(dig.out + dig.err, r"(?i)couldn't verify|tsig verify failure|expected a TSIG")
                    kdig = run("kdig", *words)
                    self.assertRegex(kdig.out, r"status: NOERROR(.|\n)*\b10\.0\.0\.7\n(.|\n)*TSIG PSEUDOSECTION")
                    self.assertNotRegex(kdig.out + kdig.err, r"(?i)WARNING|ERROR.*TSIG|failed to verify")

    def test_our_own_client_finds_the_signatures_right(self):
        for algorithm in ALGORITHMS:
            for transport in ("udp", "tcp"):
                with self.subTest(algorithm=algorithm, transport=transport):
                    reply, tsig = self.ask(key_of(algorithm), transport)
                    self.assertEqual((reply.rcode, tsig.error, len(reply.answer)), (0, 0, 1))
                    self.assertLess(abs(tsig.when - time.time()), 5)

    def test_errors_on_the_wire(self):
        key = key_of("hmac-sha256")
        stranger = wire.Key("nobody.", "hmac-sha256", SECRET)
        other = wire.Key(key.owner, "hmac-sha1", SECRET)
        guess = wire.Key(key.owner, key.algorithm, b"guess")
        late = int(time.time()) - 1000
        for why, used, how, error, is_signed in (
                ("an unknown key", stranger, {}, wire.BADKEY, False),
                ("another algorithm", other, {}, wire.BADKEY, False),
                ("another secret", guess, {}, wire.BADSIG, False),
                ("another time", key, {"when": late}, wire.BADTIME, True),
                ("a short signature", key, {"octets": 16}, wire.BADTRUNC, True)):
            for transport in ("udp", "tcp"):
                with self.subTest(why, transport=transport):
                    reply, tsig = self.ask(used, transport, **how)
                    self.assertEqual((reply.rcode, tsig.error, reply.answer, reply.aa), (9, error, [], 0))
                    self.assertEqual(bool(tsig.mac), is_signed)
                    if error == wire.BADTIME:
                        self.assertEqual(tsig.when, late)
                        self.assertLess(abs(int.from_bytes(tsig.other, "big") - time.time()), 5)
        page = self.server.curl("/metrics")[1]
        for result, count in (("badkey", 4), ("badsig", 2), ("badtime", 2), ("badtrunc", 2), ("verified", 0)):
            self.assertIn(f'muster_dns_tsig_total{{result="{result}"}} {count}\n', page)

    def test_a_reload_replaces_the_keys(self):
        self.configuration(f'[[key]]\nname = "new"\nsecret = "{TEXT}"\n' + SERVICE)
        self.server.signal(signal.SIGHUP)
        new, old = wire.Key("new.", "hmac-sha256", SECRET), key_of("hmac-sha256")
        wait_until("the new key", lambda: self.ask(new)[0].rcode == 0)
        self.assertEqual(self.ask(old)[1].error, wire.BADKEY)
        self.configuration('[[key]]\nname = "new"\nsecret = "%"\n' + SERVICE)
        self.server.signal(signal.SIGHUP)
        wait_until("the refusal", lambda: "reload_refused" in self.server.err)
        self.assertEqual(self.ask(new)[0].rcode, 0)
        self.assertNotIn(TEXT, self.server.err)


class Cookies(EndToEnd):
    def client_of(self, server):
        client = wire.Client(server.dns[1], server.dns[0])
        self.addCleanup(client.close)
        return client

    def ask(self, client, cookie):
        reply = client.udp(wire.query("web.svc.internal.", "A", edns_size=1232, options=option(COOKIE, cookie)))
        rcode = reply.opt[1] >> 24 << 4 | reply.rcode
        code, size = struct.unpack(">HH", reply.opt[2][:4])
        self.assertEqual(code, COOKIE)
        return rcode, reply, reply.opt[2][4:4 + size]

    def test_dig_gets_a_cookie_and_finds_it_good(self):
        server = self.start(SERVICE)
        first = run("dig", f"@{server.dns[0]}", "-p", server.dns[1], "+cookie", "web.svc.internal")
        cookie = re.search(r"; COOKIE: ([0-9a-f]{48}) \(good\)", first.out)
        self.assertTrue(cookie, first.out)
        again = run("dig", f"@{server.dns[0]}", "-p", server.dns[1], f"+cookie={cookie[1]}", "web.svc.internal")
        self.assertIn(cookie[1], again.out)
        empty = run("dig", f"@{server.dns[0]}", "-p", server.dns[1], "+cookie", "+header-only")
        self.assertRegex(empty.out, r"status: NOERROR(.|\n)*QUERY: 0(.|\n)*COOKIE: [0-9a-f]{48} \(good\)")

    def test_servers_that_share_the_secret_take_each_others_cookies(self):
        secret = "00112233445566778899aabbccddeeff"
        one = self.start_with_dns(f'cookie_secret = "{secret}"')
        other = self.start_with_dns(f'cookie_secret = "{"0" * 32}"\ncookie_secret_previous = "{secret}"')
        given = self.ask(self.client_of(one), b"a client")[2]
        self.assertEqual(self.ask(self.client_of(one), given)[2], given)
        rcode, reply, renewed = self.ask(self.client_of(other), given)
        self.assertEqual((rcode, len(reply.answer)), (0, 1))
        self.assertNotEqual(renewed, given)
        self.assertIn('muster_dns_cookies_total{result="renewed"} 1\n', other.curl("/metrics")[1])

    def start_with_dns(self, keys, more=SERVICE):
        file = self.configuration(more)
        text = file.read_text().replace("udp_threads = 1", "udp_threads = 1\n" + keys)
        return self.begin("--config", self.write(f"{len(keys)}.toml", text.replace("muster.db", f"{len(keys)}.db"))).ready()

    def test_over_the_limit_a_cookie_is_the_way_out(self):
        server = self.start("[dns.rate_limit]\nresponses_per_second = 20\nslip = 2\n" + SERVICE)
        client = self.client_of(server)
        client.udp_socket.settimeout(0.2)
        plain = wire.query("web.svc.internal.", "A", identity=7)
        for _ in range(300):
            client.udp_socket.send(plain)
        kinds = {"answered": 0, "slipped": 0}
        try:
            while True:
                reply = wire.Reply(client.udp_socket.recv(512))
                kinds["slipped" if reply.tc else "answered"] += 1
                self.assertEqual(len(reply.answer), 0 if reply.tc else 1)
        except TimeoutError:
            pass
        self.assertGreaterEqual(kinds["answered"], 20)
        self.assertLessEqual(kinds["answered"], 60)
        self.assertGreater(kinds["slipped"], 50)
        self.assertLess(sum(kinds.values()), 250)

        def over_the_limit():
            for _ in range(60):
                client.udp_socket.send(plain)
            identity = os.urandom(2)
            client.udp_socket.send(identity + wire.query("web.svc.internal.", "A", edns_size=1232,
                                                         options=option(COOKIE, b"a client"))[2:])
            try:
                while True:
                    octets = client.udp_socket.recv(512)
                    if octets[:2] == identity:
                        reply = wire.Reply(octets)
                        return reply if reply.opt[1] >> 24 << 4 | reply.rcode == 23 else None
            except TimeoutError:
                return None
        limited = wait_until("BADCOOKIE", over_the_limit)
        self.assertEqual(limited.answer, [])
        cookie = limited.opt[2][4:28]
        for _ in range(60):
            rcode, reply, _ = self.ask(client, cookie)
            self.assertEqual((rcode, len(reply.answer)), (0, 1))
        tcp = self.client_of(server)
        for _ in range(60):
            self.assertEqual(len(tcp.tcp(plain).answer), 1)
        page = server.curl("/metrics")[1]
        self.assertRegex(page, r'muster_dns_dropped_total\{reason="rate_limit"\} [1-9]')
        self.assertRegex(page, r'muster_dns_slipped_total\{as="truncated"\} [1-9]')
        self.assertRegex(page, r'muster_dns_slipped_total\{as="badcookie"\} [1-9]')


if __name__ == "__main__":
    unittest.main()
