"""DNS UPDATE with real clients: nsupdate on a file zone and on the native domain, kill -9 after the acknowledgement, reload,
and what must be refused."""

import base64
import re
import shutil
import signal
import socket
import struct
import subprocess
import unittest

import wire
from harness import SOURCE, EndToEnd, run, wait_until

SECRET = base64.b64encode(b"0123456789abcdef0123456789abcdef").decode()
ZONE = """$TTL 60
@ SOA ns1 host 7 60 60 60 5
@ NS ns1
ns1 A 192.0.2.1
www A 192.0.2.10
www TXT "old"
*.wild TXT "anything"
"""
CONFIG = f"""[[key]]
name = "update"
algorithm = "hmac-sha256"
secret = "{SECRET}"
[zones]
allow_update = ["127.0.0.0/8", "key:update"]
[[zones.file]]
name = "example.test."
file = "example.test.zone"
allow_update = ["127.0.0.0/8", "key:update"]
[[zones.file]]
name = "closed.test."
file = "example.test.zone"
"""


class Updates(EndToEnd):
    def setUp(self):
        super().setUp()
        (self.folder / "example.test.zone").write_text(ZONE)
        self.server = self.start(CONFIG)
        wait_until("the zone is read", lambda: self.server.dig("www.example.test").answer)

    def nsupdate(self, *lines, flags=("-v",)):
        host, port = self.server.dns
        text = "\n".join([f"server {host} {port}", *lines, "send", ""])
        done = subprocess.run(["nsupdate", "-t", "5", *flags], input=text, text=True, capture_output=True, timeout=30, check=False)
        found = re.search(r"update failed: (\w+)", done.stderr)
        return found[1] if found else ("NOERROR" if done.returncode == 0 else done.stderr)

    def serial(self):
        return int(self.server.dig("example.test", "SOA").answer[0].data.split()[2])

    def data(self, name, rrtype="A"):
        return sorted(self.server.dig(name, rrtype).data())

    def test_a_file_zone_changes_as_one_piece_and_at_once(self):
        self.assertEqual(self.nsupdate("zone example.test", "prereq nxdomain api.example.test", "prereq yxrrset www.example.test A",
                                       "update add api.example.test 5 A 192.0.2.80", "update delete www.example.test TXT"), "NOERROR")
        self.assertEqual(self.data("api.example.test"), ["192.0.2.80"])
        self.assertEqual(self.data("www.example.test", "TXT"), [])
        self.assertEqual(self.serial(), 8)
        self.assertEqual(self.nsupdate("zone example.test", "prereq nxdomain api.example.test",
                                       "update add api.example.test 5 A 192.0.2.81"), "YXDOMAIN")
        self.assertEqual(self.nsupdate("zone example.test", "update add x.example.test 5 A 192.0.2.81",
                                       "update add *.deleg.example.test 5 NS ns1.example.test"), "REFUSED")
        self.assertEqual(self.server.dig("x.example.test").status, "NXDOMAIN")
        self.assertEqual(self.serial(), 8)
        self.assertEqual(self.nsupdate("zone example.test", "update add hidden.wild.example.test 5 A 192.0.2.82"), "NOERROR")
        self.assertEqual(self.server.dig("hidden.wild.example.test", "TXT").data(), [])
        self.assertEqual(self.nsupdate("zone example.test", "update delete hidden.wild.example.test"), "NOERROR")
        self.assertEqual(self.server.dig("hidden.wild.example.test", "TXT").data(), ['"anything"'])

    def test_what_was_acknowledged_survives_kill_9(self):
        for number in range(5):
            self.assertEqual(self.nsupdate("zone example.test", f"update add n{number}.example.test 5 A 192.0.2.{number}"), "NOERROR")
        self.assertEqual(self.nsupdate("zone example.test", "update delete www.example.test"), "NOERROR")
        self.server.signal(signal.SIGKILL)
        self.server.wait()
        self.server = self.again()
        wait_until("the zone is read", lambda: self.server.dig("n4.example.test").answer)
        self.assertEqual(self.data("n0.example.test"), ["192.0.2.0"])
        self.assertEqual(self.server.dig("www.example.test").status, "NXDOMAIN")
        self.assertEqual(self.serial(), 13)

    def test_a_changed_file_is_refused_until_the_updates_are_dropped(self):
        self.assertEqual(self.nsupdate("zone example.test", "update add api.example.test 5 A 192.0.2.80"), "NOERROR")
        self.assertEqual(self.server.muster("reload").status, 0, "an unchanged file is no matter")
        (self.folder / "example.test.zone").write_text(ZONE.replace("192.0.2.10", "192.0.2.11"))
        refused = self.server.muster("reload")
        self.assertEqual(refused.status, 1)
        for word in ("example.test.", "muster dump", "--discard"):
            self.assertIn(word, refused.err)
        self.assertEqual(self.data("www.example.test"), ["192.0.2.10"])
        self.assertIn("192.0.2.80", self.server.muster("dump", "example.test").out)
        self.assertEqual(self.server.muster("reload", "--discard", "example.test").status, 0)
        self.assertEqual(self.data("www.example.test"), ["192.0.2.11"])
        self.assertEqual(self.server.dig("api.example.test").status, "NXDOMAIN")
        self.assertEqual(self.serial(), 9, "it goes forward")

    def test_a_file_that_changed_while_musterd_was_stopped_is_served_below_the_updates_and_said_so(self):
        def restart(new_file=None):
            self.server.stop()
            if new_file:
                (self.folder / "example.test.zone").write_text(new_file)
            self.server = self.again()
            wait_until("the zone is read", lambda: self.server.dig("www.example.test").answer)

        def warns():
            on_other_file = "muster_zone_updates_on_other_file{zone=\"example.test.\"} "
            log = wait_until("the zones are read", lambda: self.server.err if "closed.test.: " in self.server.err else None)
            page = self.server.api("GET", "/metrics").text
            shown = next(line for line in page.splitlines() if line.startswith(on_other_file)).endswith(" 1")
            logged = [line for line in log.splitlines() if "muster reload --discard example.test." in line]
            self.assertEqual(bool(logged), shown)
            for line in logged:
                self.assertIn("muster dump example.test.", line)
            return shown

        self.assertEqual(self.nsupdate("zone example.test", "update add api.example.test 5 A 192.0.2.80"), "NOERROR")
        restart()
        self.assertEqual(self.serial(), 8)
        self.assertFalse(warns(), "the same file")
        changed = ZONE.replace("192.0.2.10", "192.0.2.11")
        restart("; a comment is no change\n" + ZONE)
        self.assertFalse(warns())
        for _ in range(2):
            restart(changed)
            self.assertTrue(warns())
            self.assertEqual(self.data("www.example.test"), ["192.0.2.11"])
            self.assertEqual(self.data("api.example.test"), ["192.0.2.80"])
            self.assertEqual(self.serial(), 9, "secondaries hold another zone under 8")
        self.assertEqual(self.nsupdate("zone example.test", "update add api.example.test 5 A 192.0.2.81"), "NOERROR")
        self.assertEqual(self.serial(), 10)
        self.assertEqual(self.server.muster("reload").status, 0, "the file that is served did not change")
        self.assertEqual(self.server.muster("reload", "--discard", "example.test").status, 0)
        self.assertEqual(self.server.dig("api.example.test").status, "NXDOMAIN")
        self.assertEqual(self.data("www.example.test"), ["192.0.2.11"])
        restart()
        self.assertFalse(warns(), "nothing stands on it any more")
        self.assertEqual(self.server.dig("api.example.test").status, "NXDOMAIN")

    def test_an_instance_registers_and_deregisters(self):
        self.assertEqual(self.nsupdate("zone svc.internal", "update add i1.web.svc.internal 5 A 127.0.0.21",
                                       "update add _web._tcp.svc.internal 5 SRV 0 10 8080 i1.web.svc.internal"), "NOERROR")
        self.assertEqual(self.data("web.svc.internal"), ["127.0.0.21"])
        self.assertEqual(self.data("_web._tcp.svc.internal", "SRV"), ["0 10 8080 i1.web.svc.internal."])
        self.assertIn("update", self.server.muster("explain", "web.svc.internal", "A").out)
        self.assertEqual(self.nsupdate("zone svc.internal", "update add db.svc.internal 5 A 127.0.0.22"), "NOERROR")
        self.assertEqual(self.data("127-0-0-22.db.svc.internal"), ["127.0.0.22"])
        self.assertEqual(self.nsupdate("zone svc.internal", "prereq yxdomain nobody.svc.internal",
                                       "update add db.svc.internal 5 A 127.0.0.23"), "NXDOMAIN")
        self.assertEqual(self.nsupdate("zone svc.internal", "update add web.svc.internal 5 TXT hello"), "REFUSED")
        self.assertEqual(self.nsupdate("zone svc.internal", "update add ns1.svc.internal 5 A 127.0.0.24"), "REFUSED")
        self.assertEqual(self.nsupdate("zone svc.internal", "update delete i1.web.svc.internal A"), "NOERROR")
        self.assertEqual(self.data("web.svc.internal"), [])

    def update(self, identity, *records):
        """An UPDATE of svc.internal with these records, whole."""
        head = struct.pack(">6H", identity, 5 << 11, 1, 0, len(records), 0)
        return head + wire.name("svc.internal.") + struct.pack(">HH", 6, 1) + b"".join(records)

    def pipelined(self, messages):
        """Their rcodes, sent in one piece over one connection."""
        with socket.create_connection(self.server.dns, timeout=30) as connection:
            connection.sendall(b"".join(struct.pack(">H", len(one)) + one for one in messages))
            replies = [wire.Reply(wire.receive(connection)) for _ in messages]
        return [reply.rcode for reply in sorted(replies, key=lambda reply: reply.identity)]

    def test_each_of_many_updates_sees_the_ones_before_it(self):
        def record(owner, rrtype, rdata, rrclass=1, ttl=5):
            return wire.name(owner) + struct.pack(">HHIH", rrtype, rrclass, ttl, len(rdata)) + rdata

        owners = [f"i{i}.many.svc.internal." for i in range(40)]
        adds = []
        for i, owner in enumerate(owners):
            adds += [[record(owner, 1, bytes([127, 0, 1, i]))], [record(owner, 28, bytes(15) + bytes([1 + i]))],
                     [record("_web._tcp.many.svc.internal.", 33, struct.pack(">3H", 0, 1, 8000 + i) + wire.name(owner))]]
        self.assertEqual(set(self.pipelined([self.update(i, *one) for i, one in enumerate(adds)])), {0})
        for i, owner in enumerate(owners):
            self.assertEqual((self.data(owner), self.data(owner, "AAAA")), ([f"127.0.1.{i}"], [f"::{1 + i:x}"]), owner)
        deletes = [[record(owner, 255, b"", rrclass=255, ttl=0)] for owner in owners for _ in range(2)]
        self.assertEqual(set(self.pipelined([self.update(i, *one) for i, one in enumerate(deletes)])), {0})
        self.assertEqual(self.data("many.svc.internal"), [])
        self.assertEqual(self.data("many.svc.internal", "AAAA"), [])

    def test_the_lease_of_the_option_is_granted_and_ends(self):
        lease = struct.pack(">HHI", 2, 4, 2)
        opt = b"\0" + struct.pack(">HHIH", wire.OPT, 1232, 0, len(lease)) + lease
        record = wire.name("i1.brief.svc.internal.") + struct.pack(">HHIH", 1, 1, 5, 4) + bytes([127, 0, 0, 31])
        packet = struct.pack(">6H", 77, 5 << 11, 1, 0, 1, 1) + wire.name("svc.internal.") + struct.pack(">HH", 6, 1) + record + opt
        with socket.create_connection(self.server.dns, timeout=30) as connection:
            wire.send(connection, packet)
            reply = wire.Reply(wire.receive(connection))
        self.assertEqual((reply.identity, reply.opcode, reply.rcode, reply.opt[2]), (77, 5, 0, lease))
        self.assertEqual(self.data("brief.svc.internal"), ["127.0.0.31"])
        wait_until("its lease is over", lambda: not self.data("brief.svc.internal"))

    def test_a_delete_of_no_record_is_formerr_and_harms_nobody(self):
        record = wire.name("_web._tcp.svc.internal.") + struct.pack(">HHIH", 33, 254, 0, 0)
        packet = struct.pack(">6H", 78, 5 << 11, 1, 0, 1, 0) + wire.name("svc.internal.") + struct.pack(">HH", 6, 1) + record
        with socket.create_connection(self.server.dns, timeout=30) as connection:
            wire.send(connection, packet)
            self.assertEqual(wire.Reply(wire.receive(connection)).rcode, 1)
        self.assertEqual(self.server.dig("svc.internal", "SOA").status, "NOERROR")

    def test_who_may_not_is_refused_before_anything_is_looked_at(self):
        add = "update add x.example.test 5 A 192.0.2.1"
        self.assertEqual(self.nsupdate("zone example.test", add, flags=()), "REFUSED", "a prefix counts over TCP only")
        self.assertEqual(self.nsupdate("zone example.test", "prereq yxdomain nobody.example.test", add, flags=()), "REFUSED")
        self.assertEqual(self.nsupdate("zone closed.test", "update add x.closed.test 5 A 192.0.2.1"), "REFUSED")
        self.assertEqual(self.nsupdate("zone nowhere.test", "update add x.nowhere.test 5 A 192.0.2.1"), "NOTAUTH")
        key = f"hmac-sha256:update:{SECRET}"
        self.assertEqual(self.nsupdate("zone example.test", add, flags=("-y", key)), "NOERROR")
        wrong = f"hmac-sha256:update:{base64.b64encode(b'x' * 32).decode()}"
        self.assertNotEqual(self.nsupdate("zone example.test", add, flags=("-y", wrong)), "NOERROR")


