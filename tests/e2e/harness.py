"""Starts the real programs for the end-to-end tests and asks them with real clients.

Every test program has an address of 127.0.0.0/8 of its own, every server a folder and port 0; the port comes from its
`serving` line, so nothing else can be answering there. The address is not 127.0.0.1, which clients send from: dig sets
SO_REUSEPORT and may be given the server's own port by the kernel, and on one address it would then hear itself. Only processes started here are signalled, by their id, and they die with the
test. States are waited for, never times.
"""

import contextlib
import ctypes
import dataclasses
import http.client
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
import time
import unittest

SOURCE = pathlib.Path(__file__).resolve().parents[2]
BIN = pathlib.Path(os.environ.get("MUSTER_BIN_DIR", SOURCE / "build/dev/bin"))
ADDRESS = f"127.1.{os.getpid() // 254 % 256}.{os.getpid() % 254 + 1}"


def another_address(number):
    """Loopback addresses of this test process alone, next to ADDRESS; numbers from 0 to 200."""
    return ADDRESS.replace("127.1.", f"127.{10 + number}.", 1)
PATIENCE = 30.0  # how long a state may take on a loaded machine before it counts as missing
PR_SET_PDEATHSIG = 1


def die_with_parent():
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def wait_until(what, condition, seconds=PATIENCE):
    """The first true value of condition(); fails with what is missing and the last value seen."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds} s: {what}; last seen: {value!r}")
        time.sleep(0.01)


@dataclasses.dataclass
class Ended:
    """A program that has run to its end."""

    status: int
    out: str
    err: str

    def json(self):
        return json.loads(self.out)


def run(*words, env=None, cwd=None, stdin=None, seconds=60):
    done = subprocess.run(
        [str(word) for word in words], capture_output=True, text=True, env=env, cwd=cwd, input=stdin,
        timeout=seconds, preexec_fn=die_with_parent, check=False)
    return Ended(done.returncode, done.stdout, done.stderr)


class Process:
    """A program in the background; its output goes to files in its folder."""

    def __init__(self, folder, name, words, env=None):
        self.out_path = pathlib.Path(folder) / f"{name}.out"
        self.err_path = pathlib.Path(folder) / f"{name}.err"
        with open(self.out_path, "ab") as out, open(self.err_path, "ab") as err:
            self.out_start, self.err_start = out.tell(), err.tell()
            self.child = subprocess.Popen(
                [str(word) for word in words], stdout=out, stderr=err, stdin=subprocess.DEVNULL, env=env, cwd=folder,
                preexec_fn=die_with_parent)

    @property
    def out(self):
        return self.out_path.read_bytes()[self.out_start:].decode()

    @property
    def err(self):
        return self.err_path.read_bytes()[self.err_start:].decode()

    def signal(self, number):
        self.child.send_signal(number)

    def wait(self, seconds=PATIENCE):
        """Its exit status; minus the signal's number when a signal ended it."""
        return self.child.wait(seconds)

    def kill(self):
        if self.child.poll() is None:
            self.child.kill()
        self.child.wait()


@dataclasses.dataclass
class Reply:
    """An HTTP reply."""

    status: int
    headers: http.client.HTTPMessage
    text: str

    def json(self):
        return json.loads(self.text)


@dataclasses.dataclass
class Record:
    owner: str
    ttl: int
    type: str
    data: str


@dataclasses.dataclass
class Answer:
    """What dig printed."""

    status: str
    flags: set
    sections: dict
    text: str

    @property
    def answer(self):
        return self.sections.get("ANSWER", [])

    @property
    def additional(self):
        return self.sections.get("ADDITIONAL", [])

    @property
    def authority(self):
        return self.sections.get("AUTHORITY", [])

    def data(self, section="ANSWER"):
        return sorted(record.data for record in self.sections.get(section, []))


def read_dig(text):
    status = re.search(r"status: (\w+)", text)
    flags = re.search(r"flags: ([a-z ]*);", text)
    sections, current = {}, None
    for line in text.splitlines():
        heading = re.match(r";; (\w+) SECTION:", line)
        if heading:
            current = sections.setdefault(heading[1], [])
        elif line and not line.startswith(";") and current is not None:
            owner, ttl, _, kind, data = line.split(None, 4)
            current.append(Record(owner, int(ttl), kind, data))
        elif not line:
            current = None
    if not status:
        raise AssertionError(f"dig got no answer:\n{text}")
    return Answer(status[1], set(flags[1].split()), sections, text)


def query_packet(name, kind):
    header = struct.pack(">HHHHHH", os.getpid() & 0xFFFF, 0x0100, 1, 0, 0, 0)
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.rstrip(".").split("."))
    return header + labels + b"\0" + struct.pack(">HH", kind, 1)


class Asker:
    """Asks one question again and again, faster than a dig each time; (rcode, number of answers)."""

    def __init__(self, server, name, kind=1):
        self.packet = query_packet(name, kind)
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.settimeout(PATIENCE)
        self.socket.connect(server)

    def ask(self):
        self.socket.send(self.packet)
        reply = self.socket.recv(65536)
        return reply[3] & 15, struct.unpack_from(">H", reply, 6)[0]

    def close(self):
        self.socket.close()


