"""The servers under test, tuned alike: one UDP thread, no logging, no rate limit, temporary folders."""
import os
import shutil
import subprocess
import time
import urllib.request

from . import process, wire, workload

# Debian keeps servers where an ordinary user's path does not look.
SEARCH = os.environ.get("PATH", "") + ":/usr/local/sbin:/usr/sbin:/sbin"
PACKAGES = {"knotd": "knot", "gdnsd": "gdnsd", "nsd": "nsd", "named": "bind9"}
VERSION_FLAGS = {"knotd": "-V", "gdnsd": "version", "nsd": "-v", "named": "-v"}


def path_of(name):
    return shutil.which(name, path=SEARCH)


def version_of(name):
    out = subprocess.run([path_of(name), VERSION_FLAGS[name]], capture_output=True, text=True)
    lines = (out.stdout + out.stderr).strip().splitlines()
    return next((line.strip() for line in lines if any(c.isdigit() for c in line)), "unknown")


class Server:
    """A running server. start_seconds: from exec until the zone is complete."""

    kind = "peer"
    most_instances = None  # of a service that it can hold

    def __init__(self, name, folder, cpu, threads=1, updates=False):
        self.name, self.folder, self.cpu, self.threads = name, folder, cpu, threads
        self.updates = updates  # takes DNS UPDATE from this machine
        self.port = process.free_port()
        self.process = None
        self.start_seconds = None
        self.load_cpu_seconds = None
        os.makedirs(folder, exist_ok=True)

    def file(self, name, text=None):
        path = os.path.join(self.folder, name)
        if text is not None:
            with open(path, "w") as out:
                out.write(text)
        return path

    def launch(self, command):
        self.process = process.Process(command, self.file("log"), self.cpu)

    def await_service(self, service):
        """Until the last service is answered, and a name that is not there is denied: the zone is complete."""
        seconds = 60 + service / 2000  # a server that refused its zone would be waited for
        self._await(f"web-{service}.{workload.DOMAIN}", lambda reply: reply["answers"] > 0 or reply["tc"], seconds)
        at = self._await(f"gone-{service}.{workload.DOMAIN}", self.denied, seconds)
        self.start_seconds = at - self.process.started
        self.load_cpu_seconds = self.process.cpu_seconds()

    @staticmethod
    def denied(reply):
        return reply["rcode"] == wire.NXDOMAIN

    def _await(self, name, good, seconds):
        at = wire.wait_until(self.port, name, wire.A, good, time.monotonic() + seconds, self.process.alive)
        if at is None:
            raise process.Failed(f"{self.name} did not answer about {name}: {self.process.log_tail()}")
        return at

    def serve(self, zones, services):
        """`zones`: master files by apex."""
        self.launch(self.command(zones))
        self.await_service(services - 1)

    def stop(self):
        if self.process:
            self.process.stop()


class Limit(Server):
    kind = "limit"

    def __init__(self, name, folder, cpu, binaries, threads=1):
        super().__init__(name, folder, cpu, threads)
        self._program = os.path.join(binaries, "muster-limit")

    @staticmethod
    def denied(_reply):
        return True

    def command(self, _zones):
        return [self._program, "127.0.0.1", str(self.port), str(self.threads)]


class HttpLimit(Server):
    """Answers the requests of the HTTP load program, and changes nothing."""

    kind = "http-limit"

    def __init__(self, folder, cpu, binaries):
        super().__init__("http-limit", folder, cpu)
        self.http_port = self.port
        self._program = os.path.join(binaries, "muster-http-limit")

    def start(self):
        self.launch([self._program, "127.0.0.1", str(self.port)])
        process.await_listener(self.port, self.process.alive)


class Knot(Server):
    def command(self, zones):
        entries = "".join(f"""
  - domain: {apex}
    file: {file}
    semantic-checks: off
    zonefile-sync: -1
    {"acl: local" if self.updates else "journal-content: none"}
""" for apex, file in zones.items())
        return [path_of("knotd"), "-c", self.file("knot.conf", f"""
server:
    listen: 127.0.0.1@{self.port}
    udp-workers: {self.threads}
    tcp-workers: 1
    background-workers: 1
    rundir: {self.folder}
database:
    storage: {self.folder}
control:
    listen: {self.folder}/knot.sock
log:
  - target: stderr
    any: error
acl:
  - id: local
    address: 127.0.0.1
    action: update
zone:
{entries}
""")]


class Gdnsd(Server):
    most_instances = 300  # no RRset over 16,376 octets

    def command(self, zones):
        self.file("config", f"""
options => {{
  listen => [ "127.0.0.1:{self.port}" ]
  run_dir => {self.folder}/run
  state_dir => {self.folder}/state
  udp_threads => {self.threads}
  tcp_threads => 1
  lock_mem => false
}}
""")
        folder = os.path.join(self.folder, "zones")
        for path in (folder, os.path.join(self.folder, "run"), os.path.join(self.folder, "state")):
            os.makedirs(path, exist_ok=True)
        for apex, file in zones.items():
            os.symlink(file, os.path.join(folder, apex))
        return [path_of("gdnsd"), "-c", self.folder, "start"]


