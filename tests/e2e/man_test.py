"""The man pages: rendered without a warning, each under its own name."""

import shutil
import unittest

from harness import SOURCE, EndToEnd, run

PAGES = sorted((SOURCE / "tools/man").iterdir())


@unittest.skipUnless(shutil.which("man"), "man is not installed (Debian: man-db)")
class Pages(EndToEnd):
    def render(self, path):
        return run("man", "--warnings", "-E", "UTF-8", "-l", path)

    def test_each_renders_without_a_warning(self):
        self.assertEqual([path.name for path in PAGES], ["muster.1", "musterd.8", "musterd.toml.5"])
        for path in PAGES:
            with self.subTest(path.name):
                page = self.render(path)
                self.assertEqual((page.status, page.err), (0, ""))
                name, _, section = path.name.rpartition(".")
                self.assertTrue(page.out.lstrip().startswith(f"{name}({section})"), page.out[:200])

    def test_a_fault_would_be_told(self):
        path = self.write("faulty.8", '.TH faulty 8\n.SH NAME\nfaulty \\- a page\n.no_such_macro here\n')
        self.assertIn("no_such_macro", self.render(path).err)


if __name__ == "__main__":
    unittest.main()
