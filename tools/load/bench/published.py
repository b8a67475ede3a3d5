"""What a change costs in process, what an instance weighs without its names and what reading a large state costs, as the
micro benchmarks publish_bench and mesos_state_bench tell it; they are a build of their own (preset bench)."""
import json
import os
import subprocess

from . import process
from .judge import Range

ROUNDS = 3
CHANGE = "weight_change/100000/3"
MEMORY = "registry_memory/333334/3/iterations:1"
STATE = "mesos_state/{running}/{ended}/iterations:1/manual_time"


def is_built(program):
    return os.access(program, os.X_OK)


def _measure(program, cpu, name, *more):
    done = subprocess.run(["taskset", "-c", cpu, program, f"--benchmark_filter=^{name}$", "--benchmark_format=json", *more],
                          capture_output=True, text=True)
    if done.returncode != 0:
        raise process.Failed(f"{os.path.basename(program)}: {done.stderr.strip()[-500:]}")
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


class StateRead:
    """A /master/state of 60,000 tasks, of which so many run; the others have ended. By the number that run: CPU, octets
    of the document, of the state that is made of it, and of what reading needs besides."""

    TASKS, RUNNING = 60_000, (10_000, 60_000)
    FIGURES = ("real_time", "octets", "kept_octets", "own_octets")

    def __init__(self, program, cpu):
        self._program, self._cpu = program, cpu
        self.rows = {}

    def run(self):
        for running in self.RUNNING:
            name = STATE.format(running=running, ended=self.TASKS - running)
            found = [_measure(self._program, self._cpu, name)[0] for _ in range(ROUNDS)]
            self.rows[running] = {figure: Range(one[figure] for one in found) for figure in self.FIGURES} | {
                "megabytes": Range((one["kept_octets"] + one["own_octets"]) / 1e6 for one in found)}

    def figure(self, running, name):
        return self.rows[running][name] if running in self.rows else None

    def text(self):
        def words(running):
            row = self.rows[running]
            return (f"{running:,} of {self.TASKS:,} tasks running, {row['octets'].median / 1e6:.0f} MB: {row['real_time'].text(0)} ms of "
                    f"CPU, {row['megabytes'].text(1)} MB, of which {row['kept_octets'].median / 1e6:.1f} are what is known then")
        return "Reading /master/state: " + "; ".join(words(running) for running in self.rows) + "."
