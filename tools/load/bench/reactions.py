"""How soon an instance that fails is gone from the answers, and how soon it is back: real backends that refuse, hang, reset…,
asked for by all servers at the same time."""
import math
import os
import random
import tempfile
import time

from . import process, servers, wire
from .backend import Backend
from .judge import Range
from .tables import table

NAME = "web.svc.internal"
MODES = ("refuse", "503", "close", "reset", "garbage", "hang", "drip")
SILENT = ("hang", "drip")  # found out when the time is over
GOOD, CHANGING = "127.77.0.1", "127.77.0.2"
PATIENCE = 12  # seconds
STAYS = 5  # so long an interim answer must not hurt


class Checked(servers.Musterd):
    """`keys`: of the check and of what failures do."""

    def __init__(self, name, folder, options, keys, port):
        super().__init__(name, folder, options.server_cpu, options.binaries, servers.workload.Fleet(1, 2))
        self._keys, self._port = keys, port

    def _config(self, domain, reverse=(), files=""):
        return super()._config(domain, reverse, f"""{files}
[[source.static]]
service = "web"
instances = [{{ id = "good", address = "{GOOD}", port = {self._port} }}, {{ id = "changing", address = "{CHANGING}", port = {self._port} }}]
[service.web]
{self._keys}
""")

    def begin(self):
        self._start(self._live_config())


class Gdnsd(servers.Gdnsd):
    """Interval 2 s, time-out 1 s, down after two failures in a row, up after one success."""

    def __init__(self, name, folder, options, port):
        super().__init__(name, folder, options.server_cpu)
        self._checked = port

    def begin(self):
        zone = self.file("zone", "@ SOA ns1.svc.internal. hostmaster.svc.internal. 1 60 15 86400 5\n@ NS ns1.svc.internal.\n"
                                 "ns1 A 127.0.0.1\nweb 5 DYNA multifo!web\n")
        command = self.command({"svc.internal": zone})
        with open(os.path.join(self.folder, "config"), "a") as out:
            out.write(f"""
service_types => {{
  checked => {{ plugin => http_status, port => {self._checked}, url_path => "/", interval => 2, timeout => 1, up_thresh => 1,
                ok_thresh => 1, down_thresh => 2 }}
}}
plugins => {{ multifo => {{ web => {{ service_types => checked, up_thresh => 0.1, a => {GOOD}, b => {CHANGING} }} }} }}
""")
        self.launch(command)


class PowerDns(servers.Server):
    """A Lua record, looks 2 s apart, time-out 1 s, down after one failure, up after one success; nothing is cached."""

    def __init__(self, name, folder, options, port):
        super().__init__(name, folder, options.server_cpu)
        self._checked = port

    def begin(self):
        url = f"http://{GOOD}:{self._checked}/"
        looked = f"ifurlup('{url}', {{'{GOOD}', '{CHANGING}'}}, {{selector='all', timeout=1}})"
        zone = self.file("zone", f"""
@ 5 IN SOA ns1.svc.internal. hostmaster.svc.internal. 1 60 15 86400 5
@ 5 IN NS ns1.svc.internal.
ns1 5 IN A 127.0.0.1
web 5 IN LUA A "{looked}"
""")
        named = self.file("named.conf", f'zone "svc.internal" {{ type master; file "{zone}"; }};\n')
        self.file("pdns.conf", f"""
launch=bind
bind-config={named}
local-address=127.0.0.1
local-port={self.port}
socket-dir={self.folder}
enable-lua-records=yes
lua-health-checks-interval=2
cache-ttl=0
query-cache-ttl=0
negquery-cache-ttl=0
distributor-threads=1
guardian=no
daemon=no
security-poll-suffix=
""")
        self.launch([servers.path_of("pdns_server"), f"--config-dir={self.folder}"])


# As the acceptance of health checks has it: what is asked of each failure, and of the way back, in seconds.
SHEET = """mark_as_timedout = { retries_before_suspend = 1, retry_delay = "250ms" }
suspend_on_failure = { initial_duration = "1s", maximum_duration = "1s" }
check = [{ type = "http", path = "/", interval = "1s", timeout = "500ms" }]
"""
BARS = {"refuse": 1.15, "503": 1.4, "close": 1.4, "reset": 1.4, "garbage": 1.4, "hang": 2.4, "drip": 2.4}
BACK, BACK_FROM_SILENCE = 1.2, 1.7
# gdnsd's settings.
EQUAL = """mark_as_timedout = { retries_before_suspend = 1, retry_delay = "2s" }
suspend_on_failure = { initial_duration = "2s", maximum_duration = "2s" }
check = [{ type = "http", path = "/", interval = "2s", timeout = "1s" }]
"""
# PowerDNS's: the first failure counts.
FIRST = EQUAL.replace("retries_before_suspend = 1", "retries_before_suspend = 0")


