"""A backend whose manners are chosen while it runs: what it does with each connection."""
import socket
import struct
import threading
import time


class Backend:
    """On one address; `port` stays the same while it goes down and comes back."""

    def __init__(self, address, port=0):
        self.address, self.mode, self.asked = address, "200", []
        self._listener, self._held = None, []
        self.port = port
        self.up()

    def up(self, mode="200"):
        self.mode = mode
        if self._listener is not None:
            return
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((self.address, self.port))
        listener.listen(64)
        self.port = listener.getsockname()[1]
        self._listener = listener
        threading.Thread(target=self._accept, args=(listener,), daemon=True).start()

    def down(self):
        """Connections are refused."""
        listener, self._listener = self._listener, None
        if listener is not None:
            listener.shutdown(socket.SHUT_RDWR)
            listener.close()

    def close(self):
        self.down()
        for held in self._held:
            held.close()

    def _accept(self, listener):
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        connection.settimeout(10)
        try:
            self._answer(connection)
        except OSError:
            connection.close()

    def _answer(self, connection):
        mode = self.mode
        head = b""
        while b"\r\n\r\n" not in head:
            octets = connection.recv(4096)
            if not octets:
                return connection.close()
            head += octets
        self.asked.append(head.decode())
        if mode == "hang":
            return self._held.append(connection)
        if mode == "reset":
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        elif mode == "garbage":
            connection.sendall(b"\x00\x01\x02 not http\r\n")
        elif mode == "drip":
            for octet in b"HTTP/1.1 200 OK\r\nA: " + b"x" * 1000:
                connection.sendall(bytes([octet]))
                time.sleep(0.05)
        elif mode != "close":
            if mode == "late":
                time.sleep(0.25)
                mode = "200"
            if mode == "103":
                connection.sendall(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n")
                mode = "200"
            connection.sendall(f"HTTP/1.1 {mode} Said\r\nContent-Length: 0\r\n\r\n".encode())
        return connection.close()
