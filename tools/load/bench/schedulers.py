"""What a scheduler's cluster costs: a poll, a task more, the memory."""
import contextlib
import json
import statistics
import tempfile
import threading
import time
import urllib.request

from . import cluster, process, servers, wire, workload
from .judge import Range
from .tables import table


class Schedulers:
    """10,000 tasks on 400 agents, told by a simulated Mesos master and by a simulated Marathon, each with a musterd of its
    own."""

    APPS, TASKS, AGENTS = 500, 20, 400
    ROUNDS, POLLS, PROBES = 5, 5, 20
    STORM = 100  # events a second about other apps
    STARTS, SETTLED = 3, 7  # seconds after which musterd has given back what reading the cluster took

    def __init__(self, options):
        self._options = options
        self.rows = {}  # by label and figure: values of the rounds
        self.octets = {}

    def run(self):
        with contextlib.ExitStack() as running:
            mesos, polled = self._mesos(running, "2s", stream=False)
            for _ in range(self.STARTS):
                self._keep("mesos, streamed", "more_mb", self._more(mesos))
            _, streamed = self._mesos(running, "1h", stream=True, known=mesos)
            marathon, listened = self._marathon(running)
            self.octets = {"mesos": mesos.octets, "marathon": marathon.octets}
            for number in range(self.ROUNDS):
                self._keep("mesos, polled", "poll_ms", self._cost_of_polls(polled, mesos, number, changed=False))
                self._keep("mesos, polled", "changed_ms", self._cost_of_polls(polled, mesos, number, changed=True))
                self._keep("mesos, streamed", "visible_ms", self._visible(streamed, mesos, "marathon.mesos", number))
                self._keep("marathon", "visible_ms", self._visible(listened, marathon, workload.DOMAIN, number))
                with self._storm(marathon):
                    self._keep("marathon", "storm_ms", self._visible(listened, marathon, workload.DOMAIN, number))
                for label, server in (("mesos, polled", polled), ("mesos, streamed", streamed), ("marathon", listened)):
                    self._keep(label, "resident_mib", server.process.resident_octets() / 2**20)

    def _more(self, mesos):
        """Megabytes that the cluster takes: those of a musterd that has it, less those of one without any."""
        with contextlib.ExitStack() as running, tempfile.TemporaryDirectory(prefix="muster-bench-") as folder:
            empty = servers.create("musterd", folder, self._options, workload.Fleet(1), store="memory")
            running.callback(empty.stop)
            empty.start_empty()
            _, full = self._mesos(running, "1h", stream=True, known=mesos)
            time.sleep(self.SETTLED)
            return (full.process.resident_octets() - empty.process.resident_octets()) / 1e6

    def _keep(self, label, figure, value):
        self.rows.setdefault((label, figure), []).append(value)

    def figure(self, label, figure):
        values = self.rows.get((label, figure))
        return Range(values) if values else None

    def _start(self, running, label, more, name):
        folder = running.enter_context(tempfile.TemporaryDirectory(prefix="muster-bench-"))
        server = servers.create("musterd", folder, self._options, workload.Fleet(1), store="memory")
        running.callback(server.stop)
        server.start_with(more)
        server._await(name, lambda reply: reply["answers"] == self.TASKS or reply["tc"], 60)
        time.sleep(1)  # the rest of the names, and what it has to tidy up
        self._keep(label, "first_ms", 1000 * server.process.cpu_seconds())
        return server

    def _mesos(self, running, refresh, stream, known=None):
        master = known or cluster.Master(cluster.Cluster(self.APPS, self.TASKS, self.AGENTS))
        if known is None:
            running.callback(master.close)
        label = "mesos, streamed" if stream else "mesos, polled"
        server = self._start(running, label, f'[[source.mesos]]\nmasters = ["http://{master.address}"]\nrefresh = "{refresh}"\n'
                             f"stream = {str(stream).lower()}\n", f"app-{self.APPS - 1}.marathon.mesos")
        return master, server

    def _marathon(self, running):
        marathon = cluster.Marathon(cluster.Cluster(self.APPS, self.TASKS, self.AGENTS))
        running.callback(marathon.close)
        server = self._start(running, "marathon", f'[[source.marathon]]\nurls = ["http://{marathon.address}"]\nrefresh = "1h"\n',
                             f"app-{self.APPS - 1}.{workload.DOMAIN}")
        return marathon, server

    @staticmethod
    def _fetches(server):
        with urllib.request.urlopen(f"http://127.0.0.1:{server.http_port}/api/v1/sources") as reply:
            return next(one["fetches"] for one in json.load(reply)["sources"] if one["type"] != "static")

    def _cost_of_polls(self, server, master, number, changed):
        """Milliseconds of CPU a poll; with `changed` each finds one task more."""
        costs = []
        for n in range(self.POLLS):
            if changed:
                master.cluster.scale_up(f"app-{(number * self.POLLS + n) % self.APPS}")
                master.refresh()
            before, began = self._fetches(server), server.process.cpu_seconds()
            until = time.monotonic() + 30
            while self._fetches(server) == before:
                if time.monotonic() > until:
                    raise process.Failed("no poll came")
                time.sleep(0.05)
            time.sleep(0.3)  # what follows from it
            costs.append(1000 * (server.process.cpu_seconds() - began))
        return statistics.median(costs)

    def _visible(self, server, told, domain, number):
        """Milliseconds from the event of a task more until DNS has its address; the median of some."""
        waits = []
        for n in range(self.PROBES):
            app = f"app-{100 + (number * self.PROBES + n) % 300}"
            name = f"{app}.{domain}"
            before = wire.ask_tcp(server.port, name, wire.A)["answers"]
            time.sleep(0.15)  # so that the event before does not pay for this one
            began = time.monotonic()
            told.scale_up(app)
            while wire.ask_tcp(server.port, name, wire.A)["answers"] == before:
                if time.monotonic() > began + 10:
                    raise process.Failed(f"{name} did not get its new address")
                time.sleep(0.001)
            waits.append(1000 * (time.monotonic() - began))
        return statistics.median(waits)

    @contextlib.contextmanager
    def _storm(self, marathon):
        """Events about tasks that have not changed, of another app each."""
        over = threading.Event()

        def blow():
            number = 0
            while not over.wait(1 / self.STORM):
                app = f"app-{number % 100}"
                marathon.event(app, f"{app}.instance-x")
                number += 1
        thread = threading.Thread(target=blow, daemon=True)
        thread.start()
        try:
            time.sleep(0.5)
            yield
        finally:
            over.set()
            thread.join()

    def text(self):
        def cell(label, figure, digits=0):
            found = self.figure(label, figure)
            return found.text(digits) if found else "–"
        rows = [[label, *(cell(label, figure) for figure in ("first_ms", "resident_mib", "poll_ms", "changed_ms")),
                 cell(label, "visible_ms", 1), cell(label, "storm_ms"), cell(label, "more_mb", 1)]
                for label in ("mesos, polled", "mesos, streamed", "marathon")]
        return table([f"{self.APPS * self.TASKS:,} tasks on {self.AGENTS} agents, "
                      f"{self.octets['mesos'] / 1e6:.1f} and {self.octets['marathon'] / 1e6:.1f} MB of JSON",
                      "CPU from start until served, ms", "resident, MiB", "CPU a poll, ms", "with a task more",
                      "event → visible, ms", f"in {self.STORM} events a second", "more than none, MB"], rows)
