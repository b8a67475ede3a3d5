"""tools/demo prints what docs/tutorial/demo.md says that it prints."""

import re
import unittest

from harness import BIN, SOURCE, EndToEnd, run
from ports import free_port


def sorted_end(text):
    """What was told of different tasks comes by two roads: its order is not promised."""
    head, mark, end = text.partition("# What `muster watch")
    title, _, lines = end.partition("\n")
    return head + mark + title + "\n" + "\n".join(sorted(lines.split("\n")))


class Demo(EndToEnd):
    def ports(self):
        """A free one for each of the page's; webapp has two in a row."""
        found = {}
        for word, port in (("--dns-port", 5300), ("--http-port", 8053), ("--web-port", 10080), ("--service-port", 8081)):
            found[word] = (free_port("127.0.0.1"), port)
        return found

    @unittest.skipUnless(run("which", "haproxy").out or run("test", "-x", "/usr/sbin/haproxy").status == 0, "haproxy is not installed")
    def test_prints_what_the_page_shows(self):
        ports = self.ports()
        words = [str(word) for option, (port, _) in ports.items() for word in (option, port)]
        told = run(SOURCE / "tools/demo", "--binaries", BIN, *words, seconds=220)
        self.assertEqual(told.status, 0, told.err + told.out)
        out = told.out
        for port, written in ports.values():
            out = re.sub(rf"(-p |:){port}\b", rf"\g<1>{written}", out)
        (shown,) = re.findall(r"(?ms)^```\n(# A Mesos .*?)\n```", (SOURCE / "docs/tutorial/demo.md").read_text())
        self.maxDiff = None
        self.assertEqual(sorted_end(out.strip("\n")), sorted_end(shown))


if __name__ == "__main__":
    unittest.main()
