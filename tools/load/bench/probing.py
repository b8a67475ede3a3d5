"""What watching a thousand instances costs, each looked at every second; and how soon DNS shows what musterd has come
to know while it looks: by a reply that fails, by a report, by the operator."""
import contextlib
import http.client
import json
import os
import socket
import struct
import tempfile
import time
from statistics import quantiles

from . import process, servers, wire, workload
from .crowd import Crowd
from .judge import Range
from .tables import table

SERVICES, MEMBERS = 250, 4
WINDOW = 30  # seconds; a round's
SETTLE = 3  # so that each has been looked at, and none is new
EVENTS = 500  # of each kind, a round
CHANGING = 40  # backends that are failing or coming back at a time
PATIENCE = 5
COUNTER = "muster_health_probes_total"
CHECKS = {"http": 'type = "http", path = "/"', "tcp": 'type = "tcp"'}
KEYS = """mark_as_timedout = { retries_before_suspend = 0 }
suspend_on_failure = { initial_duration = "1s", maximum_duration = "1s" }
max_suspended_percent = { checks = 100, reports = 100 }
"""
WAYS = ("a reply that fails", "a reply that is well again", "a report", "the operator: down", "the operator: auto")


def address(service, member):
    number = service * MEMBERS + member
    return f"127.78.{number // 250}.{number % 250 + 1}"


class Watching(servers.Musterd):
    def __init__(self, name, folder, options, check, port):
        super().__init__(name, folder, options.server_cpu, options.binaries, workload.Fleet(SERVICES, MEMBERS))
        self._check, self._port = check, port

    def begin(self):
        text = "".join(
            workload.static(f"web-{service}", [(address(service, member), self._port, 1) for member in range(MEMBERS)])
            for service in range(SERVICES))
        looked = f'check = [{{ {self._check}, interval = "1s", timeout = "500ms" }}]\n' if self._check else ""
        self.start_with(f'{text}[service."*"]\n{KEYS}{looked}')
        self._await(f"gone.{workload.DOMAIN}", self.denied, PATIENCE)
        at = [(service, member) for service in range(SERVICES) for member in range(MEMBERS)]
        with Asker(self.port) as asker:
            until = time.monotonic() + PATIENCE
            while at:
                at = [one for one in at if not asker.shows(*one)]
                if time.monotonic() > until or not self.process.alive():
                    raise process.Failed(f"{self.name}: {len(at)} are not served: {self.process.log_tail()}")
        time.sleep(SETTLE)

    def looks(self):
        """Probes that have ended since the start."""
        connection = http.client.HTTPConnection("127.0.0.1", self.http_port, timeout=PATIENCE)
        with contextlib.closing(connection):
            connection.request("GET", "/metrics")
            page = connection.getresponse().read().decode()
        return sum(float(line.split()[-1]) for line in page.splitlines() if line.startswith(COUNTER))


class Asker:
    """Asks whether an instance is among the answers of its service."""

    def __init__(self, port):
        self._udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._udp.connect(("127.0.0.1", port))
        self._udp.settimeout(1)
        self._ident = 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._udp.close()

    def shows(self, service, member):
        self._ident = self._ident % 65535 + 1
        self._udp.send(wire.query(f"web-{service}.{workload.DOMAIN}", wire.A, ident=self._ident))
        reply = self._udp.recv(4096)
        while reply[:2] != struct.pack("!H", self._ident):
            reply = self._udp.recv(4096)
        return b"\0\4" + socket.inet_aton(address(service, member)) in reply[12:]

    def until(self, service, member, wanted, since):
        """Seconds since then until it is there, or is there no longer."""
        while self.shows(service, member) != wanted:
            if time.monotonic() > since + PATIENCE:
                raise process.Failed(f"web-{service}/i{member} not within {PATIENCE} s: {wanted}")
        return time.monotonic() - since


