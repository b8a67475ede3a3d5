"""DNS messages octet by octet, for tests that must see what no client shows: a reader of replies that trusts nothing,
and a musterd on free ports to ask."""

import contextlib
import hashlib
import hmac
import os
import pathlib
import re
import socket
import struct
import subprocess
import tempfile
import time

from ports import free_port

SOURCE = pathlib.Path(__file__).resolve().parents[2]
BIN = pathlib.Path(os.environ.get("MUSTER_BIN_DIR", SOURCE / "build/dev/bin"))
PATIENCE = 30.0
HOST = "127.0.0.1"

TYPES = {
    "A": 1, "NS": 2, "CNAME": 5, "SOA": 6, "PTR": 12, "HINFO": 13, "MINFO": 14, "MX": 15, "TXT": 16, "RP": 17,
    "AFSDB": 18, "AAAA": 28, "LOC": 29, "SRV": 33, "NAPTR": 35, "KX": 36, "DNAME": 39, "DS": 43, "SSHFP": 44,
    "DNSKEY": 48, "TLSA": 52, "SVCB": 64, "HTTPS": 65, "SPF": 99, "EUI48": 108, "EUI64": 109,
    "URI": 256, "CAA": 257,
    "TYPE65400": 65400, "TYPE777": 777}
OPT = 41
# Octets before the one name in the rdata; a reply may compress it, or it is compared without case.
NAME_AFTER = {"NS": 0, "CNAME": 0, "PTR": 0, "DNAME": 0, "MX": 2, "AFSDB": 2, "KX": 2, "SRV": 6}
TWO_NAMES = ("MINFO", "RP", "SOA")
TYPE_NAMES = {number: name for name, number in TYPES.items()}


def name(text):
    """A name's wire form; any octet may be written as in a master file, \\DDD."""
    labels = [re.sub(rb"\\(\d\d\d)", lambda digits: bytes([int(digits[1])]), label.encode())
              for label in text.split(".") if label]
    return b"".join(bytes([len(label)]) + label for label in labels) + b"\0"


def query(owner, rrtype, identity=1, flags=0, edns_size=None, dnssec_ok=False, options=b""):
    opt = b"" if edns_size is None else b"\0" + struct.pack(">HHIH", OPT, edns_size, dnssec_ok << 15, len(options)) + options
    header = struct.pack(">6H", identity, flags, 1, 0, 0, 1 if opt else 0)
    return header + name(owner) + struct.pack(">HH", TYPES[rrtype], 1) + opt


class Unreadable(Exception):
    pass


class Reply:
    """A message read whole; sections are sorted lists of (owner, type, class, ttl, rdata), names in lower case."""

    def __init__(self, octets):
        self.octets = octets
        self.identity, flags, questions, *counts = struct.unpack(">6H", octets[:12])
        self.rcode, self.opcode = flags & 15, flags >> 11 & 15
        self.qr, self.aa, self.tc, self.rd, self.ra = (flags >> bit & 1 for bit in (15, 10, 9, 8, 7))
        self.ad, self.cd = flags >> 5 & 1, flags >> 4 & 1
        self.opt, self.at = None, 12
        if questions:
            self._name()
            self.at += 4
        self.question = octets[12:self.at]
        self.answer, self.authority, self.additional = (self._section(count) for count in counts)
        if self.at != len(octets):
            raise Unreadable("octets behind the last record")

    def _section(self, count):
        records = []
        for _ in range(count):
            owner = self._name()
            rrtype, rrclass, ttl, size = struct.unpack(">HHIH", self.octets[self.at:self.at + 10])
            self.at += 10
            end = self.at + size
            rdata = self._rdata(TYPE_NAMES.get(rrtype, ""), end)
            if self.at > end:
                raise Unreadable("a name runs out of its rdata")
            if rrtype == OPT:
                self.opt = (rrclass, ttl, rdata)
            else:
                records.append((owner, rrtype, rrclass, ttl, rdata))
            self.at = end
        return sorted(records)

    def _rdata(self, rrtype, end):
        start = self.at
        if rrtype in TWO_NAMES:
            names = self._name() + self._name()
            return names + self.octets[self.at:end]
        if rrtype in ("SVCB", "HTTPS"):
            self.at += 2
            return self.octets[start:self.at] + self._name() + self.octets[self.at:end]
        if rrtype == "NAPTR":
            self.at += 4
            for _ in range(3):
                self.at += 1 + self.octets[self.at]
            return self.octets[start:self.at] + self._name()
        if rrtype in NAME_AFTER:
            self.at += NAME_AFTER[rrtype]
            lead = self.octets[start:self.at]
            target = self._name()
            if self.at != end:
                raise Unreadable("octets behind a name")
            return lead + target
        return self.octets[start:end]

    def _name(self):
        out, at, end = b"", self.at, None
        while True:
            length = self.octets[at]
            if length >= 0xc0:
                end = at + 2 if end is None else end
                target = struct.unpack(">H", self.octets[at:at + 2])[0] & 0x3fff
                if target >= at:
                    raise Unreadable("a pointer forwards")
                at = target
                continue
            out += self.octets[at:at + 1 + length]
            at += 1 + length
            if length == 0:
                self.at = at if end is None else end
                return out.lower()


