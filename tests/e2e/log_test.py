"""The log under a reader that does not read, and at the end of a start that fails; the threads' names."""

import os
import pathlib
import re
import subprocess
import unittest

from harness import ADDRESS, BIN, EndToEnd, Musterd, die_with_parent, endpoint, run, wait_until

FILLER = "x" * 3000


class Unread(Musterd):
    """A musterd whose standard error is a pipe that is read up to the line `serving` and no further."""

    def __init__(self, folder, words):
        self.folder = folder
        reading, writing = os.pipe()
        self.child = subprocess.Popen([BIN / "musterd", *words], stdout=subprocess.DEVNULL, stderr=writing, cwd=folder,
                                      preexec_fn=die_with_parent)
        os.close(writing)
        self.pipe = reading
        text = ""
        while " serving " not in text or not text.endswith("\n"):
            text += os.read(reading, 1).decode()
        self.dns, self.http = (endpoint(re.search(rf"{door}=(\S+)", text)[1]) for door in ("dns", "http"))


class Threads(EndToEnd):
    def test_the_system_lists_each_by_name(self):
        server = self.start('[forward]\nenabled = true\nupstreams = ["127.0.0.1:9"]\nallow = ["127.0.0.0/8"]\n')
        names = set()
        for task in pathlib.Path(f"/proc/{server.child.pid}/task").iterdir():
            names.add((task / "comm").read_text().strip())
        named = ("control", "store", "wal", "udp", "io", "loader", "log", "forward")
        self.assertEqual(names, {"musterd", *(f"muster-{name}" for name in named)})


class Log(EndToEnd):
    def test_nobody_waits_for_a_reader_that_does_not_read(self):
        config = self.configuration('[log]\nlevel = "debug"\n')
        server = Unread(self.folder, ["--config", config])
        self.addCleanup(os.close, server.pipe)
        self.addCleanup(server.kill)
        limit = 'muster_limit_reached_total{limit="log_lines"} '
        lines = 0

        def dropped():
            nonlocal lines
            for _ in range(50):  # each is a line of 3 KiB at debug, and one of the registry at info
                lines += 1
                self.assertTrue(server.register("web", f"i{lines}", {"address": "127.0.0.11", "port": 80, "meta": {"a": "b"}})["durable"])
                server.api("GET", f"/api/v1/services?glob={FILLER}")
            page = server.api("GET", "/metrics").text
            return [line for line in page.splitlines() if line.startswith(limit)] != [limit + "0"]
        wait_until("lines are dropped", dropped, 60)
        self.assertEqual(len(server.dig("web.svc.internal", "A", "+tcp").answer) > 0, True)
        self.assertEqual(server.stop(), 0, "nor does the end")

    def test_a_start_that_fails_says_so_after_its_log(self):
        first = self.start(store="memory")
        ended = run(BIN / "musterd", "--config", self.folder / "musterd.toml", "--set",
                    f'http.listen=["{ADDRESS}:{first.http[1]}"]')
        self.assertEqual(ended.status, 1)
        self.assertRegex(ended.err.splitlines()[-1], r"^musterd: cannot listen on ")

    def test_everything_is_written_before_the_end(self):
        server = self.start(store="memory")
        self.assertEqual(server.stop(), 0)
        self.assertTrue(server.err.endswith("stopped\n"), server.err)


if __name__ == "__main__":
    unittest.main()
