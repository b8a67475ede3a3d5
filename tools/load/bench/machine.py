"""What the machine is and how busy it was with other things."""
import os
import platform
import resource
import time


def _first_line(path, prefix=""):
    try:
        with open(path) as lines:
            for line in lines:
                if line.startswith(prefix):
                    return line.split(":", 1)[-1].strip() if prefix else line.strip()
    except OSError:
        pass
    return ""


def facts():
    memory_kib = int(_first_line("/proc/meminfo", "MemTotal").split()[0])
    return {
        "date": time.strftime("%Y-%m-%d %H:%M %Z"),
        "cpu": _first_line("/proc/cpuinfo", "model name") or platform.processor(),
        "cores": os.cpu_count(),
        "memory_gib": round(memory_kib / 2**20, 1),
        "kernel": platform.release(),
        "governor": _first_line("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor") or "not readable",
        "load_average": [round(x, 2) for x in os.getloadavg()],
    }


def _busy_seconds():
    with open("/proc/stat") as stat:
        fields = [int(x) for x in stat.readline().split()[1:9]]
    return (sum(fields) - fields[3] - fields[4]) / os.sysconf("SC_CLK_TCK")


def _own_seconds():
    total = 0.0
    for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN):
        usage = resource.getrusage(who)
        total += usage.ru_utime + usage.ru_stime
    return total


class Elsewhere:
    """The share of the machine that others used between the start and share(): everything busy, less us and
    the processes we started and have reaped."""

    def __init__(self):
        self._start = (time.monotonic(), _busy_seconds(), _own_seconds())

    def share(self):
        wall, busy, own = (now - then for now, then in
                           zip((time.monotonic(), _busy_seconds(), _own_seconds()), self._start))
        return max(0.0, (busy - own) / (wall * os.cpu_count()))