class Reactions:
    def __init__(self, options):
        self.options = options
        self.gone = {}  # seconds by (server, mode)
        self.back = {}
        self.interim = {}  # by server: whether 103 before 200 took it out

    def run(self):
        port = process.free_port()
        good, changing = Backend(GOOD, port), Backend(CHANGING, port)
        with tempfile.TemporaryDirectory(prefix="muster-bench-") as folder:
            self._servers = [Checked(name, os.path.join(folder, name), self.options, keys, port)
                             for name, keys in (("musterd, 1 s", SHEET), ("musterd, 2 s", EQUAL),
                                                ("musterd, 2 s, first failure", FIRST))]
            if servers.path_of("gdnsd"):
                self._servers.append(Gdnsd("gdnsd, 2 s", os.path.join(folder, "gdnsd"), self.options, port))
            if servers.path_of("pdns_server"):
                self._servers.append(PowerDns("PowerDNS, 2 s", os.path.join(folder, "pdns"), self.options, port))
            try:
                for server in self._servers:
                    server.begin()
                self._until(True)
                for _ in range(self.options.rounds):
                    for mode in MODES:
                        self._fail(changing, mode)
                self._show_interim(changing)
            finally:
                for server in self._servers:
                    server.stop()
                good.close()
                changing.close()

    def _fail(self, backend, mode):
        time.sleep(random.uniform(0, 2))  # anywhere between two looks
        backend.down() if mode == "refuse" else backend.up(mode)
        for server, seconds in self._until(False).items():
            self.gone.setdefault((server, mode), []).append(seconds)
        time.sleep(random.uniform(0, 2))
        backend.up()
        for server, seconds in self._until(True).items():
            self.back.setdefault((server, mode), []).append(seconds)

    def _show_interim(self, backend):
        backend.up("103")
        until = time.monotonic() + STAYS
        self.interim = {server.name: "kept" for server in self._servers}
        while time.monotonic() < until:
            for server in self._servers:
                if not self._answers(server):
                    self.interim[server.name] = "taken out"
            time.sleep(0.05)

    @staticmethod
    def _answers(server):
        """Whether the changing instance is among the answers."""
        reply = wire.ask(server.port, NAME, wire.A)
        return reply is not None and reply["answers"] == 2

    def _until(self, wanted):
        """Seconds until each server's answers have it, or have it no longer; a peer may never notice."""
        start, found = time.monotonic(), {}
        while len(found) < len(self._servers):
            for server in self._servers:
                if server.name not in found and self._answers(server) == wanted:
                    found[server.name] = time.monotonic() - start
            if time.monotonic() - start > PATIENCE:
                slow = [server for server in self._servers if server.name not in found]
                if any(server.kind == "musterd" for server in slow):
                    raise process.Failed(f"not within {PATIENCE} s: {wanted}, only {found}")
                found.update((server.name, math.inf) for server in slow)
            time.sleep(0.002)
        return found

    def beyond(self):
        """The worst of musterd at 1 s against its bars: of going and of coming back, as parts of the bar."""
        name = "musterd, 1 s"
        if not self.gone:
            return None, None
        going = max(max(values) / BARS[mode] for (server, mode), values in self.gone.items() if server == name)
        coming = max(max(values) / (BACK_FROM_SILENCE if mode in SILENT else BACK)
                     for (server, mode), values in self.back.items() if server == name)
        return Range([going]), Range([coming])

    def text(self):
        names = list(self.interim)

        def cell(found, server, mode):
            if found is self.back and math.isinf(Range(self.gone[(server, mode)]).median):
                return "–"  # it was never gone
            values = Range(found[(server, mode)])
            return f"not within {PATIENCE} s" if math.isinf(values.median) else values.text()

        def by_mode(found):
            return table(["backend", *names], [[mode, *(cell(found, name, mode) for name in names)] for mode in MODES])

        kept = "; ".join(f"{name}: {what}" for name, what in self.interim.items())
        return ("musterd at 1 s: time-out 0.5 s, one retry after 0.25 s, suspended for 1 s. At 2 s: time-out 1 s, one "
                f"retry after 2 s as gdnsd's second look; or none, as PowerDNS. 103 before 200: {kept}.\n\n"
                "Seconds until an instance that fails is gone from the answers, median (least–most):\n\n"
                f"{by_mode(self.gone)}\n\nUntil it is back:\n\n{by_mode(self.back)}\n")
