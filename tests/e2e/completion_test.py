"""Completion in the shells: the verbs are the command line's, and names are asked of the running server."""

import os
import re
import unittest

from harness import BIN, SOURCE, EndToEnd, run

COMPLETIONS = SOURCE / "tools/completions"
BASH = 'source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _muster; printf "%s\\n" "${COMPREPLY[@]}"'


def command_line(*words):
    """The words of that column in the help: verbs, or a verb's options."""
    return run(BIN / "muster", *words, "--help").out


def verbs():
    return re.findall(r"(?m)^  ([a-z-]+) ", command_line().split("Subcommands:")[1])


class Bash(EndToEnd):
    def setUp(self):
        super().setUp()
        self.server = self.start(store="memory")
        self.server.register("web", "i1", {"address": "127.0.0.11", "port": 80})
        self.server.register("web", "i2", {"address": "127.0.0.12", "port": 80})

    def complete(self, *words, env=None):
        found = self.server.environment({"PATH": f"{BIN}:{os.environ['PATH']}"} | (env or {}))
        done = run("bash", "-c", BASH, "bash", COMPLETIONS / "muster.bash", "muster", *words, env=found)
        self.assertEqual(done.err, "")
        return sorted(done.out.split())

    def test_verbs_are_the_command_lines(self):
        self.assertGreater(len(verbs()), 10)
        self.assertEqual(self.complete(""), sorted(verbs()))
        self.assertEqual(self.complete("de"), ["deregister"])
        self.assertEqual(self.complete("--json", "st"), ["stats"])

    def test_options_are_the_verbs(self):
        for verb in verbs():
            with self.subTest(verb):
                own = re.findall(r"--[a-z-]+", "\n".join(re.findall(r"(?m)^  .*", command_line(verb))))
                self.assertLessEqual(set(own), set(self.complete(verb, "--")))

    def test_names_are_asked_live(self):
        self.assertEqual(self.complete("show", ""), ["muster", "web"])
        self.assertEqual(self.complete("drain", "--wait", "w"), ["web"])
        self.assertEqual(self.complete("drain", "web", ""), ["i1", "i2"])
        self.assertEqual(self.complete("weight", "web", "i1", ""), [])
        self.assertEqual(self.complete("source", ""), ["accept", "list", "resync", "show"])
        self.assertEqual(self.complete("source", "accept", ""), ["static"])
        self.assertEqual(self.complete("source", "list", ""), [])
        self.assertEqual(self.complete("show", "", env={"MUSTER_SERVER": "http://127.0.0.1:1"}), [], "nobody there")
        self.assertEqual(self.complete("--server", self.server.url, "show", "", env={"MUSTER_SERVER": "http://127.0.0.1:1"}),
                         ["muster", "web"], "the server that was typed")


class OtherShells(unittest.TestCase):
    def test_each_knows_every_verb(self):
        rows = [("_muster", r"(?m)^  '([a-z-]+):"), ("muster.fish", r"(?m)^set --local verbs (.*)$")]
        for name, pattern in rows:
            with self.subTest(name):
                found = " ".join(re.findall(pattern, (COMPLETIONS / name).read_text())).split()
                self.assertEqual(sorted(found), sorted(verbs()))


if __name__ == "__main__":
    unittest.main()
