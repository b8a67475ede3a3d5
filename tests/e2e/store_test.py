"""The store at its edges: a second process, a newer schema, damage, a disk that is full or read-only, a clean stop."""

import hashlib
import os
import pathlib
import signal
import sqlite3
import subprocess
import unittest

from harness import BIN, EndToEnd, run, wait_until

WEB = {"address": "127.0.0.11", "port": 80, "lease": "1h"}


def digest(path):
    return hashlib.sha256(pathlib.Path(path).read_bytes()).hexdigest()


class Refused(EndToEnd):
    def refuse(self, *expected):
        """A start that must end with status 2 and these words, and touch no file of the store."""
        before = self.digests()
        second = run(BIN / "musterd", "--config", self.folder / "musterd.toml")
        self.assertEqual(second.status, 2, second.err)
        for word in expected:
            self.assertIn(word, second.err)
        self.assertEqual(self.digests(), before)

    def digests(self):
        """Of every file of the store but the lock, which names who tried."""
        return {path.name: digest(path) for path in self.folder.glob("muster.db*") if path.suffix != ".lock"}

    def test_a_second_process_on_the_same_store(self):
        server = self.start()
        server.register("web", "i1", WEB)
        self.refuse("muster.db", str(server.child.pid))
        self.assertEqual(server.dig("web.svc.internal").data(), ["127.0.0.11"])

    def test_a_schema_from_a_newer_program(self):
        self.assertEqual(self.start().stop(), 0)
        database = sqlite3.connect(self.folder / "muster.db")
        database.execute("PRAGMA user_version = 1000")
        database.close()
        self.refuse("muster.db", "1000")


class Damaged(EndToEnd):
    def setUp(self):
        super().setUp()
        server = self.start()
        for i in range(300):
            server.register(f"s{i}", "a", WEB | {"meta": {"filler": "x" * 500}})
        self.assertEqual(server.stop(), 0)
        self.database = self.folder / "muster.db"

    def starts_loudly(self):
        server = self.again()
        self.assertIn("error", server.err)
        self.assertIn("corrupt", server.err)
        renamed = [path.name for path in self.folder.glob("muster.db.corrupt-*")]
        self.assertEqual(len([name for name in renamed if not name.endswith(("-wal", "-shm"))]), 1, renamed)
        self.assertEqual(server.api("GET", "/healthz").status, 200)
        grant = server.register("fresh", "a", WEB)
        self.assertTrue(grant["durable"])
        self.assertEqual(server.dig("fresh.svc.internal").data(), ["127.0.0.11"])
        return server

    def test_garbage_everywhere_starts_empty_without_nxdomain(self):
        self.database.write_bytes(os.urandom(self.database.stat().st_size))
        server = self.starts_loudly()
        for name in ("s5.svc.internal", "never.svc.internal"):
            self.assertEqual(server.dig(name).status, "SERVFAIL", "what was lost must not be denied")

    def test_a_damaged_page_costs_only_its_rows(self):
        octets = bytearray(self.database.read_bytes())
        middle = len(octets) // 2 // 4096 * 4096
        octets[middle:middle + 4096] = bytes(255 - octet for octet in octets[middle:middle + 4096])
        self.database.write_bytes(octets)
        # quick_check runs after an unclean stop: say that there was one.
        self.mark_unclean()
        server = self.starts_loudly()
        left = len(server.api("GET", "/api/v1/services?glob=s*").json()["services"])
        self.assertGreater(left, 100, "the readable rows were copied over")
        self.assertLess(left, 300, "else nothing was damaged and this test shows nothing")

    def mark_unclean(self):
        database = sqlite3.connect(self.database)
        database.execute("DELETE FROM meta WHERE k = 'clean_stop'")
        database.commit()
        database.close()


@unittest.skipUnless(os.geteuid() == 0, "mounts a small tmpfs")
class FullDisk(EndToEnd):
    def setUp(self):
        super().setUp()
        self.disk = self.folder / "disk"
        self.disk.mkdir()
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", self.disk], capture_output=True, check=False)
        if mounted.returncode != 0:
            self.skipTest("no right to mount: " + mounted.stderr.decode())
        self.addCleanup(subprocess.run, ["umount", "-l", self.disk], check=True)
        self.server = self.start("", "--set", f"store.path={self.disk}/muster.db")
        self.server.register("before", "i1", WEB)

    def answers_go_on(self):
        """A write that cannot be stored is applied, answered and marked; the server stays alive."""
        def not_durable():
            reply = self.server.api("PUT", "/api/v1/services/during/instances/i1",
                                    {"generation": 1, "weight": next(self.weights)} | WEB)
            self.assertIn(reply.status, (200, 201), reply.text)
            return not reply.json()["durable"] and reply
        self.weights = iter(range(1, 60_000))
        reply = wait_until("a write that is not durable", not_durable)
        self.assertEqual(reply.headers["Muster-Durable"], "false")
        for name in ("before", "during"):
            self.assertEqual(self.server.dig(f"{name}.svc.internal").data(), ["127.0.0.11"])
        self.assertEqual(self.server.api("GET", "/healthz").status, 200)
        health = self.server.api("GET", "/api/v1/health").json()
        self.assertEqual([check["status"] for check in health["checks"] if check["name"] == "store"], ["fail"])

    def durable_again(self):
        def durable():
            return self.server.register("after", "i1", WEB)["durable"]
        wait_until("the store is well again", durable)
        self.server.signal(signal.SIGKILL)
        self.server.wait()
        server = self.again("--set", f"store.path={self.disk}/muster.db")
        for name in ("before", "during", "after"):
            self.assertEqual(server.dig(f"{name}.svc.internal").data(), ["127.0.0.11"], "rewritten when the disk was back")

    def test_full(self):
        filler = self.disk / "filler"
        with open(filler, "wb", buffering=0) as out:
            try:
                while True:
                    out.write(b"\0" * 4096)
            except OSError:
                pass
        self.answers_go_on()
        filler.unlink()
        self.durable_again()

    def test_read_only(self):
        self.assertEqual(self.server.stop(), 0)
        subprocess.run(["mount", "-o", "remount,ro", self.disk], check=True)
        self.server = self.again("--set", f"store.path={self.disk}/muster.db")
        self.answers_go_on()
        subprocess.run(["mount", "-o", "remount,rw", self.disk], check=True)
        self.durable_again()


