"""A DNS server as musterd's upstream, over UDP and TCP at one port, that does what a test tells it, and remembers what
it was asked, octet by octet."""

import collections
import socket
import struct
import threading

from dns_listener import DnsListener

Question = collections.namedtuple("Question", "name raw kind identity port transport flags octets")


def labels_of(packet):
    labels, at = [], 12
    while packet[at]:
        labels.append(packet[at + 1:at + 1 + packet[at]])
        at += 1 + packet[at]
    return labels, at + 5


class Upstream(DnsListener):
    """`records` holds name → (ttl, addresses); `ways` name → what is done instead of an answer:
    "silent", "servfail", "refused", "garbage", "folded" (the question in small letters, over UDP), "other" (another
    question), "cut" (TC over UDP), "deaf" (TC over UDP, and by TCP nothing), "slow" (after 0.4 s), "formerr" (to whoever sends an OPT, as from before 1999), "formerr_always", "mirror" (asks `mirror`, in the same letters, and passes the answer on). The name ""
    is all names without a way of their own."""

    def __init__(self, address):
        self.lock = threading.Lock()
        self.records, self.ways, self.delay, self.mirror, self.authenticated = {}, {}, 0.0, None, False
        self.asked = []
        super().__init__(address)
        self.text = f"{self.at[0]}:{self.at[1]}"

    def count(self, name=None):
        with self.lock:
            return sum(name in (None, question.name) for question in self.asked)

    def datagram(self, packet, client):
        self.answer(packet, client[1], "udp", lambda reply: self.udp.sendto(reply, client))

    def connection(self, connection, client):
        with connection:
            while len(head := connection.recv(2)) == 2:
                packet = connection.recv(struct.unpack(">H", head)[0])
                self.answer(packet, client[1], "tcp", lambda reply: connection.sendall(struct.pack(">H", len(reply)) + reply))

    def answer(self, packet, port, transport, send):
        labels, end = labels_of(packet)
        raw = b".".join(labels).decode()
        kind = struct.unpack_from(">H", packet, end - 4)[0]
        question = Question(raw.lower(), raw, kind, struct.unpack(">H", packet[:2])[0], port, transport, struct.unpack_from(">H", packet, 2)[0], packet)
        with self.lock:
            self.asked.append(question)
            way = self.ways.get(question.name, self.ways.get("", ""))
        if way == "mirror":
            return threading.Thread(target=self.reflect, args=(packet, send), daemon=True).start()
        reply = self.reply(packet, end, question, way)
        if reply is None:
            return
        delay = 0.4 if way == "slow" else self.delay
        if delay:
            threading.Timer(delay, self.send_quietly, (send, reply)).start()
        else:
            self.send_quietly(send, reply)

    def reflect(self, packet, send):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
            asking.bind((self.mirror[0], 0))
            asking.settimeout(10)
            asking.sendto(packet, self.mirror)
            self.send_quietly(send, asking.recv(4096))

    @staticmethod
    def send_quietly(send, reply):
        try:
            send(reply)
        except OSError:  # who asked is gone
            pass

    def reply(self, packet, end, question, way):
        if way == "silent" or (way == "deaf" and question.transport == "tcp"):
            return None
        if way == "garbage":
            return packet[:2] + b"\xff" * 40
        name = packet[12:end]
        if way == "folded" and question.transport == "udp":
            name = name[:-4].lower() + name[-4:]
        if way == "other":
            name = b"\5other" + name
        if way == "formerr" and struct.unpack_from(">H", packet, 10)[0]:
            return packet[:2] + struct.pack(">5H", 0x8181, 1, 0, 0, 0) + packet[12:end]
        if way == "formerr_always":
            return packet[:2] + struct.pack(">5H", 0x8181, 1, 0, 0, 0) + packet[12:end]
        rcode = {"servfail": 2, "refused": 5}.get(way, 0)
        flags, answers, authority = 0x8180 | rcode | (0x20 if self.authenticated and question.flags & 0x20 else 0), [], []
        if not rcode and way in ("cut", "deaf") and question.transport == "udp":
            flags |= 0x0200
        elif not rcode and question.name in self.records:
            ttl, addresses = self.records[question.name]
            if question.kind == 1:
                answers = [b"\xc0\x0c" + struct.pack(">HHIH", 1, 1, ttl, 4) + socket.inet_aton(one) for one in addresses]
        elif not rcode:
            flags |= 3
        if not rcode and not answers and not flags & 0x0200:
            soa = b"\2ns\0\2ns\0" + struct.pack(">5I", 1, 2, 3, 4, 60)
            authority = [b"\0" + struct.pack(">HHIH", 6, 1, 60, len(soa)) + soa]
        opt = b"" if way == "formerr" else b"\0" + struct.pack(">HHIH", 41, 1232, 0, 0)
        head = packet[:2] + struct.pack(">5H", flags, 1, len(answers), len(authority), 1 if opt else 0)
        return head + name + b"".join(answers + authority) + opt