class Musterd(Process):
    """A running musterd and the ways to ask it."""

    def __init__(self, folder, words, name="musterd", env=None):
        super().__init__(folder, name, [BIN / "musterd", *words], env)
        self.folder = folder
        self.dns = self.http = None

    def serving(self):
        """Waits for the `serving` line and for /readyz; fails when the program ends instead."""
        line = wait_until("the line `serving`", self._serving_line)
        self.dns = [endpoint(text) for text in re.search(r"dns=(\S+)", line)[1].split(",")][0]
        self.http = [endpoint(text) for text in re.search(r"http=(\S+)", line)[1].split(",")][0]
        self.start_ms = int(re.search(r"start_ms=(\d+)", line)[1])
        return self

    def ready(self):
        self.serving()
        wait_until("/readyz 200", lambda: self.api("GET", "/readyz").status == 200)
        return self

    def _serving_line(self):
        if self.child.poll() is not None:
            raise AssertionError(f"musterd ended with {self.child.returncode}:\n{self.err}")
        return re.search(r"^.*\bserving dns=.*$", self.err, re.M) and re.search(r"^.*\bserving dns=.*$", self.err, re.M)[0]

    @property
    def url(self):
        return f"http://{self.http[0]}:{self.http[1]}"

    def api(self, method, path, body=None, headers=None):
        connection = http.client.HTTPConnection(*self.http, timeout=PATIENCE)
        with contextlib.closing(connection):
            return exchange(connection, method, path, body, headers)

    def curl(self, path, *words):
        """curl's view: status and body."""
        done = run("curl", "-sS", "--noproxy", "*", "-w", "\n%{http_code}", *words, self.url + path)
        if done.status != 0:
            raise AssertionError(f"curl {path}: {done.err}")
        text, _, status = done.out.rpartition("\n")
        return int(status), text

    def dig(self, name, kind="A", *words):
        done = run("dig", f"@{self.dns[0]}", "-p", self.dns[1], "+tries=1", f"+time={int(PATIENCE)}", *words, name, kind)
        return read_dig(done.out)

    def asker(self, name, kind=1):
        return Asker(self.dns, name, kind)

    def muster(self, *words, env=None, seconds=60):
        return run(BIN / "muster", *words, env=self.environment(env), cwd=self.folder, seconds=seconds)

    def environment(self, more=None):
        clean = {key: value for key, value in os.environ.items() if not key.startswith("MUSTER_")}
        return clean | {"MUSTER_SERVER": self.url} | (more or {})

    def register(self, service, instance, body, generation=None):
        """A registration as a client of the API makes it; the grant."""
        full = {"generation": generation or time.time_ns() // 1_000_000} | body
        reply = self.api("PUT", f"/api/v1/services/{service}/instances/{instance}", full)
        if reply.status not in (200, 201):
            raise AssertionError(f"registering {service}/{instance}: {reply}")
        return reply.json()

    def stop(self):
        self.signal(signal.SIGTERM)
        return self.wait()


def exchange(connection, method, path, body=None, headers=None):
    """One request on a kept connection; a dict or list goes as JSON."""
    headers = dict(headers or {})
    if body is not None and not isinstance(body, (bytes, str)):
        body = json.dumps(body)
        headers.setdefault("Content-Type", "application/json")
    connection.request(method, path, body, headers)
    reply = connection.getresponse()
    return Reply(reply.status, reply.headers, reply.read().decode())


def endpoint(text):
    host, _, port = text.rpartition(":")
    return host.strip("[]"), int(port)


CONFIG = """\
[server]
name = "e2e"
[dns]
listen = ["{address}:0"]
udp_threads = 1
[http]
listen = ["{address}:0"]
[store]
kind = "{store}"
path = "muster.db"
"""


class EndToEnd(unittest.TestCase):
    """A folder for each test, and the servers started in it."""

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="muster-e2e-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def write(self, name, text):
        path = self.folder / name
        path.write_text(text)
        return path

    def configuration(self, more="", store="sqlite"):
        return self.write("musterd.toml", CONFIG.format(address=ADDRESS, store=store) + more)

    def start(self, more="", *words, store="sqlite", env=None):
        """A musterd with the usual configuration and `more`, ready to be asked."""
        return self.begin("--config", self.configuration(more, store), *words, env=env).ready()

    def metric(self, server, name):
        """The value of the row `name`, labels included, of the metrics; 0 when there is none."""
        rows = (line.rpartition(" ") for line in server.api("GET", "/metrics").text.splitlines())
        return sum(float(value) for key, _, value in rows if key == name)

    def begin(self, *words, env=None):
        """A musterd with these words, perhaps not serving yet, perhaps never."""
        server = Musterd(self.folder, words, env=env)
        self.addCleanup(server.kill)
        return server

    def again(self, *words):
        """The same configuration once more."""
        return self.begin("--config", self.folder / "musterd.toml", *words).ready()

    def background(self, name, words, env=None):
        process = Process(self.folder, name, words, env)
        self.addCleanup(process.kill)
        return process
