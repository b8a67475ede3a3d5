"""Runs the commands of the page for those who come from Mesos-DNS, against a simulated master: its configuration is
translated, the result runs, and every command prints what the page promises.
"""

import json
import unittest

import mesos_master as mesos
from docs_test import FREE_PORTS, Page, commands
from harness import BIN, another_address, run, wait_until

PAGE = "docs/howto/mesos-dns.md"
THEIRS = "/etc/mesos-dns/config.json"  # which the page names; a test has its own
# Commands whose programs cannot run in a test, and why.
NOT_RUN = {}


class FromMesosDns(Page):
    def setUp(self):
        super().setUp()
        cluster = mesos.Cluster()
        marathon = cluster.add_framework("marathon")
        marathon.tasks["web.aaa"] = mesos.Task("web.aaa", "web", list(cluster.agents)[0], ports=[31000])
        self.master = mesos.Master(cluster, another_address(1), streams=False)
        self.addCleanup(self.master.close)
        self.config = self.write("config.json", json.dumps(
            {"masters": [self.master.address], "refreshSeconds": 1, "domain": "mesos", "resolvers": ["192.0.2.53"]}))

    def mine(self, command):
        return command.replace(THEIRS, str(self.config))

    def test_every_command(self):
        translate, check, start, *said = [one for one in commands(PAGE) if one not in NOT_RUN]
        self.assertEqual(len(said) + 3 + len(NOT_RUN), len(commands(PAGE)), "each is run, or is named above")
        self.assertEqual(translate, f"muster import mesos-dns {THEIRS} > musterd.toml")
        self.assertEqual(check, "musterd --check-config musterd.toml")
        for command in (translate, check):
            done = run("bash", "-c", f"export PATH={BIN}:$PATH; {self.mine(command)}", cwd=self.folder)
            self.assertEqual(done.status, 0, done.err)
        self.assertIn(f'masters = ["http://{self.master.address}"]', (self.folder / "musterd.toml").read_text())

        words = self.mine(start).replace("'", "").split()
        self.assertEqual(words[:3], ["musterd", "--mesos-dns-config", str(self.config)])
        self.assertEqual(words[3:], ["--set", 'dns.listen=["127.0.0.1:5300"]', "--set", 'http.listen=["127.0.0.1:8053"]'])
        server = self.begin(*words[1:3], *FREE_PORTS).ready()
        wait_until("the names", lambda: server.dig("web.marathon.mesos").data() == ["10.0.1.10"])

        at = "@127.0.0.1 -p 5300 +short"
        http, leader = "http://127.0.0.1:8053", self.master.address.split(":")[0]
        self.walk(server, [
            (f"dig {at} leader.mesos", rf"^{leader}\n$"),
            (f"dig {at} web.marathon.mesos", r"^10\.0\.1\.10\n$"),
            (f"dig {at} _web._tcp.marathon.mesos SRV", r"^0 1 31000 web-5quyu-s0\.marathon\.slave\.mesos\.\n$"),
            (f"curl {http}/v1/services/_web._tcp.marathon.mesos", r'"host":"web-5quyu-s0\.marathon\.slave\.mesos\.".*"port":"31000"'),
            (f"curl {http}/api/v1/sources", r'"name":"mesos","type":"mesos","state":"live"'),
            ("muster source list", r"(?m)^mesos +mesos +live +poll +"),
            ("muster source show mesos", rf"(?m)^leader: {leader}:\d+$"),
            ("muster source resync mesos", r"^mesos: asks for everything now \(held: 0\)"),
            ("muster source accept mesos", r"^mesos: what it held is given up \(held: 0\)"),
        ], said)


if __name__ == "__main__":
    unittest.main()
