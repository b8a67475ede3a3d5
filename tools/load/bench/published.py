"""What a change costs in process and what an instance weighs without its names, as the micro benchmark publish_bench
tells it; that is a build of its own (preset bench)."""
import json
import os
import subprocess

from . import process
from .judge import Range

ROUNDS = 3
CHANGE = "weight_change/100000/3"
MEMORY = "registry_memory/333334/3/iterations:1"


def is_built(program):
    return os.access(program, os.X_OK)


def _measure(program, cpu, name, *more):
    done = subprocess.run(["taskset", "-c", cpu, program, f"--benchmark_filter=^{name}$", "--benchmark_format=json", *more],
                          capture_output=True, text=True)
    if done.returncode != 0:
        raise process.Failed(f"publish_bench: {done.stderr.strip()[-500:]}")
    return rounds(json.loads(done.stdout))


def rounds(report):
    """What the program measured, without what it made of it."""
    return [one for one in report["benchmarks"] if one["run_type"] == "iteration"]


class Published:
    """One change a batch at 100,000 services: applied, then published."""

    def __init__(self, program, cpu):
        self._program, self._cpu = program, cpu
        self.rate = None

    def run(self):
        self.rate = Range(one["items_per_second"] for one in _measure(
            self._program, self._cpu, CHANGE, f"--benchmark_repetitions={ROUNDS}", "--benchmark_min_time=0.2"))

    def text(self):
        return f"In process, applied and published one by one: {self.rate.text(0)} changes a second."


class RegistryAlone:
    """A million instances in the registry (one address, one port, three tags) and nothing of them in the zones."""

    def __init__(self, program, cpu):
        self._program, self._cpu = program, cpu
        self.octets = None

    def run(self):
        # A process each: what one has freed would hide what the next one needs.
        self.octets = Range(_measure(self._program, self._cpu, MEMORY)[0]["octets"] for _ in range(ROUNDS))

    def text(self):
        return (f"1,000,002 instances in the registry alone, without names: {self.octets.text(0)} octets an instance. "
                f"The rest of what an instance needs, here above, is its names.")
