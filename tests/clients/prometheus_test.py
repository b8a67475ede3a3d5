"""Prometheus: targets by SRV, by A and by HTTP, as its own /api/v1/targets shows them."""
import node

node.enter()

import json  # noqa: E402  inside from here on
import unittest  # noqa: E402

import web  # noqa: E402
from node import wait_until  # noqa: E402

AT = "127.0.0.1:9090"
MANY = """\
  - job_name: many
    dns_sd_configs:
      - names: [_many._tcp.svc.internal]
        refresh_interval: 1s
  - job_name: many-by-address
    dns_sd_configs:
      - names: [many.svc.internal]
        type: A
        port: 9100
        refresh_interval: 1s
"""
JOBS = {"services": "10.1.0.{}:9100", "web": "i{}.web.svc.internal:9100", "web-by-address": "10.1.0.{}:9100"}
LABELS = {
    "services": {"service": "web", "instance": "i1", "__meta_muster_service": "web", "__meta_muster_instance": "i1",
                 "__meta_muster_tag_az": "a"},
    "web": {"instance": "i1", "__meta_dns_name": "_metrics._tcp.web.svc.internal",
            "__meta_dns_srv_record_target": "i1.web.svc.internal.", "__meta_dns_srv_record_port": "9100"}}


class Prometheus(node.Node):
    MORE = '[zones]\nttl = "1s"\n[service.many]\nudp_fit = "truncate"\n'
    MANY = 100  # addresses of which 74 have room in a datagram
    INSTANCES = {}

    @classmethod
    def setUpClass(cls):
        cls.program = node.need("Prometheus", "prometheus", "prometheus")
        node.tried("Prometheus", node.version_of("prometheus"))

    def setUp(self):
        super().setUp()
        for number in (1, 2):
            self.join(number)

    def join(self, number):
        self.musterd.register("web", f"i{number}", {
            "address": f"10.1.0.{number}", "lease": "600s", "tags": {"az": "a"},
            "ports": [{"name": "http", "port": 8080}, {"name": "metrics", "port": 9100}]})

    def begin_prometheus(self, *jobs):
        conf = "scrape_configs:\n" + "".join(job.removeprefix("scrape_configs:\n") for job in jobs)
        conf = self.write("prometheus.yml", conf.replace("refresh_interval: 5s", "refresh_interval: 1s"))
        self.background("prometheus", [self.program, f"--config.file={conf}", f"--storage.tsdb.path={self.folder}/data",
                                       f"--web.listen-address={AT}"])
        wait_until("it is ready", lambda: (web.get(f"http://{AT}/-/ready") or [0])[0] == 200)

    def targets(self, job):
        """The labels of each target, those that it was found with among them."""
        known = json.loads(web.get(f"http://{AT}/api/v1/targets?state=active")[1])["data"]["activeTargets"]
        return [target["discoveredLabels"] | target["labels"] for target in known if target["labels"]["job"] == job]

    def addresses(self, job):
        return {target["__address__"] for target in self.targets(job)}

    def test_targets_join_and_leave(self):
        """Every way at once, since Prometheus takes changes of targets every five seconds only."""
        proxy = self.proxy("no-tcp")
        self.resolv(f"nameserver {node.PROXY}\n")
        self.begin_prometheus(node.snippet("clients.md", "Prometheus"), node.snippet("clients.md", "By DNS"), MANY)

        def everywhere(*numbers):
            return all(self.addresses(job) == {address.format(number) for number in numbers} for job, address in JOBS.items())

        wait_until("both are targets", lambda: everywhere(1, 2))
        wait_until("it has asked in vain for the many", lambda: proxy.asked.count("tcp") > 1)
        self.assertEqual(self.targets("many") + self.targets("many-by-address"), [])
        for job, labels in LABELS.items():
            found = min(self.targets(job), key=lambda target: target["__address__"])
            self.assertEqual(found | labels, found)

        proxy.ways = set()
        self.join(3)
        self.deregister("web", "i1")
        wait_until("the third joins and the first leaves", lambda: everywhere(2, 3))
        wait_until("the many, over TCP", lambda: len(self.targets("many")) == len(self.targets("many-by-address")) == 100)
        self.deregister("web", "i2")
        self.deregister("web", "i3")
        wait_until("nobody is left", everywhere)


if __name__ == "__main__":
    unittest.main()
