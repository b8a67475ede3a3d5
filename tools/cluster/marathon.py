"""A simulated Marathon: apps and pods that a test or the demonstration changes, told over /v2/apps, /v2/tasks, /v2/pods and the event stream,
with its followers, its older versions and every way in which it can fail. Field names are those of Marathon 1.11."""

import contextlib
import http.server
import json
import queue
import socket
import threading
import time
import urllib.parse

from .mesos import send, send_json

RUNNING = "TASK_RUNNING"


class App:
    def __init__(self, identity, ports=1, labels=None, checks=0, service_port=10000, wanted=None):
        self.id, self.ports, self.labels, self.checks = identity, ports, labels or {}, checks
        self.service_port, self.wanted = service_port, wanted
        self.tasks = {}
        self.deployments = []
        self.hides_tasks = False  # lists none though there are

    def add(self, identity, host, first_port=31000, alive=(), state=RUNNING):
        self.tasks[identity] = {
            "appId": self.id, "id": identity, "host": host, "slaveId": f"{host}-S0", "state": state,
            "ports": [first_port + n for n in range(self.ports)], "ipAddresses": [{"ipAddress": host, "protocol": "IPv4"}],
            "servicePorts": [self.service_port + n for n in range(self.ports)], "startedAt": "2026-01-02T03:04:05.678Z",
            "stagedAt": "2026-01-02T03:04:04.678Z", "version": "2026-01-02T03:04:00.000Z", "role": "*",
            "healthCheckResults": [{"instanceId": identity, "alive": one, "consecutiveFailures": 0} for one in alive]}
        return self.tasks[identity]

    def json(self):
        return {"id": self.id, "labels": self.labels, "version": "2026-01-02T03:04:00.000Z",
                "instances": len(self.tasks) if self.wanted is None else self.wanted,
                "healthChecks": [{"protocol": "HTTP", "path": "/", "portIndex": 0}] * self.checks,
                "networks": [{"mode": "host"}], "deployments": [{"id": one} for one in self.deployments],
                "portDefinitions": [{"port": self.service_port + n, "protocol": "tcp", "name": f"p{n}"}
                                    for n in range(self.ports)],
                "tasks": [] if self.hides_tasks else list(self.tasks.values())}


class Pod:
    def __init__(self, identity):
        self.id, self.instances = identity, []

    def add(self, identity, host, port, status="STABLE"):
        self.instances.append({
            "id": identity, "status": status, "agentHostname": host, "agentId": f"{host}-S0", "networks": [],
            "containers": [{"name": "main", "status": "TASK_RUNNING", "containerId": f"{identity}.main",
                            "endpoints": [{"name": "http", "allocatedHostPort": port}]}]})

    def json(self):
        return {"id": self.id, "spec": {"id": self.id, "containers": [{"name": "main", "endpoints": [
            {"name": "http", "hostPort": 0, "protocol": ["tcp"]}]}]}, "instances": self.instances}


class Marathons:
    """What all of them know; changed under `lock`."""

    def __init__(self):
        self.lock = threading.RLock()
        self.apps, self.pods = {}, {}

    def app(self, *args, **options):
        app = App(*args, **options)
        with self.lock:
            self.apps[app.id] = app
        return app

    def pod(self, identity):
        with self.lock:
            self.pods[identity] = Pod(identity)
        return self.pods[identity]


