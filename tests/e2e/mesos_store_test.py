"""What musterd keeps of a Mesos cluster in its store: a start while the masters are down answers as before."""

import gzip
import sqlite3
import time
import unittest

import mesos_master as mesos
from harness import wait_until
from mesos_test import WithMesos

SOURCE = """\
[zones]
negative_ttl = "0s"
[[source.mesos]]
name = "{name}"
masters = [{masters}]
refresh = "200ms"
listener = "10.0.0.53"
{more}
"""


class Kept(WithMesos):
    def setUp(self):
        super().setUp()
        self.master_of_all = self.master(streams=False)
        for number in range(6):
            self.task(f"web.{number}", "web", number % 2, ports=[31000 + number])

    def serve_kept(self, more="", name="mesos", masters=None, wait=True):
        urls = ", ".join(f'"{url}"' for url in masters or [self.master_of_all.url])
        server = self.begin("--config", self.configuration(SOURCE.format(name=name, masters=urls, more=more)))
        return server.ready() if wait else server.serving()

    def is_kept(self, tasks):
        """Whether the store's picture has these tasks, by its time: one more may be on the way."""
        def look():
            with sqlite3.connect(f"file:{self.folder}/muster.db?mode=ro", uri=True) as store:
                heads = store.execute("SELECT slot, pieces FROM picture WHERE source='mesos'").fetchall()
                if not heads:
                    return False
                (slot, pieces), = heads
                rows = store.execute("SELECT content FROM picture_piece WHERE source='mesos' AND slot=? ORDER BY number",
                                     (slot,)).fetchall()
                self.assertEqual(len(rows), pieces)
                return gzip.decompress(b"".join(row[0] for row in rows)).count(b'"statuses"') == tasks
        return look

    def down(self):
        """The master is gone; its address refuses."""
        host, port = self.master_of_all.address.split(":")
        self.master_of_all.close()
        self.gone = host, int(port)

    def up(self):
        self.master_of_all = mesos.Master(self.cluster, self.gone[0], streams=False, port=self.gone[1])
        self.addCleanup(self.master_of_all.close)

    def learnt(self, more=""):
        server = self.serve_kept(more)
        self.until(server, "web.marathon.mesos", ["10.0.1.10", "10.0.1.11"])
        wait_until("the picture is in the store", self.is_kept(6))
        return server

    def check_served(self, server):
        self.assertEqual(self.addresses(server, "web.marathon.mesos"), ["10.0.1.10", "10.0.1.11"])
        self.assertEqual(len(self.addresses(server, "_web._tcp.marathon.mesos", "SRV")), 6)
        self.assertEqual(len(self.addresses(server, "web.svc.internal")), 2, "the native name")
        self.assertEqual(server.dig("none.marathon.mesos").status, "NXDOMAIN", "what is not there is known, too")
        self.assertEqual(server.api("GET", "/readyz").status, 200)

    def test_a_start_without_a_master_serves_what_is_stored(self):
        server = self.learnt()
        self.down()
        server.kill()
        server = self.serve_kept()
        # Whoever sees it serve sees all of it.
        self.check_served(server)
        seen = self.source(server)
        self.assertEqual((seen["from_store"], seen["state"], seen["instances"]), (True, "init", {"total": 6, "routable": 6}))
        self.assertIsNotNone(seen["last_success"])
        self.assertGreaterEqual(seen["age_ms"], 0)
        wait_until("a failure is told", lambda: self.source(server)["error"])
        tasks, self.marathon.tasks = self.marathon.tasks, {}
        self.up()
        wait_until("the guard holds", lambda: self.source(server)["held"] == 6, 60)
        seen = self.source(server)
        self.assertEqual((seen["from_store"], seen["state"]), (False, "live"))
        self.check_served(server)
        self.marathon.tasks = tasks
        wait_until("all is well", lambda: self.source(server)["held"] == 0)
        self.check_served(server)
        self.assertEqual(self.source(server)["state"], "live")

    def test_a_clean_stop_keeps_what_is_newest(self):
        server = self.learnt()
        self.marathon.tasks.clear()
        self.task("web.new", "web", 1)
        self.marathon.ended = {f"web.{n}": mesos.Task(f"web.{n}", "web", self.agent(0), "TASK_KILLED") for n in range(6)}
        self.until(server, "web.marathon.mesos", ["10.0.1.11"])
        self.assertEqual(server.stop(), 0)
        self.down()
        server = self.serve_kept()
        self.assertEqual(self.addresses(server, "web.marathon.mesos"), ["10.0.1.11"])

    def test_what_cannot_be_read_is_as_none(self):
        server = self.learnt()
        self.down()
        server.kill()
        with sqlite3.connect(self.folder / "muster.db") as store:
            content = bytearray(store.execute("SELECT content FROM picture_piece").fetchone()[0])
            content[len(content) // 2] ^= 255
            store.execute("UPDATE picture_piece SET content=?", (bytes(content),))
        store.close()
        server = self.serve_kept(wait=False)
        self.assertEqual(server.dig("web.marathon.mesos").status, "SERVFAIL")
        self.assertEqual(server.api("GET", "/readyz").json(), [{"what": "source", "name": "mesos", "reason": "not synced"}])
        self.assertRegex(server.err, r"(?i)warn.*picture_left_out source=mesos .*not readable")
        self.up()
        self.until(server, "web.marathon.mesos", ["10.0.1.10", "10.0.1.11"])

    def test_another_cluster_does_not_go_on_from_it(self):
        server = self.learnt()
        self.down()
        server.kill()
        other = self.master(streams=False)
        other.fault = mesos.status(503)
        server = self.serve_kept(masters=[other.url], wait=False)
        self.assertEqual(server.dig("web.marathon.mesos").status, "SERVFAIL")
        self.assertIn("another cluster", server.err)
        server.kill()
        old = f"http://{self.gone[0]}:{self.gone[1]}"
        server = self.serve_kept(masters=[other.url, old])
        self.check_served(server)

    def test_a_source_that_is_removed_is_forgotten(self):
        server = self.learnt()
        server.kill()
        server = self.serve_kept(name="other")
        self.assertEqual(self.source(server)["from_store"], False)
        self.assertRegex(server.err, "picture_forgotten source=mesos")

        def sources():
            with sqlite3.connect(f"file:{self.folder}/muster.db?mode=ro", uri=True) as store:
                return {row[0] for row in store.execute("SELECT source FROM picture UNION SELECT source FROM picture_piece")}
        wait_until("only the other is kept", lambda: sources() == {"other"})

    def test_one_older_than_max_stale_is_not_served(self):
        server = self.learnt()
        self.down()
        server.kill()
        time.sleep(1.5)
        server = self.serve_kept('stale_after = "500ms"\nmax_stale = "500ms"', wait=False)
        self.assertEqual(server.dig("web.marathon.mesos").status, "SERVFAIL")
        self.assertIn("older than max_stale", server.err)


if __name__ == "__main__":
    unittest.main()
