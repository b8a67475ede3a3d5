"""Backends at every address of this machine, one port, in a process of their own, so that what they cost is nobody
else's. They answer HTTP, 200 or what they are told, or greet: say at once at which address they were reached."""
import contextlib
import multiprocessing
import os
import select
import socket
import time

BACKLOG = 4096
PATIENCE = 20  # seconds
GREETED = 64  # octets that a greeting has at most


class Crowd:
    """Ended at the end of the with-block."""

    def __init__(self, cpus=None, greets=False, port=0, family=socket.AF_INET):
        self._cpus, self._greets, self._family = cpus, greets, family
        self.port = port

    def __enter__(self):
        listener = socket.socket(self._family)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("", self.port))
        listener.listen(BACKLOG)
        listener.setblocking(False)
        self.port = listener.getsockname()[1]
        here, there = multiprocessing.Pipe()
        self._pipe = here
        fork = multiprocessing.get_context("fork")
        self._process = fork.Process(target=self._run, args=(listener, here, there), daemon=True)
        self._process.start()
        listener.close()
        there.close()
        return self

    def __exit__(self, *_):
        self._pipe.close()
        self._process.terminate()
        self._process.join()

    def tell(self, address, status):
        """From now on this is what its reply says. told() gets it each time it was said, 200 only once."""
        self._pipe.send((address, status))

    def told(self, seconds):
        """Address, status and the monotonic time right before the reply; None when there was none so long."""
        return self._pipe.recv() if self._pipe.poll(seconds) else None

    def _run(self, listener, here, there):
        here.close()
        if self._cpus:
            os.sched_setaffinity(0, self._cpus)
        with contextlib.suppress(EOFError, KeyboardInterrupt):
            (_Greeting if self._greets else _Answering)(listener, there).serve()


class _Serving:
    def __init__(self, listener, pipe):
        self._listener, self._pipe = listener, pipe
        self._poll = select.epoll()
        for one in (listener, pipe):
            self._poll.register(one.fileno(), select.EPOLLIN)
        self._open = {}

    def serve(self):
        while True:
            for number, _ in self._poll.poll():
                if number == self._listener.fileno():
                    self._accept()
                elif number == self._pipe.fileno():
                    self.heed(*self._pipe.recv())
                else:
                    self._read(number)

    def _accept(self):
        with contextlib.suppress(BlockingIOError):
            while True:
                connection, _ = self._listener.accept()
                connection.setblocking(False)
                if self.meet(connection):
                    self._open[connection.fileno()] = connection
                    self._poll.register(connection.fileno(), select.EPOLLIN)
                else:
                    connection.close()

    def _read(self, number):
        connection = self._open[number]
        with contextlib.suppress(OSError):
            if head := connection.recv(4096):
                self.answer(connection, head)
        del self._open[number]
        connection.close()


class _Answering(_Serving):
    def __init__(self, listener, pipe):
        super().__init__(listener, pipe)
        self._said = {}

    def heed(self, address, status):
        self._said[address] = status

    @staticmethod
    def meet(_):
        return True

    def answer(self, connection, _):
        status, address = 200, None
        if self._said:
            address = connection.getsockname()[0]
            status = self._said.get(address, 200)
        # What is told of a reply is the moment before it: later would make the server under test look faster.
        sent = time.monotonic()
        connection.send(b"HTTP/1.1 %d Said\r\nContent-Length: 0\r\n\r\n" % status)
        if address in self._said:
            self._pipe.send((address, status, sent))
            if status == 200:
                del self._said[address]


class _Greeting(_Serving):
    @staticmethod
    def meet(connection):
        with contextlib.suppress(OSError):
            connection.send(connection.getsockname()[0].encode())
        return False


def greeted(to):
    """Connects, and returns who was there."""
    with socket.create_connection(to, PATIENCE) as connection:
        return connection.recv(GREETED).decode().removeprefix("::ffff:")