TSIG, ANY = 250, 255
BADSIG, BADKEY, BADTIME, BADTRUNC = 16, 17, 18, 22


class Key:
    """A TSIG key and what a client does with it (RFC 8945 §4.3, §5.3)."""

    HASHES = {"hmac-sha1": hashlib.sha1, "hmac-sha256": hashlib.sha256, "hmac-sha384": hashlib.sha384,
              "hmac-sha512": hashlib.sha512}

    def __init__(self, owner, algorithm, secret):
        self.owner, self.algorithm, self.secret = owner, algorithm, secret

    def mac(self, message, when, prior=b"", fudge=300, error=0, other=b"", timers_only=False):
        times = when.to_bytes(6, "big") + struct.pack(">H", fudge)
        variables = times if timers_only else (
            name(self.owner.lower()) + struct.pack(">HI", ANY, 0) + name(self.algorithm.lower()) + times
            + struct.pack(">HH", error, len(other)) + other)
        lead = struct.pack(">H", len(prior)) + prior if prior else b""
        return hmac.new(self.secret, lead + message + variables, self.HASHES[self.algorithm]).digest()

    def sign(self, packet, when=None, octets=64):
        """The packet with its TSIG, and the MAC for the reply's."""
        when = int(time.time()) if when is None else when
        mac = self.mac(packet, when)[:octets]
        rdata = (name(self.algorithm) + when.to_bytes(6, "big") + struct.pack(">HH", 300, len(mac)) + mac
                 + packet[:2] + struct.pack(">HH", 0, 0))
        record = name(self.owner) + struct.pack(">HHIH", TSIG, ANY, 0, len(rdata)) + rdata
        count = struct.unpack(">H", packet[10:12])[0] + 1
        return packet[:10] + struct.pack(">H", count) + packet[12:] + record, mac

    def check(self, octets, prior, timers_only=False):
        """The reply's TSIG, after its MAC was found right; an empty MAC is not looked at."""
        tsig = Tsig(octets)
        if tsig.mac:
            right = self.mac(tsig.message, tsig.when, prior, tsig.fudge, tsig.error, tsig.other, timers_only)
            if not hmac.compare_digest(right, tsig.mac):
                raise Unreadable("a MAC that is wrong")
        return tsig


class Tsig:
    """The last record of a message, and the message without it."""

    def __init__(self, octets):
        at, start = 12, None
        counts = struct.unpack(">4H", octets[4:12])
        for section, count in enumerate(counts):
            for _ in range(count):
                start = at
                while 0 < octets[at] < 0xc0:
                    at += 1 + octets[at]
                at += 2 if octets[at] else 1
                kind = struct.unpack(">H", octets[at:at + 2])[0]
                at += 4 if section == 0 else 10 + struct.unpack(">H", octets[at + 8:at + 10])[0]
        if counts[3] == 0 or kind != TSIG:
            raise Unreadable("no TSIG")
        self.message = octets[:10] + struct.pack(">H", counts[3] - 1) + octets[12:start]
        at = octets.index(b"\0", start) + 11
        at = octets.index(b"\0", at) + 1
        self.when = int.from_bytes(octets[at:at + 6], "big")
        self.fudge, size = struct.unpack(">HH", octets[at + 6:at + 10])
        self.mac = octets[at + 10:at + 10 + size]
        self.error = struct.unpack(">H", octets[at + 12 + size:at + 14 + size])[0]
        self.other = octets[at + 16 + size:]


