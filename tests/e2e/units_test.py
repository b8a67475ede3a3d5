"""The systemd units as systemd itself judges them: well-formed, and how much of the machine musterd's leaves open."""

import re
import shutil
import unittest

from harness import BIN, SOURCE, EndToEnd, run

UNITS = SOURCE / "tools/systemd"
MOST_EXPOSED = 2.0  # Knot's unit has 7.0, PowerDNS' 2.3


@unittest.skipUnless(shutil.which("systemd-analyze"), "systemd-analyze is not installed (Debian: systemd)")
class Units(EndToEnd):
    def unit(self, name):
        """A copy whose programs are the ones under test: systemd looks whether they are there."""
        text = (UNITS / name).read_text()
        text = text.replace("/usr/sbin/musterd", str(BIN / "musterd")).replace("/usr/bin/muster ", f"{BIN / 'muster'} ")
        return self.write(name, text)

    def test_they_are_well_formed(self):
        for path in UNITS.glob("*.service"):
            with self.subTest(path.name):
                told = run("systemd-analyze", "verify", "--man=no", self.unit(path.name))
                self.assertEqual((told.status, told.out + told.err), (0, ""))

    def test_a_fault_would_be_told(self):
        path = self.unit("musterd.service")
        path.write_text(path.read_text().replace("ProtectClock=yes", "ProtectClok=yes"))
        self.assertIn("ProtectClok", run("systemd-analyze", "verify", "--man=no", path).err)

    def test_little_is_left_open(self):
        told = run("systemd-analyze", "security", "--offline=yes", "--no-pager", UNITS / "musterd.service")
        exposure = re.search(r"Overall exposure level for musterd\.service: ([0-9.]+)", told.out)
        self.assertTrue(exposure, told.out + told.err)
        print(f"\nexposure {exposure[1]}")
        self.assertLessEqual(float(exposure[1]), MOST_EXPOSED, told.out)


if __name__ == "__main__":
    unittest.main()
