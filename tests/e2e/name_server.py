"""A small DNS server on a free UDP port: A records that the test may change, names that do not exist, and silence."""

import socket
import struct
import threading


def question_of(packet):
    """Name in lower case, type, and where the question ends."""
    labels, at = [], 12
    while packet[at]:
        labels.append(packet[at + 1:at + 1 + packet[at]].decode().lower())
        at += 1 + packet[at]
    return ".".join(labels), struct.unpack_from(">H", packet, at + 1)[0], at + 5


class NameServer:
    def __init__(self, address):
        self.lock = threading.Lock()
        self.records = {}  # name: addresses
        self.silent = False
        self.asked = []  # names, once for each question for A
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((address, 0))
        self.address = self.socket.getsockname()
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def set(self, name, *addresses):
        with self.lock:
            self.records[name] = addresses

    def count(self, name):
        with self.lock:
            return self.asked.count(name)

    def serve(self):
        while True:
            try:
                packet, client = self.socket.recvfrom(4096)
            except OSError:
                return
            reply = self.reply(packet)
            if reply:
                self.socket.sendto(reply, client)

    def reply(self, packet):
        name, kind, end = question_of(packet)
        with self.lock:
            if kind == 1:
                self.asked.append(name)
            if self.silent:
                return None
            known, found = name in self.records, self.records.get(name, ())
        answers = [b"\xc0\x0c" + struct.pack(">HHIH", 1, 1, 1, 4) + socket.inet_aton(one) for one in found if kind == 1]
        head = packet[:2] + struct.pack(">5H", 0x8180 if known else 0x8183, 1, len(answers), 0, 0)
        return head + packet[12:end] + b"".join(answers)

    def close(self):
        self.socket.close()
