"""What clients make of weights: shares of many connections, by glibc's getaddrinfo and by an HAProxy that reads SRV.

It takes place in network and mount namespaces of its own: there musterd has port 53, the resolv.conf is ours, and whole
subnets are on the loopback device, so that addresses in the client's own subnet and elsewhere can be connected to."""
import contextlib
import json
import os
import socket
import subprocess
import sys
import tempfile
import time

from . import process, servers, workload
from .crowd import Crowd, greeted
from .judge import Range
from .tables import table

WEIGHTS = (60, 30, 10)
CONNECTIONS = 10_000
CRITICAL = 27.6  # of chi-square, two degrees of freedom: beyond it in one of a million
PATIENCE = 10  # seconds
LOAD = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
# The client is 10.0.0.1 and 2001:db8::1. The heavier an instance, the fewer leading bits it has in common with it.
NEAR = ("10.0.0.200", "10.0.0.100", "10.0.0.3")
FAR = ("203.0.113.200", "203.0.113.100", "203.0.113.3")
SIX = ("2001:db8:9:8000::1", "2001:db8:9::1", "2001:db8:0:9::1")
NETWORK = ("link set lo up", "address add 10.0.0.1/24 dev lo", "route add local 203.0.113.0/24 dev lo src 10.0.0.1",
           "-6 address add 2001:db8::1/64 dev lo nodad", "-6 route add local 2001:db8::/32 dev lo")
FILES = {"/etc/resolv.conf": "nameserver 127.0.0.1\n", "/etc/nsswitch.conf": "hosts: dns\n",
         "/etc/gai.conf": "# as it is built\n"}


class Case:
    """`holds`: whether the shares are to be the weights."""

    def __init__(self, service, client, where, addresses, keys, holds):
        self.service, self.client, self.where, self.addresses = service, client, where, addresses
        self.keys, self.holds = keys, holds

    @property
    def text(self):
        return f"{self.client}, {self.where}, {self.keys}"


GLIBC, HAPROXY = "getaddrinfo", "HAProxy"
DEFAULT, WEIGHTED, ONE = 'policy = "weighted-failover"', 'policy = "weighted"', "answers = 1"
CASES = (
    Case("far", GLIBC, "other subnet", FAR, DEFAULT, True),
    Case("near", GLIBC, "own subnet", NEAR, DEFAULT, False),
    Case("near-weighted", GLIBC, "own subnet", NEAR, WEIGHTED, True),
    Case("near-one", GLIBC, "own subnet", NEAR, ONE, True),
    Case("six", GLIBC, "IPv6", SIX, DEFAULT, False),
    Case("six-one", GLIBC, "IPv6", SIX, ONE, True),
    Case("plain", HAPROXY, "own subnet", NEAR, "srv_weight_scale = 1", False),
    Case("scaled", HAPROXY, "own subnet", NEAR, "srv_weight_scale = 256", True),
)


class Served(servers.Musterd):
    def __init__(self, folder, options, port):
        fleet = workload.Fleet(len(CASES), len(WEIGHTS))
        super().__init__("musterd", folder, options.server_cpu, options.binaries, fleet)
        self.port, self._backends = 53, port

    def begin(self):
        text = ""
        for case in CASES:
            members = [(address, self._backends, weight) for address, weight in zip(case.addresses, WEIGHTS)]
            text += f"{workload.static(case.service, members)}[service.{case.service}]\n{case.keys}\n"
        self.start_with(text)
        self._await(f"gone.{workload.DOMAIN}", self.denied, PATIENCE)


class HaProxy:
    """A proxy that knows the service's instances and weights from its SRV records."""

    def __init__(self, folder, cpu, service):
        self.port = process.free_port()
        path = os.path.join(folder, f"haproxy-{service}.cfg")
        with open(path, "w") as out:
            out.write(f"""
global
    nbthread 1
defaults
    mode tcp
    timeout connect 5s
    timeout client 5s
    timeout server 5s
resolvers muster
    nameserver muster 127.0.0.1:53
    accepted_payload_size 8192
    hold obsolete 0s
    hold valid 1s
listen {service}
    bind 127.0.0.1:{self.port}
    balance roundrobin
    server-template i 5 _{service}._tcp.{workload.DOMAIN} resolvers muster resolve-prefer ipv4 init-addr none
""")
        self._process = process.Process([servers.path_of("haproxy"), "-db", "-f", path], path + ".log", cpu)

    def await_all(self, addresses):
        until, met = time.monotonic() + PATIENCE, set()
        while met != set(addresses):
            if time.monotonic() > until:
                raise process.Failed(f"haproxy knows {met} only: {self._process.log_tail()}")
            with contextlib.suppress(OSError):
                met.add(greeted(("127.0.0.1", self.port)))
            met.discard("")

    def stop(self):
        self._process.stop()


