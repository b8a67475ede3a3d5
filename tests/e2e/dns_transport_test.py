"""UDP and TCP as clients and strangers use them (RFC 7766, 9210): pieces, pipelines, ends, idleness, limits."""

import socket
import struct
import time
import unittest

import wire

SERVICE = """[[source.static]]
service = "web"
instances = [{ id = "i1", address = "10.0.0.7", port = 80 }]
"""
QUERY = wire.query("web.svc.internal.", "A")
ADDRESS = bytes([10, 0, 0, 7])


class Transport(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = wire.musterd(SERVICE, dns='tcp_idle = "1s"\ntcp_connections = 4')
        cls.client = cls.server.__enter__()
        cls.addClassCleanup(cls.server.__exit__, None, None, None)

    def connect(self):
        connection = wire.connect(self.client.port)
        self.addCleanup(connection.close)
        return connection

    def assert_answer(self, octets, identity=1):
        reply = wire.Reply(octets)
        self.assertEqual(reply.identity, identity)
        self.assertEqual([record[4] for record in reply.answer], [ADDRESS])

    def test_a_pipeline_of_300_in_one_segment_is_answered_once_each(self):
        connection = self.connect()
        wire.send(connection, *(wire.query("web.svc.internal.", "A", identity) for identity in range(300)))
        got = [wire.Reply(wire.receive(connection)).identity for _ in range(300)]
        self.assertEqual(sorted(got), list(range(300)))
        connection.settimeout(0.2)
        with self.assertRaises(TimeoutError, msg="nothing comes twice"):
            connection.recv(1)

    def test_a_query_may_come_octet_by_octet(self):
        connection = self.connect()
        for octet in wire.framed(QUERY):
            connection.sendall(bytes([octet]))
        self.assert_answer(wire.receive(connection))

    def test_a_half_closed_client_gets_every_answer(self):
        connection = self.connect()
        wire.send(connection, *[QUERY] * 50)
        connection.shutdown(socket.SHUT_WR)
        for _ in range(50):
            self.assert_answer(wire.receive(connection))
        self.assertTrue(wire.is_closed(connection))

    def test_errors_do_not_close_what_is_no_query_does(self):
        connection = self.connect()
        status = struct.pack(">6H", 5, 0x1000, 0, 0, 0, 0)
        for packet, rcode in ((status, 4), (QUERY + b"\0", 1), (wire.query("a.", "A"), 5)):
            wire.send(connection, packet)
            self.assertEqual(wire.Reply(wire.receive(connection)).rcode, rcode)
        for packet, why in ((b"\0" * 11, "no header"), (QUERY[:2] + b"\x80" + QUERY[3:], "a response")):
            with self.subTest(why):
                connection = self.connect()
                wire.send(connection, QUERY, packet)
                self.assert_answer(wire.receive(connection))
                self.assertTrue(wire.is_closed(connection))

    def test_a_query_of_65535_octets_is_answered(self):
        options = b"".join(struct.pack(">HH", 65001, 1000) + b"\0" * 1000 for _ in range(65))
        room = 65535 - len(QUERY) - 11 - len(options) - 4
        options += struct.pack(">HH", 65002, room) + b"\0" * room
        packet = bytearray(QUERY + b"\0" + struct.pack(">HHIH", wire.OPT, 1232, 0, len(options)) + options)
        packet[11] = 1
        self.assertEqual(len(packet), 65535)
        connection = self.connect()
        wire.send(connection, bytes(packet))
        self.assert_answer(wire.receive(connection))

    def test_half_a_message_does_not_keep_a_connection(self):
        connection = self.connect()
        connection.sendall(wire.framed(QUERY)[:9])
        began = time.monotonic()
        self.assertTrue(wire.is_closed(connection))
        self.assertGreater(time.monotonic() - began, 0.9)

    def test_the_connection_longest_without_a_query_makes_room(self):
        connections = [self.connect() for _ in range(4)]
        for connection in connections:
            wire.send(connection, QUERY)
            self.assert_answer(wire.receive(connection))
        wire.send(connections[0], QUERY)
        self.assert_answer(wire.receive(connections[0]))
        fifth = self.connect()
        wire.send(fifth, QUERY)
        self.assert_answer(wire.receive(fifth))
        self.assertTrue(wire.is_closed(connections[1]))
        wire.send(connections[0], QUERY)
        self.assert_answer(wire.receive(connections[0]))

    def test_who_does_not_read_is_closed_and_nobody_waits_for_him(self):
        stalled = socket.socket()
        self.addCleanup(stalled.close)
        stalled.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        stalled.connect((wire.HOST, self.client.port))
        stalled.settimeout(0.5)
        flood = wire.framed(wire.query("svc.internal.", "SOA")) * 1000
        try:
            for _ in range(1000):
                stalled.sendall(flood)
            self.fail("its input never paused")
        except (TimeoutError, ConnectionError):
            pass
        self.assertEqual(len(self.client.udp(QUERY).answer), 1)
        other = self.connect()
        wire.send(other, QUERY)
        self.assert_answer(wire.receive(other))


if __name__ == "__main__":
    unittest.main()
