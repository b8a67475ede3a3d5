"""server.user: root binds, the user owns and writes everything from then on."""

import os
import pathlib
import pwd
import sqlite3
import unittest

from harness import ADDRESS, BIN, EndToEnd, run, wait_until

USER = "nobody"
WEB = {"address": "127.0.0.11", "port": 80, "lease": "1h"}


@unittest.skipUnless(os.geteuid() == 0, "starts as root")
class User(EndToEnd):
    def setUp(self):
        super().setUp()
        self.folder.chmod(0o755)
        self.config = self.configuration()
        self.config.write_text(self.config.read_text().replace("[server]", f'[server]\nuser = "{USER}"'))
        self.store = self.folder / "store"
        self.store.mkdir()
        os.chown(self.store, pwd.getpwnam(USER).pw_uid, -1)
        self.words = ("--config", self.config, "--set", f"store.path={self.store}/muster.db")

    def metric(self, server, name):
        page = server.api("GET", "/metrics").text
        return [float(line.split()[-1]) for line in page.splitlines() if line.startswith(name + " ")][0]

    def test_the_user_owns_the_store_and_moves_its_log(self):
        server = self.begin(*self.words).ready()
        status = pathlib.Path(f"/proc/{server.child.pid}/status").read_text()
        uids = [line.split()[1:] for line in status.splitlines() if line.startswith("Uid:")][0]
        self.assertEqual(set(uids), {str(pwd.getpwnam(USER).pw_uid)})
        self.assertTrue(server.register("web", "i1", WEB)["durable"])
        owners = {path.name: path.owner() for path in self.store.iterdir()}
        self.assertEqual(owners, {name: USER for name in ("muster.db", "muster.db-wal", "muster.db-shm", "muster.db.lock")})
        wait_until("a checkpoint", lambda: self.metric(server, "muster_store_checkpoints_total") > 0)
        self.assertEqual(self.metric(server, "muster_store_checkpoint_errors_total"), 0)
        copy = self.folder / "copy.db"  # the file alone, without its log
        copy.write_bytes((self.store / "muster.db").read_bytes())
        with sqlite3.connect(copy) as database:
            self.assertEqual(database.execute("SELECT service, id FROM claim WHERE service = 'web'").fetchall(), [("web", "i1")])
        server.kill()
        server = self.begin(*self.words).ready()
        self.assertEqual(server.dig("web.svc.internal").data(), ["127.0.0.11"])
        self.assertEqual(server.stop(), 0)
        self.assertNotRegex(server.err, r" (warning|error) ")

    def test_a_port_below_1024_is_bound_before(self):
        taken = self.begin(*self.words, "--set", f'dns.listen=["{ADDRESS}:53"]', "--set", f'http.listen=["{ADDRESS}:80"]').ready()
        self.assertEqual((taken.dns[1], taken.http[1]), (53, 80))

    def test_a_folder_that_the_user_cannot_write_is_refused_with_its_mend(self):
        os.chown(self.store, 0, -1)
        ended = run(BIN / "musterd", *self.words)
        self.assertEqual(ended.status, 2, ended.err)
        self.assertIn(f"{self.store}: the user {USER} cannot write there", ended.err)
        self.assertIn(f"`chown {USER} {self.store}`", ended.err)
        self.assertEqual(list(self.store.iterdir()), [])

    def test_files_that_root_left_there_are_refused_with_their_mend(self):
        (self.store / "muster.db.lock").touch()
        ended = run(BIN / "musterd", *self.words)
        self.assertEqual(ended.status, 2, ended.err)
        self.assertIn(f"`chown {USER} {self.store}/muster.db*`", ended.err)


if __name__ == "__main__":
    unittest.main()