def apart():
    """The command that runs another in namespaces of its own."""
    words = ["--user", "--map-root-user"] if os.getuid() else []
    return ["unshare", *words, "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]


def count(binaries, server_cpu, generator_cpu, connections):
    """By service, how many of the connections each of its instances got."""
    told = {"binaries": os.path.abspath(binaries), "server_cpu": server_cpu, "generator_cpu": generator_cpu,
            "connections": connections}
    done = subprocess.run([*apart(), sys.executable, "-B", "-m", "bench.shares", json.dumps(told)], cwd=LOAD,
                          capture_output=True, text=True)
    if done.returncode != 0:
        raise process.Failed(f"in namespaces (root, or user namespaces): {done.stderr.strip()[-500:]}")
    return json.loads(done.stdout)


class Shares:
    def __init__(self, options):
        self.options = options
        self.found = {case.service: [] for case in CASES}  # rounds of counts
        self.warnings = []

    def run(self):
        options = self.options
        for _ in range(options.rounds):
            counted = count(options.binaries, options.server_cpu, options.generator_cpu, CONNECTIONS)
            for service, counts in counted.items():
                self.found[service].append(counts)
        if not self.found["scaled"]:
            self.warnings.append("haproxy is not installed")

    def shares(self, case, number):
        return Range(100 * counts[number] / sum(counts) for counts in self.found[case.service])

    def deviation(self, case):
        """Chi-square of each round against the weights."""
        return Range(chi_square(counts) for counts in self.found[case.service]) if self.found[case.service] else None

    def text(self):
        rows = [[case.client, case.where, f"`{case.keys}`",
                 *(self.shares(case, number).text(1) for number in range(len(WEIGHTS))), self.deviation(case).text(1)]
                for case in CASES if self.found[case.service]]
        head = ["client", "instances in", "setting", *(f"of weight {weight}: %" for weight in WEIGHTS), "χ²"]
        return (f"{CONNECTIONS:,} connections each, every one to the first address that getaddrinfo gives, or through "
                "an HAProxy that knows the servers by SRV. Chi-square against the weights; chance stays below "
                f"{CRITICAL} but for once in a million.\n\n{table(head, rows)}")


def chi_square(counts):
    expected = [sum(counts) * weight / sum(WEIGHTS) for weight in WEIGHTS]
    return sum((count - wanted) ** 2 / wanted for count, wanted in zip(counts, expected, strict=True))


class _Options:
    def __init__(self, told):
        self.__dict__.update(told)


def _prepare(folder):
    for words in NETWORK:
        subprocess.run(["ip", *words.split()], check=True)
    for path, text in FILES.items():
        if os.path.exists(path):
            ours = os.path.join(folder, os.path.basename(path))
            with open(ours, "w") as out:
                out.write(text)
            subprocess.run(["mount", "--bind", ours, os.path.realpath(path)], check=True)


def _by_getaddrinfo(case, port, connections):
    """As a simple client does: asks anew each time, and takes the first."""
    for _ in range(connections):
        yield greeted(socket.getaddrinfo(f"{case.service}.{workload.DOMAIN}", port, type=socket.SOCK_STREAM)[0][4][:2])


def _by_haproxy(case, folder, options):
    proxy = HaProxy(folder, options.generator_cpu, case.service)
    try:
        proxy.await_all(case.addresses)
        for _ in range(options.connections):
            yield greeted(("127.0.0.1", proxy.port))
    finally:
        proxy.stop()


def inside(options):
    """The counts by service, each instance's; called within the namespaces."""
    found = {}
    with tempfile.TemporaryDirectory(prefix="muster-bench-") as folder:
        _prepare(folder)
        cpus = {int(cpu) for cpu in options.generator_cpu.split(",")}
        with Crowd(cpus, greets=True, family=socket.AF_INET6, port=process.free_port()) as crowd:
            server = Served(os.path.join(folder, "musterd"), options, crowd.port)
            try:
                server.begin()
                for case in CASES:
                    if case.client == HAPROXY and not servers.path_of("haproxy"):
                        continue
                    if case.client == GLIBC:
                        met = _by_getaddrinfo(case, crowd.port, options.connections)
                    else:
                        met = _by_haproxy(case, folder, options)
                    counts = dict.fromkeys(case.addresses, 0)
                    for address in met:
                        counts[address] += 1
                    found[case.service] = list(counts.values())
            finally:
                server.stop()
    return found


if __name__ == "__main__":
    print(json.dumps(inside(_Options(json.loads(sys.argv[1])))))
