"""Registers one instance of a service with musterd, keeps it registered, and takes it out again without a failed request.

    from muster_registration import Registration

    with Registration("web", 8080):
        serve_until_sigterm()

A thread sends heartbeats, each with the whole instance: a musterd that is away, restarts or forgets is tried again. Leaving the
block drains, waits until no resolver can still hold the address, and deregisters. MUSTER_SERVER and MUSTER_TOKEN_FILE are
read as `muster` reads them. Python 3.8 or later, nothing else.
"""

import json
import logging
import os
import secrets
import socket
import threading
import time
import urllib.error
import urllib.parse
import urllib.request

LONGEST_DRAIN = 60.0  # seconds
BLIND_DRAIN = 5.0  # where musterd cannot say how long
LONGEST_PAUSE = 16.0
LONGEST_REQUEST = 5.0
MOST_OCTETS = 1 << 20  # of a reply
log = logging.getLogger("muster")


class Registration:
    """`more`: further members of the registration, as `weight=10` or `tags={"az": "a"}`."""

    def __init__(self, service, port, address="auto", instance=None, server=None, token_file=None, **more):
        self._server = (server or os.environ.get("MUSTER_SERVER") or "http://127.0.0.1:8053").rstrip("/")
        token_file = token_file or os.environ.get("MUSTER_TOKEN_FILE")
        self._token = open(token_file, encoding="ascii").readline().strip() if token_file else None
        # Process ids are alike in all containers of a host.
        instance = instance or f"{socket.gethostname()}-{secrets.randbits(32)}"
        self.name = f"{service}/{instance}"
        self._path = "/api/v1/services/{}/instances/{}".format(*(urllib.parse.quote(part, safe="") for part in (service, instance)))
        self._body = {"addresses": [address], "port": port, **more}
        self._generation = time.time_ns() // 1_000_000
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        self._stop = threading.Event()
        self.registered = False
        self._pause = 1.0
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        """Answer requests until it returns."""
        self._stop.set()
        self._thread.join(LONGEST_DRAIN + 6 * LONGEST_REQUEST)

    def _ask(self, method, path, body=None):
        """The status, 0 when nobody answered, and the reply, an object."""
        headers = {"Content-Type": "application/json"}
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        try:
            data = None if body is None else json.dumps(body).encode()
            request = urllib.request.Request(self._server + path, data, headers, method=method)
            with self._opener.open(request, timeout=LONGEST_REQUEST) as reply:
                text = self._read(reply)
                status = reply.status
            found = json.loads(text or b"{}")
            return (status, found) if isinstance(found, dict) else (0, {"message": "the reply is no object"})
        except urllib.error.HTTPError as error:
            return error.code, {"message": self._read(error).decode(errors="replace")}
        except Exception as error:  # whatever a server that is none says: the next heartbeat tries again
            return 0, {"message": f"{type(error).__name__}: {error}"}

    @staticmethod
    def _read(reply):
        """In bounded time, however slowly it comes."""
        until = time.monotonic() + LONGEST_REQUEST
        text = b""
        while part := reply.read1(65536):
            text += part
            if time.monotonic() > until or len(text) > MOST_OCTETS:
                raise TimeoutError("the reply has no end")
        return text

    def _beat(self):
        """Seconds until the next."""
        status, reply = self._ask("POST", self._path + "/heartbeat", {"generation": self._generation, "instance": self._body})
        good = 200 <= status < 300
        if good != self.registered or (not good and self._pause == 1.0):
            log.log(logging.INFO if good else logging.WARNING, "%s %s", self.name, "registered" if good else reply.get("message"))
        self.registered = good
        self._pause = 1.0 if good else min(self._pause * 2, LONGEST_PAUSE)
        return milliseconds(reply, "heartbeat_in_ms", 10_000) / 1000 if good else self._pause

    def _run(self):
        while not self._stop.wait(self._beat()):
            pass
        # Whatever the last heartbeat came to: musterd, or a resolver, may know of us.
        status, reply = self._ask("POST", self._path + "/drain", {"reason": "stopping"})
        left = milliseconds(reply, "safe_stop_in_ms", 0) / 1000 if status == 200 else BLIND_DRAIN
        until = time.monotonic() + min(left, LONGEST_DRAIN)
        while (left := until - time.monotonic()) > 0:
            # What drains stays registered, so that who balances load goes on with its connections.
            time.sleep(min(left, self._beat() if status == 200 else left))
        self._ask("DELETE", f"{self._path}?generation={self._generation}")
        self.registered = False


def milliseconds(reply, name, fallback):
    value = reply.get(name)
    return value if isinstance(value, (int, float)) and value >= 0 else fallback