class Marathon:
    """One Marathon on an address of its own; `leader` is another that its events are at. `age`: "pods" has no pods,
    "apps" no /v2/apps either, "text" nothing but the tasks as text."""

    def __init__(self, known, address, leader=None, age="", streams=True, login=None):
        self.known, self.leader, self.age, self.streams, self.login = known, leader, age, streams, login
        self.fault = None  # a function of (handler) that answers instead
        self.knows_no_app = False  # asked for one by its name
        self.requests = []
        self.subscribers = []
        marathon = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def do_GET(self):
                marathon.answer(self)

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 64

            def handle_error(self, *_):
                pass  # a client that went away

        self.server = Server((address, 0), Handler)
        self.address = f"{address}:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    @property
    def url(self):
        return f"http://{self.address}"

    def close(self):
        self.drop_streams()
        self.server.shutdown()
        self.server.server_close()

    def paths(self):
        return [urllib.parse.urlsplit(path).path for path, _ in self.requests]

    def answer(self, handler):
        self.requests.append((handler.path, dict(handler.headers)))
        if self.login and handler.headers.get("Authorization") != self.login:
            return send(handler, 401, b"who are you?")
        url = urllib.parse.urlsplit(handler.path)
        if self.fault is not None and (url.path != "/v2/events" or not getattr(self.fault, "of_state", False)):
            return self.fault(handler)
        if url.path == "/v2/events":
            return self.events(handler)
        with self.known.lock:
            if url.path.startswith("/v2/apps") and self.age not in ("apps", "text"):
                return self.answer_apps(handler, urllib.parse.unquote(url.path), urllib.parse.parse_qs(url.query))
            if url.path == "/v2/pods/::status" and not self.age:
                return send_json(handler, [pod.json() for pod in self.known.pods.values()])
            if url.path == "/v2/tasks":
                return self.answer_tasks(handler)
        return send(handler, 404, b"")

    def answer_apps(self, handler, path, query):
        if path == "/v2/apps":
            key, _, value = query.get("label", [""])[0].partition("==")
            return send_json(handler, self.apps(lambda app: not key or app.labels.get(key) == value))
        app = self.known.apps.get("/" + path.removeprefix("/v2/apps/").strip("/"))
        return send_json(handler, {"app": app.json()}) if app and not self.knows_no_app else send(handler, 404, b'{"message":"no such app"}')

    def apps(self, wanted=lambda _: True):
        with self.known.lock:
            return {"apps": [app.json() for app in self.known.apps.values() if wanted(app)]}

    def answer_tasks(self, handler):
        tasks = [(app, task) for app in self.known.apps.values() for task in app.tasks.values()]
        if self.age != "text":
            return send_json(handler, {"tasks": [task for _, task in tasks]})
        if handler.headers.get("Accept") != "text/plain":
            return send(handler, 406, b"")
        lines = [f"{app.id.strip('/').replace('/', '_')}\t{app.service_port + n}\t" +
                 "".join(f"{task['host']}:{task['ports'][n]}\t" for task in app.tasks.values()) + "\n"
                 for app in self.known.apps.values() for n in range(app.ports)]
        send(handler, 200, "".join(lines).encode(), [("Content-Type", "text/plain")])

    def events(self, handler):
        if self.leader is not None:
            handler.send_response(302)
            handler.send_header("X-Marathon-Leader", self.leader.url)
            handler.send_header("Location", self.leader.url + handler.path)
            handler.send_header("Content-Length", "0")
            return handler.end_headers()
        if not self.streams:
            return send(handler, 404, b"")
        frames = queue.Queue()
        self.subscribers.append(frames)
        frames.put(("event_stream_attached", {"remoteAddress": "127.0.0.1"}))
        handler.send_response(200)
        handler.send_header("Content-Type", "text/event-stream")
        handler.send_header("Connection", "close")
        handler.end_headers()
        with contextlib.suppress(OSError):
            while True:
                try:
                    frame = frames.get(timeout=1.0)
                except queue.Empty:
                    frame = ()
                if frame is None:
                    break
                text = f"event: {frame[0]}\r\ndata: {json.dumps(frame[1])}\r\n\r\n" if frame else "\r\n"
                handler.wfile.write(text.encode())
                handler.wfile.flush()
        handler.close_connection = True
        with contextlib.suppress(OSError):
            handler.connection.shutdown(socket.SHUT_RDWR)

    def tell(self, name, **data):
        for frames in list(self.subscribers):
            frames.put((name, {"eventType": name, "timestamp": "2026-01-02T03:04:05.678Z"} | data))

    def drop_streams(self):
        for frames in self.subscribers:
            frames.put(None)
        self.subscribers.clear()

    # What tests do to the apps, told as Marathon tells it.

    def scale_up(self, app, identity, host, **options):
        with self.known.lock:
            app.add(identity, host, **options)
        self.tell("status_update_event", taskId=identity, taskStatus=RUNNING, appId=app.id, host=host, ports=[])

    def end(self, app, identity, status="TASK_KILLED"):
        with self.known.lock:
            del app.tasks[identity]
        self.tell("status_update_event", taskId=identity, taskStatus=status, appId=app.id, host="", ports=[])


def quiet(_):
    """An event stream that is open and says nothing, and nothing else."""
    time.sleep(60)
