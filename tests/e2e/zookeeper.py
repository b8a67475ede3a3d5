"""A ZooKeeper server for tests, the one of Debian's packages, and a small client of its protocol with which masters
announce themselves as Mesos does: nodes that are ephemeral and numbered."""

import contextlib
import json
import shutil
import socket
import struct
import threading

from harness import wait_until
from ports import free_port

JAVA = ["java", "-Xmx96m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-cp", "/usr/share/java/zookeeper.jar",
        "org.apache.zookeeper.server.ZooKeeperServerMain"]
EVERYBODY = (31, "world", "anyone")
PERSISTENT, EPHEMERAL_SEQUENTIAL = 0, 3
LONGEST_SESSION = 1.5  # seconds, whatever a client asks for


class Zookeeper:
    """A server on an address of its own, started at once; `test` ends it, whatever happens."""

    def __init__(self, test, address, *options):
        self.test, self.address, self.port, self.options = test, address, free_port(address), options
        self.data = test.folder / f"zookeeper-{self.port}"
        self.configuration = test.write(f"zookeeper-{self.port}.cfg", "\n".join([
            "tickTime=100", f"dataDir={self.data}", f"clientPort={self.port}", f"clientPortAddress={address}",
            f"maxSessionTimeout={int(1000 * LONGEST_SESSION)}", "admin.enableServer=false", "forceSync=no"]))
        self.begin()

    @property
    def servers(self):
        return f"[{self.address}]:{self.port}" if ":" in self.address else f"{self.address}:{self.port}"

    def begin(self):
        self.process = self.test.background("zookeeper", [JAVA[0], *self.options, *JAVA[1:], self.configuration])
        wait_until("ZooKeeper takes sessions", self._takes_sessions)

    def _takes_sessions(self):
        if self.process.child.poll() is not None:
            raise AssertionError(f"ZooKeeper has ended (is libzookeeper-java installed?):\n{self.process.err}")
        try:  # one that connects while it starts may never be answered
            with contextlib.closing(Session(self, seconds=0.3)):
                return True
        except OSError:
            return False

    def kill(self):
        self.process.kill()

    def forget(self):
        """While it is down: every node and every session."""
        shutil.rmtree(self.data)

    def session(self, login=None):
        session = Session(self, login)
        self.test.addCleanup(session.close)
        return session

    def announce(self, path, text, login=None, name="json.info_", rights=EVERYBODY):
        """A master of this text, until its session is closed."""
        session = self.session(login)
        session.make(path, rights=rights)
        session.create(f"{path}/{name}", text, EPHEMERAL_SEQUENTIAL, rights)
        return session


def info(address):
    """What a master of Mesos 1.11 writes. The number `ip` has the octets in the host's order."""
    host, port = address.split(":")
    number = struct.unpack("<I", socket.inet_aton(host))[0]
    return json.dumps({"address": {"hostname": "m.example", "ip": host, "port": int(port)}, "hostname": "m.example",
                       "id": "d51d", "ip": number, "pid": f"master@{address}", "port": int(port), "version": "1.11.0"})


class Session:
    """A session that lives until close(); it sends its own signs of life."""

    def __init__(self, server, login=None, seconds=10):
        self.lock = threading.Lock()
        self.number = 0
        self.socket = socket.create_connection((server.address, server.port), timeout=seconds)
        try:
            self._send(struct.pack(">iqiq", 0, 0, 10_000, 0) + text(b"\0" * 16) + b"\0")
            self._receive()
            if login:
                self._ask(-4, 100, struct.pack(">i", 0) + text("digest") + text(login))
        except OSError:
            self.socket.close()
            raise
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self._live, daemon=True)
        self.thread.start()

    def _live(self):
        with contextlib.suppress(OSError):
            while not self.ended.wait(LONGEST_SESSION / 4):
                self._ask(-2, 11)

    def _send(self, octets):
        self.socket.sendall(struct.pack(">i", len(octets)) + octets)

    def _receive(self):
        head = self._exactly(4)
        return self._exactly(struct.unpack(">i", head)[0])

    def _exactly(self, count):
        octets = b""
        while len(octets) < count:
            piece = self.socket.recv(count - len(octets))
            if not piece:
                raise ConnectionError("ZooKeeper closed the connection")
            octets += piece
        return octets

    def _ask(self, number, kind, octets=b""):
        with self.lock:
            self._send(struct.pack(">ii", number, kind) + octets)
            _, _, error = struct.unpack_from(">iqi", self._receive())
            return error

    def _do(self, kind, octets):
        self.number += 1
        return self._ask(self.number, kind, octets)

    def create(self, path, value, flags=PERSISTENT, rights=EVERYBODY):
        permissions, scheme, identity = rights
        acl = struct.pack(">ii", 1, permissions) + text(scheme) + text(identity)
        error = self._do(1, text(path) + text(value) + acl + struct.pack(">i", flags))
        if error:
            raise AssertionError(f"ZooKeeper refuses {path}: {error}")

    def make(self, path, rights=EVERYBODY):
        """Unless it is there."""
        with contextlib.suppress(AssertionError):
            self.create(path, b"", rights=rights)

    def close(self):
        """Its ephemeral nodes go at once."""
        self.ended.set()
        with contextlib.suppress(OSError):
            self._do(-11, b"")
        self.socket.close()


def text(value):
    octets = value if isinstance(value, bytes) else value.encode()
    return struct.pack(">i", len(octets)) + octets