class Client:
    """Asks one server, over UDP or one kept connection."""

    def __init__(self, port, host=HOST):
        self.port, self.host = port, host
        self.udp_socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.udp_socket.settimeout(2)
        self.udp_socket.connect((host, port))
        self.connection = None

    def close(self):
        self.udp_socket.close()
        if self.connection:
            self.connection.close()

    def udp(self, packet):
        for _ in range(3):
            with contextlib.suppress(OSError):
                self.udp_socket.send(packet)
                while True:
                    octets = self.udp_socket.recv(65535)
                    if octets[:2] == packet[:2]:
                        return Reply(octets)
        return None

    def udp_all(self, packets):
        """The replies to packets of different identities that are all sent before any is awaited; None for what is silent."""
        replies = {}
        for _ in range(3):
            for packet in packets:
                if packet[:2] not in replies:
                    self.udp_socket.send(packet)
            with contextlib.suppress(OSError):
                while len(replies) < len(packets):
                    octets = self.udp_socket.recv(65535)
                    replies[octets[:2]] = octets
        return [replies.get(packet[:2]) for packet in packets]

    def tcp_all(self, packets):
        """The same, pipelined over the kept connection; replies may come in any order."""
        replies = {}
        for _ in range(3):
            missing = [packet for packet in packets if packet[:2] not in replies]
            with contextlib.suppress(OSError, EOFError):
                if missing:
                    self.connection = self.connection or connect(self.port, self.host)
                    send(self.connection, *missing)
                for _ in missing:
                    octets = receive(self.connection)
                    replies[octets[:2]] = octets
                break
            self.connection = None
        return [replies.get(packet[:2]) for packet in packets]

    def tcp(self, packet):
        for _ in range(2):
            with contextlib.suppress(OSError):
                self.connection = self.connection or connect(self.port, self.host)
                send(self.connection, packet)
                return Reply(receive(self.connection))
            self.connection = None
        return None


def connect(port, host=HOST):
    connection = socket.create_connection((host, port), timeout=PATIENCE)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def framed(packet):
    return struct.pack(">H", len(packet)) + packet


def send(connection, *packets):
    connection.sendall(b"".join(framed(packet) for packet in packets))


def receive_octets(connection, count):
    octets = b""
    while len(octets) < count:
        more = connection.recv(count - len(octets))
        if not more:
            raise EOFError(f"closed after {len(octets)} of {count} octets")
        octets += more
    return octets


def receive(connection):
    return receive_octets(connection, struct.unpack(">H", receive_octets(connection, 2))[0])


def is_closed(connection):
    """True once the server has closed it; nothing may come before."""
    try:
        return connection.recv(1) == b""
    except ConnectionResetError:
        return True


def resident_kib(process):
    for line in pathlib.Path(f"/proc/{process.pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1])
    raise AssertionError("no VmRSS")


def wait_until(what, condition):
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        value = condition()
        if value:
            return value
        time.sleep(0.02)
    raise AssertionError(f"not within {PATIENCE} s: {what}")


@contextlib.contextmanager
def running(words, log):
    """A program that ends with the block; its output goes to `log`."""
    with open(log, "wb") as out:
        child = subprocess.Popen([str(word) for word in words], stdout=out, stderr=out, stdin=subprocess.DEVNULL)
    try:
        yield child
    finally:
        child.terminate()
        try:
            child.wait(10)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


START_ATTEMPTS = 5


class PortLost(Exception):
    """Somebody else took the port between the look and the bind, or the program ended for another reason."""


@contextlib.contextmanager
def foreign(name, folder, words, question):
    """A server of others, from port to log: words(port) writes its configuration and gives its command line. It is there
    once it answers the packet `question`. Gives a Client and the process; a failure to start shows its log."""
    for attempt in range(START_ATTEMPTS):
        log = folder / f"{name}-{attempt}.log"
        port = free_port(HOST)
        with running(words(port), log) as child, contextlib.closing(Client(port)) as client:
            try:
                wait_until(f"{name} answers on port {port}", lambda: is_answering(child, log, client, question))
            except PortLost:
                continue
            except AssertionError as silent:
                raise AssertionError(f"{silent}; its log:\n{log.read_text(errors='replace')}") from None
            yield client, child
            return
    raise AssertionError(f"{name} did not start in {START_ATTEMPTS} attempts; its last log:\n{log.read_text(errors='replace')}")


def is_answering(child, log, client, question):
    # named goes on without the address that it could not bind.
    if child.poll() is not None or re.search(r"address (already )?in use", log.read_text(errors="replace"), re.I):
        raise PortLost
    return getattr(client.udp(question), "answer", None)


CONFIG = """[server]
name = "wire"
[http]
listen = ["127.0.0.1:0"]
[store]
kind = "memory"
"""


@contextlib.contextmanager
def musterd(config="", dns=""):
    """A server with this configuration and these keys of [dns]; gives a Client and the folder of its configuration."""
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        with serving(folder, config, dns) as client:
            yield client


@contextlib.contextmanager
def serving(folder, config="", dns=""):
    file, log = folder / "musterd.toml", folder / "musterd.log"
    file.write_text(f'{CONFIG}[dns]\nlisten = ["{HOST}:0"]\nudp_threads = 1\n{dns}\n{config}')
    with running([BIN / "musterd", "--config", file], log) as child:
        def port():
            if child.poll() is not None:
                raise AssertionError(f"musterd ended:\n{log.read_text()}")
            return re.search(rf'dns="?{HOST}:(\d+).*http="?{HOST}:(\d+)', log.read_text())
        ports = wait_until("musterd serves", port)
        client = Client(int(ports[1]))
        client.process, client.http_port = child, int(ports[2])
        with contextlib.closing(client):
            yield client