@unittest.skipUnless(shutil.which("nsupdate"), "nsupdate is not installed")
class HowTo(EndToEnd):
    def test_the_page_s_examples(self):
        page = (SOURCE / "docs/howto/nsupdate.md").read_text()
        config = re.search(r"(?ms)^```toml\n(.*?)^```", page)[1]
        (self.folder / "update.key").write_text(SECRET + "\n")
        (self.folder / "example.test.zone").write_text(ZONE)
        server = self.start(config)
        wait_until("the zone is read", lambda: server.dig("www.example.test").answer)
        host, port = server.dns
        records, register, remove = re.findall(r"(?ms)^```\n(server.*?)^```", page)

        def send(text, *flags):
            text = text.replace("server 127.0.0.1 5300", f"server {host} {port}")
            done = run("nsupdate", *flags, stdin=text)
            self.assertEqual((done.status, done.err), (0, ""))

        send(records, "-y", f"hmac-sha256:update:{SECRET}")
        self.assertEqual(server.dig("api.example.test").data(), ["192.0.2.80"])
        send(register, "-y", f"hmac-sha256:update:{SECRET}")
        self.assertEqual(server.dig("_web._tcp.svc.internal", "SRV").data(), ["0 10 8080 i1.web.svc.internal."])
        send(remove, "-y", f"hmac-sha256:update:{SECRET}")
        self.assertEqual(server.dig("web.svc.internal").data(), [])


if __name__ == "__main__":
    unittest.main()
