"""Names of others, asked at a running musterd: with upstreams that answer, fail, lie and die."""

import concurrent.futures
import itertools
import os
import shutil
import socket
import time
import unittest

import wire
from harness import ADDRESS, PATIENCE, EndToEnd, another_address, run, wait_until
from ports import free_port
from upstream import Upstream


class Forwarding(EndToEnd):
    def setUp(self):
        super().setUp()
        self.near = self.upstream(another_address(1))
        self.far = self.upstream(another_address(2))

    def upstream(self, address):
        upstream = Upstream(address)
        self.addCleanup(upstream.close)
        upstream.records["www.foreign.test"] = (60, ["192.0.2.1"])
        return upstream

    def serve(self, more="", upstreams=None, zones=""):
        listed = ", ".join(f'"{one.text}"' for one in (upstreams or [self.near, self.far]))
        text = f'[forward]\nenabled = true\nupstreams = [{listed}]\nallow = ["{ADDRESS}/32"]\n{more}{zones}'
        return self.start(text, store="memory")

    # Each from a port of its own, below those that the kernel gives: of its own it may give one port to two digs at once.
    PORTS = itertools.count(20000)

    def dig(self, server, name="www.foreign.test", kind="A", *words, source=ADDRESS):
        return server.dig(name, kind, "-b", f"{source}#{next(self.PORTS)}", *words)

    def many(self, server, names, *words):
        with concurrent.futures.ThreadPoolExecutor(len(names)) as pool:
            return list(pool.map(lambda name: self.dig(server, name, "A", *words), names))


