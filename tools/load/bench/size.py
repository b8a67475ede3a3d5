"""Memory, load time and restart: what a million services weigh and how soon they answer."""
import os
import tempfile
import time

from . import process, servers, workload
from .judge import LEAST_ROUNDS, Range, number
from .tables import table
from .writes import Musterd, settle


class ZoneSize:
    """A master file of N services in each server: memory per record over an empty start, and load time."""

    def __init__(self, options, services):
        self._options, self.services, self.fleet = options, services, workload.Fleet(services)
        self.rows = {}
        self.raised = {}
        self.failures = []

    def run(self):
        with tempfile.TemporaryDirectory(prefix="muster-bench-") as folder:
            small, large = (os.path.join(folder, part) for part in ("small", "large"))
            os.makedirs(small)
            os.makedirs(large)
            small = workload.write_zones(small, workload.Fleet(1))
            large = workload.write_zones(large, self.fleet)
            for name in self._options.servers:
                if name == "limit" or name == "musterd-zone":
                    continue
                try:
                    empty = self._load(name, os.path.join(folder, name + "-1"), small, workload.Fleet(1))
                    full = self._load(name, os.path.join(folder, name + "-n"), large, self.fleet)
                except (process.Failed, OSError) as failure:
                    self.failures.append(str(failure))
                    continue
                self.rows[name] = {
                    "octets_per_record": (full["resident"] - empty["resident"]) / workload.records(self.fleet),
                    **full}

    def _load(self, name, folder, zones, fleet):
        server = servers.create(name, folder, self._options, fleet)
        try:
            server.serve(zones, fleet.services)
            time.sleep(1.0)
            return {"resident": server.process.resident_octets(), "start_s": server.start_seconds,
                    "cpu_s": server.load_cpu_seconds}
        finally:
            server.stop()

    def figure(self, key, name="musterd"):
        return Range([self.rows[name][key]]) if name in self.rows else None

    def text(self):
        rows = [[name, number(row["resident"] / 2**20, 0), number(row["octets_per_record"], 1),
                 number(row["start_s"]), number(row["cpu_s"])] for name, row in self.rows.items()]
        return table([f"master file, {self.services:,} services, {workload.records(self.fleet):,} records",
                      "memory MiB", "octets a record", "first answer s", "CPU s"], rows)


class RegistrySize:
    """Instances with one address, one port and three tags: memory each, and restart from the store."""

    def __init__(self, options, instances):
        self._options, self.instances = options, instances
        self.octets = self.restarts = self.restart_cpu = None
        self.raised = {}

    @property
    def services(self):
        return self.instances // 3

    def run(self):
        with Musterd(self._options, workload.Fleet(0)) as idle:
            empty = idle.process.resident_octets()
        with Musterd(self._options, workload.Fleet(self.services), "sqlite", tags=3) as server:
            self.raised = server.raised
            settle(server.process)
            self.octets = Range([(server.process.resident_octets() - empty) / (self.services * 3)])
            times, cpu = [], []
            # Nothing else runs meanwhile, and a start works on two threads.
            server.cpu = f"{self._options.server_cpu},{self._options.generator_cpu}"
            for _ in range(max(LEAST_ROUNDS, self._options.rounds)):
                server.restart_after_kill(self.services - 1)
                times.append(server.start_seconds)
                cpu.append(server.load_cpu_seconds)
            self.restarts, self.restart_cpu = Range(times), Range(cpu)

    def text(self):
        return (f"{self.services * 3:,} instances in the registry (one address, one port, three tags; with all their "
                f"names in DNS, store sqlite): {self.octets.text(0)} octets an instance; after SIGKILL the first "
                f"right answer came {self.restarts.text()} s after the start on both cores, for {self.restart_cpu.text()} s of CPU.")
