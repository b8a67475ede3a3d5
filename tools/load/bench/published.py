"""What a change costs in process, as the micro benchmark publish_bench tells it; that is a build of its own (preset
bench)."""
import json
import os
import subprocess

from . import process
from .judge import Range

ROUNDS = 3
CHANGE = "weight_change/100000/3"


class Published:
    """One change a batch at 100,000 services: applied, then published."""

    def __init__(self, program, cpu):
        self._program, self._cpu = program, cpu
        self.rate = None

    @property
    def is_built(self):
        return os.access(self._program, os.X_OK)

    def run(self):
        done = subprocess.run(["taskset", "-c", self._cpu, self._program, f"--benchmark_filter=^{CHANGE}$",
                               f"--benchmark_repetitions={ROUNDS}", "--benchmark_min_time=0.2", "--benchmark_format=json"],
                              capture_output=True, text=True)
        if done.returncode != 0:
            raise process.Failed(f"publish_bench: {done.stderr.strip()[-500:]}")
        self.read(json.loads(done.stdout))

    def read(self, report):
        self.rate = Range(one["items_per_second"] for one in report["benchmarks"] if one["run_type"] == "iteration")

    def text(self):
        return f"In process, applied and published one by one: {self.rate.text(0)} changes a second."