class Answers(Forwarding):
    def test_it_is_another_servers_word_and_kept(self):
        server = self.serve()
        first = self.dig(server, "WWW.foreign.test")
        self.assertEqual(first.data(), ["192.0.2.1"])
        self.assertEqual(first.flags, {"qr", "rd", "ra"})
        self.assertEqual(first.answer[0].owner, "WWW.foreign.test.")
        self.near.records["www.foreign.test"] = (60, ["192.0.2.9"])
        time.sleep(1.1)
        again = self.dig(server)
        self.assertEqual((again.data(), again.flags), (["192.0.2.1"], {"qr", "rd", "ra"}))
        self.assertLess(again.answer[0].ttl, 60)
        self.assertEqual(self.near.count(), 1)
        self.assertEqual(self.metric(server, 'muster_foreign_queries_total{result="hit"}'), 1)
        self.assertEqual(self.metric(server, f'muster_forward_queries_total{{upstream="{self.near.text}",result="answered"}}'), 1)
        self.assertEqual(self.dig(server, "www.foreign.test", "A", "+tcp").data(), ["192.0.2.1"])
        self.assertEqual(self.dig(server, "none.foreign.test").status, "NXDOMAIN")
        self.assertEqual(self.dig(server, "none.foreign.test", "A", "+tcp").status, "NXDOMAIN")
        self.assertEqual(self.near.count("none.foreign.test"), 1, "that it is not there is kept, too")
        self.assertEqual(self.dig(server, "www.foreign.test", "AAAA").authority[0].type, "SOA")
        self.assertEqual(server.muster("cache", "flush", "foreign.test").out, "flushed: 3\n")
        self.assertEqual(self.dig(server).data(), ["192.0.2.9"])

    def test_ours_are_ours(self):
        server = self.serve()
        server.register("web", "i1", {"address": "127.0.0.11", "port": 80})
        self.near.records["web.svc.internal"] = (60, ["192.0.2.66"])
        answer = self.dig(server, "web.svc.internal")
        self.assertEqual((answer.data(), answer.flags), (["127.0.0.11"], {"qr", "aa", "rd"}))
        self.assertEqual(self.dig(server, "none.svc.internal").status, "NXDOMAIN")
        self.assertEqual(self.dig(server, "localhost").data(), ["127.0.0.1"])
        self.assertEqual(self.dig(server, "1.1.168.192.in-addr.arpa", "PTR").status, "NXDOMAIN")
        self.assertEqual((self.near.count(), self.far.count()), (0, 0))

    def test_an_alias_of_ours_is_followed_to_its_end(self):
        self.write("zone", "$TTL 60\n@ SOA ns hostmaster 1 3600 600 86400 60\n@ NS ns\nns A 192.0.2.53\nout CNAME on\non CNAME www.foreign.test.\n"
                           "gone CNAME none.foreign.test.\nbig CNAME big.foreign.test.\n")
        self.near.records["big.foreign.test"] = (60, [f"192.0.2.{number}" for number in range(1, 61)])
        server = self.serve("", [self.near], f'[[zones.file]]\nname = "ours.test"\nfile = "{self.folder}/zone"\n')
        for words in ((), ("+tcp",), ("+noedns",)):
            answer = self.dig(server, "out.OURS.test", "A", *words)
            self.assertEqual([(one.owner, one.type, one.data) for one in answer.answer],
                             [("out.OURS.test.", "CNAME", "on.OURS.test."), ("on.OURS.test.", "CNAME", "www.foreign.test."),
                              ("www.foreign.test.", "A", "192.0.2.1")])
            self.assertEqual((answer.status, answer.flags), ("NOERROR", {"qr", "rd", "ra"}))
        self.assertEqual(self.near.count(), 1, "and kept")
        gone = self.dig(server, "gone.ours.test")
        self.assertEqual((gone.status, len(gone.answer), gone.authority[0].type), ("NXDOMAIN", 1, "SOA"))
        self.assertIn("tc", self.dig(server, "big.ours.test", "A", "+noedns", "+ignore").flags)
        self.assertEqual(len(self.dig(server, "big.ours.test", "A").answer), 61)
        self.near.ways[""] = "servfail"
        self.assertEqual(self.dig(server, "out.ours.test", source=another_address(9)).data(), ["on.ours.test.", "www.foreign.test."], "for who may not: what is ours")
        self.assertEqual(self.metric(server, 'muster_foreign_queries_total{result="alias"}'), 6)

    def test_who_may_not_ask_costs_no_upstream_a_packet(self):
        server = self.serve()
        stranger = self.dig(server, source=another_address(9))
        self.assertEqual(stranger.status, "REFUSED")
        self.assertNotIn("ra", stranger.flags)
        self.assertIn("EDE: 18", stranger.text)
        self.assertEqual(self.dig(server, "www.foreign.test", "A", "+norecurse").status, "REFUSED")
        self.assertEqual((self.near.count(), self.far.count()), (0, 0))
        self.assertEqual(self.metric(server, 'muster_foreign_queries_total{result="refused"}'), 2)

    def test_many_who_ask_the_same_are_one_question(self):
        self.near.delay = 0.3
        server = self.serve("", [self.near])
        answers = self.many(server, ["www.foreign.test"] * 30)
        self.assertEqual({tuple(answer.data()) for answer in answers}, {("192.0.2.1",)})
        self.assertLessEqual(self.near.count(), 2, "one, and one more because it takes its time")

    def test_what_it_asks_is_hard_to_guess(self):
        names = [f"n{number}.longer-name.foreign.test" for number in range(200)]
        for name in names:
            self.near.records[name] = (60, ["192.0.2.1"])
        server = self.serve("", [self.near])
        for name in names:
            self.assertEqual(self.dig(server, name).data(), ["192.0.2.1"])
        asked = list(self.near.asked)
        self.assertGreater(len({one.identity for one in asked}), 190)
        self.assertGreater(len({one.port for one in asked}), 100, "alone, each has a port of its own")
        self.assertGreater(sum(one.raw != one.raw.lower() for one in asked), 195)
        query = asked[0].octets
        self.assertEqual(query[-11:], b"\0\0\x29\x04\xd0\0\0\0\0\0\0", "an OPT of its own")
        self.dig(server, "x.foreign.test", "A", "+dnssec", "+cdflag", "+cookie", "+subnet=10.0.0.0/8")
        query = self.near.asked[-1]
        self.assertEqual((query.octets[-11:], query.flags), (b"\0\0\x29\x04\xd0\0\0\x80\0\0\0", 0x0130), "DO and CD as asked, AD always, nothing of the client")

    def test_large_answers(self):
        addresses = [f"192.0.2.{number}" for number in range(1, 101)]
        self.near.records["big.foreign.test"] = (60, addresses)
        self.near.ways["big.foreign.test"] = "cut"
        server = self.serve("", [self.near])
        self.assertIn("tc", self.dig(server, "big.foreign.test", "A", "+ignore", "+noedns").flags)
        self.assertEqual(sorted(self.dig(server, "big.foreign.test").data()), sorted(addresses))
        self.assertEqual([one.transport for one in self.near.asked], ["udp", "tcp"])
        self.near.records["some.foreign.test"] = (60, addresses[:40])
        self.assertIn("tc", self.dig(server, "some.foreign.test", "A", "+ignore", "+noedns").flags)
        self.assertEqual(len(self.dig(server, "some.foreign.test", "A", "+ignore", "+bufsize=1232").data()), 40)

    def test_domains_have_servers_of_their_own(self):
        corp, deep = self.upstream(another_address(3)), self.upstream(another_address(4))
        names = ("a.corp.example", "a.deep.corp.example", "corp.example.org", "7.1.10.in-addr.arpa")
        zones = f'[forward.zones]\n"corp.example." = ["{corp.text}"]\n"deep.corp.example" = ["{deep.text}"]\n"10.in-addr.arpa" = ["{corp.text}"]\n'
        server = self.serve("", [self.near], zones)
        for name in names:
            self.dig(server, name)
        counts = {name: (self.near.count(name), corp.count(name), deep.count(name)) for name in names}
        self.assertEqual(counts, dict(zip(names, ((0, 1, 0), (0, 0, 1), (1, 0, 0), (0, 1, 0)))))

    def test_a_reload_changes_servers_and_who_may_ask(self):
        server = self.serve("", [self.near])
        self.assertEqual(self.dig(server).data(), ["192.0.2.1"])
        text = (self.folder / "musterd.toml").read_text()
        self.write("musterd.toml", text.replace(self.near.text, self.far.text).replace(f"{ADDRESS}/32", f"{another_address(9)}/32"))
        done = server.muster("reload")
        self.assertEqual(done.status, 0, done.err)
        self.assertEqual(self.dig(server).status, "REFUSED")
        self.far.records["new.foreign.test"] = (60, ["192.0.2.2"])
        self.assertEqual(self.dig(server, "new.foreign.test", source=another_address(9)).data(), ["192.0.2.2"])

    def test_what_was_kept_goes_when_other_zones_are_ours(self):
        server = self.serve("", [self.near])
        before = (self.folder / "musterd.toml").read_text()
        self.assertEqual(self.dig(server).data(), ["192.0.2.1"])
        self.write("zone", "$TTL 60\n@ SOA ns hostmaster 1 3600 600 86400 60\n@ NS ns\nns A 192.0.2.53\nwww A 192.0.2.7\n")
        self.write("musterd.toml", before + f'[[zones.file]]\nname = "foreign.test"\nfile = "{self.folder}/zone"\n')
        self.assertEqual(server.muster("reload").status, 0)
        self.assertEqual(self.dig(server).data(), ["192.0.2.7"])
        self.write("musterd.toml", before)
        self.assertEqual(server.muster("reload").status, 0)
        self.near.records["www.foreign.test"] = (60, ["192.0.2.2"])
        wait_until("the zone is gone", lambda: "aa" not in self.dig(server).flags)
        self.assertEqual(self.dig(server).data(), ["192.0.2.2"], "not what was kept before")


