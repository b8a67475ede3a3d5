"""UDP and TCP at one address and port, for the tests' own DNS servers: a subclass says what becomes of a datagram and of a
connection."""

import socket
import threading


class DnsListener:
    """With port 0 at a free one, the same for both."""

    def __init__(self, address, port=0):
        while True:
            self.udp, self.tcp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM), socket.socket()
            self.tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                self.udp.bind((address, port))
                self.tcp.bind(self.udp.getsockname())
                break
            except OSError:
                self.udp.close()
                self.tcp.close()
                if port:
                    raise
        self.tcp.listen(64)
        self.udp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
        self.at = self.udp.getsockname()
        self.serving = [threading.Thread(target=serve, daemon=True) for serve in (self.serve_udp, self.serve_tcp)]
        for thread in self.serving:
            thread.start()

    def close(self):
        for one in (self.udp, self.tcp):
            try:
                one.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass  # UDP says that it is not connected, and wakes its reader all the same
        for thread in self.serving:
            thread.join()
        self.udp.close()
        self.tcp.close()

    def serve_udp(self):
        while True:
            try:
                packet, client = self.udp.recvfrom(4096)
            except OSError:
                return
            if not packet:
                return
            self.datagram(packet, client)

    def serve_tcp(self):
        while True:
            try:
                connection, client = self.tcp.accept()
            except OSError:
                return
            threading.Thread(target=self.connection, args=(connection, client), daemon=True).start()