class Probing:
    def __init__(self, options):
        self.options = options
        self.cores, self.rates = {}, {}  # percent of a core, looks a second, by kind of check
        self.seen = {way: [] for way in WAYS}  # rounds of seconds
        self.loads = []

    def run(self):
        cpus = {int(cpu) for cpu in self.options.generator_cpu.split(",")}
        with (tempfile.TemporaryDirectory(prefix="muster-bench-") as folder,
              Crowd(cpus, port=process.free_port()) as crowd):
            for _ in range(self.options.rounds):
                for name, check in (("none", None), *CHECKS.items()):
                    self._watch(folder, crowd, name, check)
                self.loads.append(os.getloadavg()[0])

    def _watch(self, folder, crowd, name, check):
        server = Watching(f"musterd, {name}", os.path.join(folder, name), self.options, check, crowd.port)
        try:
            server.begin()
            looks, cpu, began = server.looks(), server.process.cpu_seconds(), time.monotonic()
            time.sleep(WINDOW)
            took = time.monotonic() - began
            self.cores.setdefault(name, []).append(100 * (server.process.cpu_seconds() - cpu) / took)
            self.rates.setdefault(name, []).append((server.looks() - looks) / took)
            if name == "http":
                self._learn(server, crowd)
        finally:
            server.stop()

    def _learn(self, server, crowd):
        api = http.client.HTTPConnection("127.0.0.1", server.http_port)
        with Asker(server.port) as asker, contextlib.closing(api):
            for way, times in self._flip(crowd, asker).items():
                self.seen[way].append(times)
            order = [(number % SERVICES, number // SERVICES) for number in range(EVENTS)]
            failed = {"result": "hard", "class": "refused", "reporter": "bench"}
            self.seen["a report"].append([self._say(api, asker, one, "report", failed, False) for one in order])
            time.sleep(2)  # whoever was reported is back
            down, auto = [], []
            for one in order:
                down.append(self._say(api, asker, one, "admin", {"mode": "down"}, False))
                auto.append(self._say(api, asker, one, "admin", {"mode": "auto"}, True))
            self.seen["the operator: down"].append(down)
            self.seen["the operator: auto"].append(auto)

    @staticmethod
    def _say(api, asker, one, what, said, wanted):
        """Seconds from sending it."""
        service, member = one
        if asker.shows(service, member) == wanted:
            raise process.Failed(f"web-{service}/i{member} is what {what} shall make it")
        sent = time.monotonic()
        api.request("PUT", f"/api/v1/services/web-{service}/instances/i{member}/{what}", json.dumps(said),
                    {"Content-Type": "application/json"})
        reply = api.getresponse()
        reply.read()
        if reply.status // 100 != 2:
            raise process.Failed(f"{what}: {reply.status}")
        return asker.until(service, member, wanted, sent)

    @staticmethod
    def _flip(crowd, asker):
        """Backends fail and come back, at most one of a service at a time."""
        found = {"a reply that fails": [], "a reply that is well again": []}
        left = [(number % SERVICES, number // SERVICES) for number in range(EVENTS)]
        changing = {}

        def next_fails():
            if left:
                one = left.pop(0)
                changing[address(*one)] = (one, 503)
                crowd.tell(address(*one), 503)

        for _ in range(CHANGING):
            next_fails()
        while changing:
            told = crowd.told(PATIENCE)
            if told is None:
                raise process.Failed(f"no probe of {len(changing)} within {PATIENCE} s")
            where, status, sent = told
            if where not in changing or changing[where][1] != status:
                continue  # said once more
            one = changing[where][0]
            if status == 503:
                found["a reply that fails"].append(asker.until(*one, False, sent))
                changing[where] = (one, 200)
                crowd.tell(where, 200)
            else:
                found["a reply that is well again"].append(asker.until(*one, True, sent))
                del changing[where]
                next_fails()
        return found

    def core(self, name):
        return Range(self.cores[name]) if name in self.cores else None

    def percentile(self, way, percent):
        """Of each round, in ms."""
        rounds = self.seen[way]
        return Range(1000 * quantiles(times, n=100)[percent - 1] for times in rounds) if rounds else None

    def raw(self):
        return {"core_percent": self.cores, "looks_per_s": self.rates, "load_average": self.loads, "seen_s": self.seen}

    def text(self):
        many = f"{SERVICES * MEMBERS:,}"
        cost = [["none" if name == "none" else f"{name}, each every second", self.core(name).text(1),
                 Range(self.rates[name]).text(0)] for name in self.cores]
        seen = [[way, sum(len(times) for times in rounds), self.percentile(way, 50).text(),
                 self.percentile(way, 99).text(), Range(1000 * max(times) for times in rounds).text()]
                for way, rounds in self.seen.items()]
        return (f"{many} instances in {SERVICES} services, windows of {WINDOW} s; their backends are a process of its "
                f"own and not counted. Load average: {Range(self.loads).text(1)}.\n\n"
                + table([f"checks of {many} instances", "musterd, % of a core", "probes a second"], cost)
                + "\n\nWhile the HTTP probes go on: ms from the moment a backend replies, or the API is told, until "
                "DNS shows it.\n\n"
                + table(["what musterd comes to know", "events", "p50", "p99", "most"], seen))