class Failures(Forwarding):
    def took(self, server, name):
        begin = time.monotonic()
        answer = self.dig(server, name)
        return time.monotonic() - begin, answer

    def test_the_next_one_answers_for_each_that_does_not(self):
        for way in ("servfail", "refused", "garbage", "other", "silent"):
            with self.subTest(way):
                name = f"{way}.foreign.test"
                self.near.records[name] = self.far.records[name] = (60, ["192.0.2.1"])
                self.near.ways[name] = way
                server = self.serve()
                took, answer = self.took(server, name)
                self.assertEqual((answer.data(), answer.status), (["192.0.2.1"], "NOERROR"))
                self.assertLess(took, 5)
                self.assertEqual(self.far.count(name), 1)
                server.kill()

    def test_one_that_has_died_is_asked_last(self):
        server = self.serve()
        self.assertEqual(self.dig(server).data(), ["192.0.2.1"])
        self.near.close()
        for number in range(10):
            self.far.records[f"n{number}.foreign.test"] = (60, ["192.0.2.1"])
            self.assertEqual(self.dig(server, f"n{number}.foreign.test").data(), ["192.0.2.1"])
        self.assertLessEqual(self.metric(server, f'muster_forward_queries_total{{upstream="{self.near.text}",result="unreachable"}}'), 2)

    def test_nobody_answers(self):
        server = self.serve("timeout = \"500ms\"\n")
        self.near.ways[""] = self.far.ways[""] = "silent"
        silent = self.dig(server, "a.foreign.test")
        self.assertEqual(silent.status, "SERVFAIL")
        self.assertIn("ra", silent.flags)
        self.assertIn("EDE: 22", silent.text)
        asked = self.near.count("a.foreign.test")
        self.assertEqual(self.dig(server, "a.foreign.test").status, "SERVFAIL")
        self.assertEqual(self.near.count("a.foreign.test"), asked, "that is kept for two seconds")
        self.near.close()
        self.far.close()
        self.assertIn("EDE: 23", self.dig(server, "b.foreign.test").text)
        self.near, self.far = self.upstream(another_address(5)), self.upstream(another_address(6))

    def test_an_old_answer_is_better_than_none(self):
        self.near.records["old.foreign.test"] = (1, ["192.0.2.1"])
        server = self.serve("timeout = \"500ms\"\n", [self.near])
        self.assertEqual(self.dig(server, "old.foreign.test").data(), ["192.0.2.1"])
        self.near.ways[""] = "silent"
        time.sleep(1.1)
        for _ in range(2):
            answer = self.dig(server, "old.foreign.test")
            self.assertEqual([(one.ttl, one.data) for one in answer.answer], [(30, "192.0.2.1")])
            self.assertIn("EDE: 3", answer.text)
        self.assertEqual(self.metric(server, "muster_forward_failed_total"), 1, "the second was at once")

    def test_letters_that_do_not_match_are_asked_for_again_by_tcp(self):
        self.near.ways["www.foreign.test"] = "folded"
        server = self.serve("", [self.near])
        self.assertEqual(self.dig(server).data(), ["192.0.2.1"])
        self.assertEqual([one.transport for one in self.near.asked], ["udp", "tcp"])

    def test_a_connection_that_fails_harms_no_other_question(self):
        self.near.ways["cut.foreign.test"] = "cut"
        self.near.ways[""] = "slow"
        for number in range(20):
            self.near.records[f"n{number}.foreign.test"] = (60, ["192.0.2.1"])
        server = self.serve("", [self.near])
        self.near.tcp.shutdown(socket.SHUT_RDWR)
        self.near.tcp.close()
        answers = self.many(server, [f"n{number}.foreign.test" for number in range(20)] + ["cut.foreign.test"] * 2)
        self.assertEqual({tuple(one.data()) for one in answers[:20]}, {("192.0.2.1",)})
        self.assertEqual(answers[20].status, "SERVFAIL", "it has no answer by UDP")

    def test_what_is_good_again_takes_the_place_of_what_was_old(self):
        self.near.records["old.foreign.test"] = (1, ["192.0.2.1"])
        server = self.serve("timeout = \"500ms\"\n", [self.near])
        self.assertEqual(self.dig(server, "old.foreign.test").data(), ["192.0.2.1"])
        self.near.ways[""] = "silent"
        time.sleep(1.1)
        self.assertIn("EDE: 3", self.dig(server, "old.foreign.test").text)
        self.near.ways.clear()
        self.near.records["old.foreign.test"] = (0, ["192.0.2.2"])  # not to be kept
        self.assertEqual(server.muster("cache", "flush", "old.foreign.test").out, "flushed: 1\n")
        self.assertEqual(self.dig(server, "old.foreign.test").data(), ["192.0.2.2"])
        self.assertEqual(self.dig(server, "old.foreign.test").data(), ["192.0.2.2"])

    def test_authenticated_as_the_upstream_says(self):
        self.near.authenticated = True
        server = self.serve("", [self.near])
        self.assertNotIn("ad", self.dig(server, "www.foreign.test", "A", "+noadflag").flags)
        self.assertIn("ad", self.dig(server, "www.foreign.test", "A", "+adflag").flags)

    def test_a_server_without_edns(self):
        self.near.ways[""] = "formerr"
        server = self.serve("", [self.near])
        for number in range(3):
            name = f"n{number}.foreign.test"
            self.near.records[name] = (60, ["192.0.2.1"])
            self.assertEqual(self.dig(server, name).data(), ["192.0.2.1"])

    def test_many_at_once_of_a_server_without_edns(self):
        self.near.ways[""] = "formerr"
        server = self.serve("", [self.near])
        before, most = len(os.listdir(f"/proc/{server.child.pid}/fd")), 0
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
            client.settimeout(PATIENCE)
            client.bind((ADDRESS, next(self.PORTS)))
            for number in range(300):
                client.sendto(wire.query(f"n{number}.foreign.test", "A", flags=0x0100), server.dns)
            for _ in range(300):
                self.assertEqual(client.recv(4096)[3] & 15, 3, "the server's word, and no failure")
                most = max(most, len(os.listdir(f"/proc/{server.child.pid}/fd")))
        self.assertLess(most - before, 40, "no channel for each")
        asked = self.near.count()
        self.near.records["after.foreign.test"] = (60, ["192.0.2.1"])
        self.assertEqual(self.dig(server, "after.foreign.test").data(), ["192.0.2.1"])
        self.assertEqual(self.near.count() - asked, 1, "it is known by now")

    def test_formerr_to_one_name_spoils_no_other(self):
        self.near.ways["odd.foreign.test"] = "formerr_always"
        names = [f"big{number}.foreign.test" for number in range(12)]
        for name in names:
            self.near.records[name] = (60, [f"192.0.2.{number}" for number in range(1, 61)])
        server = self.serve("", [self.near])
        self.assertEqual(self.dig(server, "odd.foreign.test").status, "SERVFAIL")
        for answer in self.many(server, names):
            self.assertEqual(len(answer.data()), 60)
        self.assertEqual({one.transport for one in self.near.asked}, {"udp"})

    def test_a_server_that_takes_connections_and_answers_none(self):
        self.near.ways[""] = "deaf"
        server = self.serve("timeout = \"4s\"\n", [self.near])
        before = len(os.listdir(f"/proc/{server.child.pid}/fd"))
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
            client.settimeout(PATIENCE)
            client.bind((ADDRESS, next(self.PORTS)))
            for number in range(200):
                client.sendto(wire.query(f"n{number}.foreign.test", "A", flags=0x0100), server.dns)
            refused = [client.recv(4096)[3] & 15 for _ in range(200 - 64)]
            self.assertLessEqual(len(os.listdir(f"/proc/{server.child.pid}/fd")) - before, 64 + 8)
            waited = [client.recv(4096)[3] & 15 for _ in range(64)]
        self.assertEqual(set(refused + waited), {2})
        self.assertEqual(self.metric(server, 'muster_limit_reached_total{limit="forward_tcp"}'), 200 - 64)
        self.near.ways.clear()
        self.assertEqual(self.dig(server).data(), ["192.0.2.1"])

    def test_what_a_server_of_before_a_reload_says_is_not_kept(self):
        self.near.delay = 1.5
        server = self.serve("", [self.near])
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            asked = pool.submit(self.dig, server)
            wait_until("it is asked", self.near.count)
            text = (self.folder / "musterd.toml").read_text()
            self.write("musterd.toml", text.replace(self.near.text, self.far.text))
            self.assertEqual(server.muster("reload").status, 0)
            self.assertEqual(asked.result().data(), ["192.0.2.1"], "who waits gets it")
        self.far.records["www.foreign.test"] = (60, ["192.0.2.2"])
        self.assertEqual(self.dig(server).data(), ["192.0.2.2"])

    def test_unread_answers_stay_few(self):
        """One connection asks thousands of times for a large answer, and reads none."""
        self.near.records["big.foreign.test"] = (0, [f"192.0.{number // 250}.{number % 250}" for number in range(2000)])
        self.near.ways["big.foreign.test"] = "cut"
        server = self.serve("", [self.near])
        before = self.metric(server, "process_resident_memory_bytes")
        with socket.socket() as client:
            client.bind((ADDRESS, 0))
            client.connect(server.dns)
            packet = wire.query("big.foreign.test", "A", flags=0x0100)
            client.settimeout(2)
            try:
                for _ in range(5000):
                    client.sendall(len(packet).to_bytes(2, "big") + packet)
            except OSError:
                pass  # it reads no more
            wait_until("it waits for the reader", lambda: self.metric(server, 'muster_limit_reached_total{limit="dns_tcp_at_desk"}'))
            self.assertEqual(self.dig(server).data(), ["192.0.2.1"], "others are served")
            self.assertLess(self.metric(server, "process_resident_memory_bytes") - before, 64 << 20)

    def test_when_too_many_wait(self):
        self.near.ways[""] = "silent"
        server = self.serve("max_pending = 5\ntimeout = \"5s\"\n", [self.near])
        answers = self.many(server, [f"n{number}.foreign.test" for number in range(20)])
        self.assertEqual({answer.status for answer in answers}, {"SERVFAIL"})
        full = [answer for answer in answers if "too many queries wait" in answer.text]
        self.assertGreaterEqual(len(full), 10)
        self.assertEqual(self.metric(server, 'muster_limit_reached_total{limit="forward_pending"}'), len(full))
        self.near.ways.clear()
        self.near.records["after.foreign.test"] = (60, ["192.0.2.1"])
        wait_until("all is well", lambda: self.dig(server, "after.foreign.test").data() == ["192.0.2.1"])
        self.assertEqual(self.metric(server, "muster_forward_pending"), 0)

    def test_a_loop_ends(self):
        ports = [free_port(ADDRESS) for _ in range(2)]
        servers = []
        for mine, other in (ports, reversed(ports)):
            text = (f'[server]\nname = "{mine}"\n[dns]\nlisten = ["{ADDRESS}:{mine}"]\nudp_threads = 1\n[http]\nlisten = ["{ADDRESS}:0"]\n'
                    f'[store]\nkind = "memory"\n[forward]\nenabled = true\nupstreams = ["{ADDRESS}:{other}"]\nallow = ["127.0.0.0/8"]\n')
            servers.append(self.begin("--config", self.write(f"{mine}.toml", text)).ready())
        took = time.monotonic()
        self.assertEqual(self.dig(servers[0], "somewhere.else.foreign.test").status, "SERVFAIL")
        self.assertLess(time.monotonic() - took, 5)
        self.assertLess(sum(self.metric(server, 'muster_dns_queries_total{transport="udp",type="A"}') for server in servers), 30)

    def test_a_question_of_its_own_that_comes_back_is_known(self):
        server = self.serve("", [self.near, self.far])
        name = "a-name-of-many-letters-more.foreign.test"
        self.near.mirror = server.dns
        self.near.ways[name] = "mirror"
        self.far.records[name] = (60, ["192.0.2.1"])
        self.assertEqual(self.dig(server, name).data(), ["192.0.2.1"], "the other one knows it")
        self.assertEqual(self.metric(server, "muster_forward_loops_total"), 1)

    def test_what_would_make_it_open_or_ask_itself_is_told(self):
        port = free_port(ADDRESS)
        text = f'[dns]\nlisten = ["{ADDRESS}:{port}"]\n[forward]\nenabled = true\nupstreams = ["{ADDRESS}:{port}"]\n'
        done = run(self.begin("--version").child.args[0], "--check-config", self.write("self.toml", text))
        self.assertEqual(done.status, 2)
        self.assertIn("is this server itself", done.err)
        server = self.serve("", [self.near])
        self.assertNotIn("open_resolver", server.err)
        server.kill()
        text = (self.folder / "musterd.toml").read_text().replace(f'"{ADDRESS}/32"', '"0.0.0.0/0"')
        self.write("musterd.toml", text)
        server = self.again()
        self.assertIn("open_resolver allow=0.0.0.0/0", server.err)


