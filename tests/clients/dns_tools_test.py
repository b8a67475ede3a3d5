"""dig, host, drill, delv and kdig: each asks for addresses, SRV, a missing type and a missing name; 60 records; AXFR."""
import node

node.enter()

import re  # noqa: E402  inside from here on
import unittest  # noqa: E402

TOOLS = {"dig": "bind9-dnsutils", "host": "bind9-host", "delv": "bind9-dnsutils", "drill": "ldnsutils", "kdig": "knot-dnsutils"}


class DnsTools(node.Node):
    MANY = 60

    @classmethod
    def setUpClass(cls):
        for tool, package in TOOLS.items():
            node.need(tool, package, tool)
        for tool, version in (("dig", "-v"), ("host", "-V"), ("delv", "-v"), ("drill", "-v"), ("kdig", "-V")):
            done = node.run(tool, version)
            node.tried(tool, done.out + done.err)

    def ask(self, tool, name, kind, at="127.0.0.1", port="5300"):
        """What it prints when asked for a name of ours."""
        place = {"dig": [f"@{at}", "-p", port, "+time=10", "+tries=1"], "delv": [f"@{at}", "-p", port, "-i"],
                 "host": ["-p", port, "-W", "10", "-R", "0"], "drill": [f"@{at}", "-p", port, "-a"],
                 "kdig": [f"@{at}", "-p", port, "+time=10", "+retry=0"]}[tool]
        name = f"{name}.svc.internal"
        done = node.run(tool, *place, *(["-t", kind, name, at] if tool == "host" else [name, kind]))
        return done.out + done.err

    def records(self, *words):
        """The data of the SRV records in what it prints."""
        return sorted(re.findall(r"(?:\sSRV|SRV record)\s+(\d+ \d+ \d+ \S+)\.", self.ask(*words)))

    def addresses(self, tool):
        return sorted(re.findall(r"10\.1\.0\.\d", self.ask(tool, "web", "A")))

    def test_every_tool(self):
        for tool in TOOLS:
            with self.subTest(tool=tool):
                self.assertEqual(self.records(tool, "_web._tcp", "SRV"), node.WEB_SRV)
                self.assertEqual(len(self.records(tool, "_many._tcp", "SRV")), 60)
                self.assertRegex(self.ask(tool, "nobody", "A"), "(?i)nxdomain")
                self.assertNotRegex(self.ask(tool, "web", "AAAA"), "(?i)nxdomain")
                self.sees_changes(lambda: self.addresses(tool))

    def test_host_without_a_type(self):
        """It asks for A, AAAA and MX, and believes an NXDOMAIN of any."""
        def host():
            said = node.run("host", "web.svc.internal").out
            return sorted(re.findall(r"10\.1\.0\.\d", said)), "not found" in said

        self.assertEqual(self.behind_proxy("nodata-is-nxdomain", host), ((node.WEB, False), (node.WEB, True)))

    def test_axfr_is_for_secondaries(self):
        self.assertIn("REFUSED", node.run("host", "-l", "svc.internal").out)
        self.assertIn("Transfer failed", node.run("dig", "svc.internal", "AXFR").out)

    def test_what_they_need(self):
        for tool in TOOLS:
            for way in ("no-tcp", "no-tc"):
                with self.subTest(tool=tool, way=way):
                    whole, broken = self.behind_proxy(way, lambda: self.records(tool, "_many._tcp", "SRV", node.PROXY, "53"))
                    self.assertEqual((len(whole), len(broken)), (60, 0))


if __name__ == "__main__":
    unittest.main()