class Nsd(Server):
    def command(self, zones):
        entries = "".join(f"""
zone:
    name: "{apex}"
    zonefile: "{file}"
""" for apex, file in zones.items())
        return [path_of("nsd"), "-d", "-c", self.file("nsd.conf", f"""
server:
    ip-address: 127.0.0.1@{self.port}
    server-count: {self.threads}
    rrl-ratelimit: 0
    username: ""
    zonesdir: "{self.folder}"
    database: ""
    pidfile: "{self.folder}/nsd.pid"
    xfrdfile: "{self.folder}/xfrd.state"
    xfrdir: "{self.folder}"
    zonelistfile: "{self.folder}/zone.list"
    logfile: "{self.folder}/nsd.log"
    verbosity: 0
remote-control:
    control-enable: no
{entries}
""")]


class Named(Server):
    def command(self, zones):
        update = "allow-update { 127.0.0.1; };" if self.updates else ""
        entries = "\n".join(
            f'zone "{apex}" {{ type primary; file "{file}"; check-integrity no; notify no; {update} }};'
            for apex, file in zones.items())
        return [path_of("named"), "-f", "-n", str(self.threads), "-c", self.file("named.conf", f"""
options {{
  directory "{self.folder}";
  listen-on port {self.port} {{ 127.0.0.1; }};
  listen-on-v6 {{ none; }};
  recursion no;
  minimal-responses no-auth;
  max-records-per-type 0;
  pid-file none;
  session-keyfile none;
  dnssec-validation no;
  empty-zones-enable no;
}};
controls {{ }};
logging {{ category default {{ null; }}; category unmatched {{ null; }}; }};
{entries}
""")]


# Those that take DNS UPDATE.
UPDATED = ("knotd", "named")
PEERS = {"knotd": Knot, "gdnsd": Gdnsd, "nsd": Nsd, "named": Named}


class Musterd(Server):
    """musterd over a master file (serve) or over its registry (serve_registry)."""

    kind = "musterd"

    def __init__(self, name, folder, cpu, binaries, fleet, store="memory", threads=1):
        super().__init__(name, folder, cpu, threads)
        self._binaries = binaries
        self._store = store
        self.fleet = fleet
        self.http_port = process.free_port()
        self.raised = self._limits(fleet.services, fleet.instances)

    @staticmethod
    def _limits(services, instances):
        raised = {}
        if services > 190_000:
            raised["registry.max_services"] = services + 100_000
        if services * instances > 1_900_000:
            raised["registry.max_instances"] = services * instances + 100_000
        if instances > 99_000:
            raised["registry.max_instances_per_service"] = instances + 1000
        return raised

    def _config(self, domain, reverse=(), files=""):
        return self.file("musterd.toml", f"""
[server]
name = "bench"
[dns]
listen = ["127.0.0.1:{self.port}"]
udp_threads = {self.threads}
[zones]
domain = "{domain}."
ttl = "{workload.TTL}s"
reverse = [{", ".join(f'"{apex}."' for apex in reverse)}]
[http]
listen = ["127.0.0.1:{self.http_port}"]
[store]
kind = "{self._store}"
path = "{self.folder}/muster.db"
[log]
level = "error"
{files}
""")

    def _start(self, config):
        command = [os.path.join(self._binaries, "musterd"), "--config", config]
        for key, value in self.raised.items():
            command += ["--set", f"{key}={value}"]
        self.launch(command)

    def serve(self, zones, services):
        files = "".join(f"""
[[zones.file]]
name = "{apex}."
file = "{file}"
""" for apex, file in zones.items())
        self._start(self._config("live.internal", files=files))
        if len(zones) > 1:
            self._await_all_loaded()
        self.await_service(services - 1)

    def _await_all_loaded(self):
        """Zones are served one by one as they are read: of several the one that is asked last may not be the last."""
        until = time.monotonic() + 60
        while self.process.alive() and time.monotonic() < until:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{self.http_port}/readyz", timeout=5):
                    return
            except OSError:
                time.sleep(0.01)
        raise process.Failed(f"{self.name} was not ready: {self.process.log_tail()}")

    def _live_config(self):
        return self._config(workload.DOMAIN, [workload.REVERSE] if self.fleet.reverse else [])

    def start_with(self, more):
        """Another start, with more in its configuration."""
        self._start(self._config(workload.DOMAIN, files=more))

    def start_empty(self):
        self._start(self._live_config())
        at = self._await(f"gone.{workload.DOMAIN}", self.denied, 60)
        self.start_seconds = at - self.process.started

    def restart_after_kill(self, service):
        self.process.kill()
        self._start(self._live_config())
        self.await_service(service)

    def http(self, cpu, **options):
        return process.run_load(os.path.join(self._binaries, "muster-http-load"), cpu, port=self.http_port,
                                pids=self.process.pids(), **options)

    def register(self, cpu, **options):
        """Registers the fleet through the API, in batches; `options` say what differs."""
        result = self.http(cpu, mode="fill", depth=4, **{**self.fleet.registered(), **options})
        if result["failed"]:
            raise process.Failed(f"{result['failed']} registrations refused: {result.get('complaint')}")
        return result

    def serve_registry(self, cpu, **options):
        self.start_empty()
        filled = self.register(cpu, **options)
        began = self.start_seconds
        self.await_service(self.fleet.services - 1)
        self.start_seconds = began
        return filled


def create(name, folder, options, fleet, **more):
    """The server of this name, not started; cores and threads as the options say."""
    if name == "limit":
        return Limit(name, folder, options.server_cpu, options.binaries, options.threads)
    if name.startswith("musterd"):
        return Musterd(name, folder, options.server_cpu, options.binaries, fleet, threads=options.threads, **more)
    return PEERS[name](name, folder, options.server_cpu, options.threads, **more)
