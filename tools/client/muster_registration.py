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
import socket
import threading
import time
import urllib.error
import urllib.parse
import urllib.request

LONGEST_DRAIN = 60.0  # seconds
LONGEST_PAUSE = 16.0
log = logging.getLogger("muster")


class Registration:
    """`more`: further members of the registration, as `weight=10` or `tags={"az": "a"}`."""

    def __init__(self, service, port, address="auto", instance=None, server=None, token_file=None, **more):
        self._server = (server or os.environ.get("MUSTER_SERVER") or "http://127.0.0.1:8053").rstrip("/")
        token_file = token_file or os.environ.get("MUSTER_TOKEN_FILE")
        self._token = open(token_file, encoding="ascii").readline().strip() if token_file else None
        instance = instance or f"{socket.gethostname()}-{os.getpid()}"
        self.name = f"{service}/{instance}"
        self._path = "/api/v1/services/{}/instances/{}".format(*(urllib.parse.quote(part, safe="") for part in (service, instance)))
        self._body = {"addresses": [address], "port": port, **more}
        self._generation = time.time_ns() // 1_000_000
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        self._stop = threading.Event()
        self.registered = False
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        """Answer requests until it returns."""
        self._stop.set()
        self._thread.join()

    def _ask(self, method, path, body=None):
        """The status, 0 when nobody answered, and the reply."""
        headers = {"Content-Type": "application/json"}
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self._server + path, data, headers, method=method)
        try:
            with self._opener.open(request, timeout=5) as reply:
                return reply.status, json.loads(reply.read() or b"{}")
        except urllib.error.HTTPError as error:
            return error.code, {"message": error.read().decode(errors="replace")}
        except (OSError, ValueError) as error:
            return 0, {"message": str(error)}

    def _beat(self):
        status, reply = self._ask("POST", self._path + "/heartbeat", {"generation": self._generation, "instance": self._body})
        return 200 <= status < 300, reply

    def _run(self):
        pause = 1.0
        while not self._stop.is_set():
            good, reply = self._beat()
            if good != self.registered:
                log.log(logging.INFO if good else logging.WARNING, "%s %s", self.name, "registered" if good else reply.get("message"))
            self.registered = good
            pause = 1.0 if good else min(pause * 2, LONGEST_PAUSE)
            self._stop.wait(reply.get("heartbeat_in_ms", 10_000) / 1000 if good else pause)
        if not self.registered:
            return
        status, reply = self._ask("POST", self._path + "/drain", {"reason": "stopping"})
        if status == 200:
            time.sleep(min((reply.get("safe_stop_in_ms") or 0) / 1000, LONGEST_DRAIN))
        self._ask("DELETE", f"{self._path}?generation={self._generation}")
        self.registered = False