@unittest.skipUnless(shutil.which("named", path="/usr/sbin:" + os.environ["PATH"]), "named is not installed")
class RealUpstream(Forwarding):
    """A name server that knows every type, as it is installed everywhere."""

    def setUp(self):
        super().setUp()
        self.at = ("127.0.0.1", free_port("127.0.0.1"))  # named takes addresses of interfaces only
        self.write("zone", "$TTL 300\n@ SOA ns hostmaster 1 3600 600 86400 60\n@ NS ns\nns A 192.0.2.53\nwww A 192.0.2.1\n"
                           "alias CNAME www\n*.wild TXT \"wild\"\n_http._tcp SRV 1 2 80 www\n@ MX 10 www\nhttps HTTPS 1 . alpn=h2\n")
        self.write("named.conf", f'options {{ directory "{self.folder}"; pid-file none; listen-on port {self.at[1]} {{ {self.at[0]}; }}; listen-on-v6 {{ none; }};\n'
                                 f' recursion no; dnssec-validation no; notify no; session-keyfile none; }};\ncontrols {{ }};\nzone "foreign.test" {{ type primary; file "zone"; }};\n')
        self.process = self.background("named", ["/usr/sbin/named", "-g", "-c", self.folder / "named.conf"])
        # What comes while it starts is lost.
        wait_until("named answers", lambda: run("dig", f"@{self.at[0]}", "-p", self.at[1], "+tries=1", "+time=1", "foreign.test", "SOA").out.count("NOERROR"))

    @staticmethod
    def asked(at, name, kind):
        owner = "foreign.test" if name == "@" else f"{name}.foreign.test"
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.bind((ADDRESS, 0))
            client.settimeout(10)
            client.sendto(wire.query(owner, kind, flags=0x0100, edns_size=1232), at)
            return wire.Reply(client.recv(4096))

    def test_every_type_comes_through(self):
        text = f'[forward]\nenabled = true\nupstreams = ["{self.at[0]}:{self.at[1]}"]\nallow = ["{ADDRESS}/32"]\ntimeout = "1s"\n'
        server = self.start(text, store="memory")
        questions = [("www", "A"), ("alias", "A"), ("x.wild", "TXT"), ("_http._tcp", "SRV"), ("@", "MX"), ("https", "HTTPS"), ("@", "SOA"),
                     ("@", "NS"), ("none", "A"), ("www", "AAAA"), ("www", "TYPE777")]

        for name, kind in questions:
            with self.subTest(f"{name} {kind}"):
                theirs, first, kept = (self.asked(at, name, kind) for at in (self.at, server.dns, server.dns))
                for mine in (first, kept):
                    self.assertEqual((mine.rcode, mine.aa, mine.ra), (theirs.rcode, 0, 1))
                    for section in ("answer", "authority"):
                        strip = lambda records: [(owner, rrtype, data) for owner, rrtype, _, _, data in records]
                        self.assertEqual(strip(getattr(mine, section)), strip(getattr(theirs, section)), section)
        self.process.kill()
        self.assertEqual(self.asked(server.dns, "www", "A").rcode, 0, "kept")


if __name__ == "__main__":
    unittest.main()
