"""Processes that the benchmark starts, pins, measures and ends: by id, and only its own."""
import json
import os
import signal
import socket
import subprocess
import time


class Failed(Exception):
    """A server or a load program did not do what it was asked for."""


def free_port():
    """A port free for UDP and TCP, below the ephemeral range, where no client socket can take it meanwhile."""
    with open("/proc/sys/net/ipv4/ip_local_port_range") as text:
        below = int(text.read().split()[0])
    for port in range(20000 + os.getpid() % 2000, below):
        if port not in _given and _bindable(port):
            _given.add(port)
            return port
    raise Failed("no free port below the ephemeral range")


_given = set()


def _bindable(port):
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
        with socket.socket(socket.AF_INET, kind) as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                return False
    return True


def await_listener(port, alive, seconds=10):
    """Until something accepts connections there."""
    until = time.monotonic() + seconds
    while time.monotonic() < until and alive():
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.01)
    raise Failed(f"nothing listens at port {port}")


class Process:
    """A server process with its children (NSD forks)."""

    def __init__(self, command, log, cpu):
        self._log = log
        self.started = time.monotonic()
        with open(log, "wb") as out:
            self._popen = subprocess.Popen(["taskset", "-c", cpu] + command, stdout=out, stderr=out,
                                           stdin=subprocess.DEVNULL, start_new_session=True)

    def alive(self):
        return self._popen.poll() is None

    def log_tail(self):
        with open(self._log, errors="replace") as text:
            return text.read()[-2000:]

    def pids(self):
        found, todo = [], [self._popen.pid]
        while todo:
            pid = todo.pop()
            found.append(pid)
            try:
                for task in os.listdir(f"/proc/{pid}/task"):
                    with open(f"/proc/{pid}/task/{task}/children") as children:
                        todo += [int(child) for child in children.read().split()]
            except OSError:
                pass
        return found

    def resident_octets(self):
        """RSS; of several processes the proportional share, because forks share pages."""
        pids = self.pids()
        key = "Rss:" if len(pids) == 1 else "Pss:"
        total = 0
        for pid in pids:
            with open(f"/proc/{pid}/smaps_rollup") as rollup:
                total += sum(int(line.split()[1]) * 1024 for line in rollup if line.startswith(key))
        return total

    def cpu_seconds(self):
        return sum(time.clock_gettime(~pid << 3 | 2) for pid in self.pids())

    def written_octets(self):
        with open(f"/proc/{self._popen.pid}/io") as io:
            return next(int(line.split()[1]) for line in io if line.startswith("write_bytes"))

    def kill(self):
        self._end(signal.SIGKILL)

    def stop(self):
        self._end(signal.SIGTERM)

    def _end(self, how):
        if not self.alive():
            return
        pids = self.pids()
        self._popen.send_signal(how)
        try:
            self._popen.wait(20)
        except subprocess.TimeoutExpired:
            for pid in pids:
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass
            self._popen.wait(20)


class Load:
    """One of the load programs while it runs; result() waits for its end and returns what it printed."""

    def __init__(self, program, cpu, **options):
        self._name = os.path.basename(program)
        self._popen = subprocess.Popen(_command(program, cpu, options), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                       text=True)

    def result(self, seconds=900):
        try:
            out, complaint = self._popen.communicate(timeout=seconds)
        except BaseException:
            self._popen.kill()
            self._popen.communicate()
            raise
        if self._popen.returncode != 0:
            raise Failed(f"{self._name}: {complaint.strip()}")
        result = json.loads(out)
        if complaint:
            result["complaint"] = complaint.strip()[:500]
        return result


def run_load(program, cpu, **options):
    """Runs one of the load programs and returns what it printed."""
    return Load(program, cpu, **options).result()


def _command(program, cpu, options):
    command = ["taskset", "-c", cpu, program]
    for name, value in options.items():
        flag = "--" + name.replace("_", "-")
        if value is True:
            command.append(flag)
        elif isinstance(value, (list, tuple)):
            command += [flag] + [str(v) for v in value]
        elif value is not False and value is not None:
            command += [flag, str(value)]
    return command