@unittest.skipUnless(os.geteuid() == 0, "mounts a small tmpfs")
class ReadOnlyFromTheFirst(EndToEnd):
    def setUp(self):
        super().setUp()
        self.disk = self.folder / "disk"
        self.disk.mkdir()
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=3m,ro", "tmpfs", self.disk], capture_output=True, check=False)
        if mounted.returncode != 0:
            self.skipTest("no right to mount: " + mounted.stderr.decode())
        self.addCleanup(subprocess.run, ["umount", "-l", self.disk], check=True)
        self.path = ("--set", f"store.path={self.disk}/muster.db")

    def test_a_store_that_cannot_be_made_yet_is_made_later(self):
        server = self.start("", *self.path)
        self.assertRegex(server.err, r"error.*muster\.db: not writable now")
        grant = server.register("web", "i1", WEB)
        self.assertFalse(grant["durable"])
        self.assertEqual(server.dig("web.svc.internal").data(), ["127.0.0.11"])
        self.assertEqual(server.dig("never.svc.internal").status, "NXDOMAIN", "there was no store: nothing is lost")
        health = server.api("GET", "/api/v1/health").json()
        self.assertEqual([check["status"] for check in health["checks"] if check["name"] == "store"], ["fail"])
        subprocess.run(["mount", "-o", "remount,rw", self.disk], check=True)
        wait_until("the store is well", lambda: server.register("api", "i1", WEB)["durable"])
        second = run(BIN / "musterd", "--config", self.folder / "musterd.toml", *self.path)
        self.assertEqual(second.status, 2, "the lock is taken with the file: " + second.err)
        server.signal(signal.SIGKILL)
        server.wait()
        server = self.again(*self.path)
        for name in ("web", "api"):
            self.assertEqual(server.dig(f"{name}.svc.internal").data(), ["127.0.0.11"])

    def test_a_folder_that_is_not_there_is_a_start_error(self):
        ended = run(BIN / "musterd", "--config", self.configuration(), "--set", f"store.path={self.disk}/none/muster.db")
        self.assertEqual(ended.status, 2, ended.err)
        self.assertIn("make its folder", ended.err)


class Restart(EndToEnd):
    def test_dns_says_the_same_as_before(self):
        server = self.start()
        server.register("web", "well", WEB)
        server.register("web", "sick", WEB | {"address": "127.0.0.12"})
        server.register("gone", "i1", WEB, generation=4)
        heartbeat = {"status": "critical", "reason": "disk"}
        self.assertEqual(server.api("POST", "/api/v1/services/web/instances/sick/heartbeat", heartbeat).status, 200)
        self.assertEqual(server.api("DELETE", "/api/v1/services/gone/instances/i1?generation=4").status, 200)
        for ends_by in (signal.SIGKILL, signal.SIGTERM, None):
            with self.subTest(ends_by):
                self.assertEqual(server.dig("web.svc.internal").data(), ["127.0.0.11"], "who is critical stays out")
                known = server.dig("gone.svc.internal")
                self.assertEqual((known.status, known.data()), ("NOERROR", []), "known for service_linger, without an instance")
                self.assertEqual(server.dig("never.svc.internal").status, "NXDOMAIN")
            if ends_by:
                server.signal(ends_by)
                server.wait()
                server = self.again()
        heartbeat = {"status": "passing"}
        self.assertEqual(server.api("POST", "/api/v1/services/web/instances/sick/heartbeat", heartbeat).status, 200)
        self.assertEqual(sorted(server.dig("web.svc.internal").data()), ["127.0.0.11", "127.0.0.12"])


class Stop(EndToEnd):
    def test_sigterm_flushes_and_ends_with_0(self):
        for signal_number in (signal.SIGTERM, signal.SIGINT):
            with self.subTest(signal_number.name):
                server = self.start()
                server.register("web", "i1", WEB, generation=4)
                server.signal(signal_number)
                self.assertEqual(server.wait(), 0, server.err)
                self.assertIn("stopped", server.err)
                wal = self.folder / "muster.db-wal"
                self.assertFalse(wal.exists() and wal.stat().st_size, "the log is folded into the file")
                server = self.again()
                self.assertEqual(server.dig("web.svc.internal").data(), ["127.0.0.11"])
                self.assertNotRegex(server.err, r"warn|error")
                self.assertEqual(server.stop(), 0)

    def test_an_open_stream_and_a_waiting_poll_do_not_hold_it_up(self):
        server = self.start()
        server.register("web", "i1", WEB)
        watch = self.background("watch", ["curl", "-sN", server.url + "/api/v1/watch"])
        poll = self.background("poll", ["curl", "-s", server.url + "/api/v1/services/web?after=99999&wait=60s"])
        wait_until("the stream runs", lambda: "synced" in watch.out)
        self.assertEqual(server.stop(), 0)
        watch.wait()
        poll.wait()


if __name__ == "__main__":
    unittest.main()
