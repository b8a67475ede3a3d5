"""A simulated Mesos master: a cluster that a test or the demonstration changes, told as /master/state and as the stream of the v1 operator
API, and every way in which a master can fail. Field names are those of Mesos 1.11."""

import base64
import contextlib
import gzip
import http.server
import itertools
import json
import queue
import socket
import ssl
import struct
import threading
import time
import urllib.parse

RUNNING = "TASK_RUNNING"
ENDED = {"TASK_FINISHED", "TASK_FAILED", "TASK_KILLED", "TASK_ERROR", "TASK_GONE", "TASK_DROPPED"}


class Task:
    def __init__(self, identity, name, agent, state=RUNNING, ports=(), healthy=None, address=None, discovery=None,
                 labels=None, checked=False):
        self.id, self.name, self.agent, self.state, self.ports = identity, name, agent, state, list(ports)
        self.healthy, self.address, self.discovery = healthy, address, discovery
        self.labels, self.checked = labels or {}, checked
        self.timestamp = 1_700_000_000.0

    def status(self):
        status = {"state": self.state, "timestamp": self.timestamp}
        if self.healthy is not None:
            status["healthy"] = self.healthy
        networks = [] if self.address is None else [{"ip_addresses": [{"ip_address": self.address, "protocol": "IPv4"}]}]
        status["container_status"] = {"network_infos": networks}
        return status

    def common(self):
        told = {"name": self.name, "state": self.state, "statuses": [self.status()]}
        if self.checked:
            told["health_check"] = {"grace_period_seconds": 0.0}
        if self.discovery:
            told["discovery"] = self.discovery
        return told

    def state_json(self):
        ranges = ", ".join(f"{port}-{port}" for port in self.ports)
        return self.common() | {"id": self.id, "slave_id": self.agent, "resources": {"ports": f"[{ranges}]"},
                                "labels": [{"key": k, "value": v} for k, v in self.labels.items()]}

    def v1_json(self, framework):
        ranges = [{"begin": port, "end": port} for port in self.ports]
        return self.common() | {
            "task_id": {"value": self.id}, "agent_id": {"value": self.agent}, "framework_id": {"value": framework},
            "resources": [{"name": "ports", "type": "RANGES", "ranges": {"range": ranges}}],
            "labels": {"labels": [{"key": k, "value": v} for k, v in self.labels.items()]}}


class Framework:
    def __init__(self, identity, name, pid=None, hostname="127.0.0.1"):
        self.id, self.name, self.pid, self.hostname, self.recovered = identity, name, pid, hostname, False
        self.tasks, self.ended, self.unreachable = {}, {}, {}

    def state_json(self):
        told = {"id": self.id, "name": self.name, "hostname": self.hostname, "active": True, "connected": True,
                "recovered": self.recovered, "registered_time": 1.0,
                "tasks": [task.state_json() for task in self.tasks.values()],
                "completed_tasks": [task.state_json() for task in self.ended.values()],
                "unreachable_tasks": [task.state_json() for task in self.unreachable.values()]}
        return told | ({"pid": self.pid} if self.pid else {})

    def v1_json(self):
        return {"framework_info": {"id": {"value": self.id}, "name": self.name, "hostname": self.hostname},
                "active": True, "connected": True, "recovered": self.recovered}


class Cluster:
    """What the masters know; changed under `lock`."""

    def __init__(self, agents=2, addresses=None):
        self.lock = threading.RLock()
        self.agents = {f"20260102-S{n}": address for n, address in enumerate(
            addresses or [f"10.0.1.{10 + n}" for n in range(agents)])}
        self.recovered_agents = set()
        self.frameworks = {}

    def add_framework(self, name, identity=None, pid="scheduler-1@10.0.0.5:15101"):
        framework = Framework(identity or f"fw-{name}", name, pid)
        self.frameworks[framework.id] = framework
        return framework

    def state_json(self, leader):
        with self.lock:
            agents = [{"id": identity, "hostname": address, "port": 5051, "pid": f"slave(1)@{address}:5051",
                       "active": True} for identity, address in self.agents.items()]
            return {"leader": f"master@{leader}", "pid": f"master@{leader}", "slaves": agents,
                    "recovered_slaves": [{"id": identity} for identity in self.recovered_agents],
                    "frameworks": [framework.state_json() for framework in self.frameworks.values()]}

    def get_state(self):
        with self.lock:
            frameworks = self.frameworks.values()
            listed = {kind: [task.v1_json(framework.id) for framework in frameworks
                             for task in getattr(framework, kind).values()]
                      for kind in ("tasks", "ended", "unreachable")}
            agents = [self.agent_json(identity) for identity in self.agents]
            return {"get_tasks": {"tasks": listed["tasks"], "completed_tasks": listed["ended"],
                                  "unreachable_tasks": listed["unreachable"]},
                    "get_agents": {"agents": agents, "recovered_agents": [
                        {"id": {"value": identity}} for identity in self.recovered_agents]},
                    "get_frameworks": {"frameworks": [framework.v1_json() for framework in frameworks]}}

    def agent_json(self, identity):
        address = self.agents[identity]
        return {"agent_info": {"id": {"value": identity}, "hostname": address, "port": 5051},
                "pid": f"slave(1)@{address}:5051", "active": True}


class Master:
    """One master on an address of its own; `leader` is the address that it names, "" for itself. `login`: "name:password" or
    a token, `token`: all of the Authorization header, `certificate`: files of it and of its key; then it speaks https, with
    `client_ca` only to whom that file vouches for. `pid`: it answers for the master of that address, and does not redirect.
    `stream_status`: what a SUBSCRIBE gets instead of a stream. `paths`: where it tells its state."""

    def __init__(self, cluster, address, streams=True, leader="", login=None, port=0, pid="", token=None, certificate=None,
                 client_ca=None, stream_status=404, paths=("/master/state", "/state")):
        self.cluster, self.streams, self.login, self.token, self.pid = cluster, streams, login, token, pid
        self.stream_status, self.paths = stream_status, paths
        self.is_mute = False  # its streams say nothing, not even that they live
        self.scheme = "https" if certificate else "http"
        self.fault = None  # a function of (handler) that answers instead
        self.requests = []
        self.subscribers = []
        master = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def do_GET(self):
                master.answer(self, None)

            def do_POST(self):
                length = int(self.headers.get("Content-Length", 0))
                master.answer(self, self.rfile.read(length))

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 64

            def handle_error(self, *_):
                pass  # a client that went away

        self.server = Server((address, port), Handler)
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*certificate)
            if client_ca:
                context.verify_mode = ssl.CERT_REQUIRED
                context.load_verify_locations(client_ca)
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.address = f"{address}:{self.server.server_port}"
        self.leader = leader or self.address
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self.thread.start()

    @property
    def url(self):
        return f"{self.scheme}://{self.address}"

    def close(self):
        self.drop_streams()
        self.server.shutdown()
        self.server.server_close()

    def answer(self, handler, body):
        self.requests.append((handler.command, handler.path, dict(handler.headers), body))
        authorized = [self.token] if self.token else accepted(self.login) if self.login else None
        if authorized and handler.headers.get("Authorization") not in authorized:
            return send(handler, 401, b"who are you?")
        if self.fault is not None and (handler.command == "GET" or not getattr(self.fault, "of_state", False)):
            return self.fault(handler)
        if self.leader != self.address and not self.pid:
            handler.send_response(307)
            handler.send_header("Location", f"//{self.leader}{handler.path}")
            handler.send_header("Content-Length", "0")
            return handler.end_headers()
        path = urllib.parse.urlsplit(handler.path).path
        if handler.command == "GET" and path in self.paths:
            return send_json(handler, self.cluster.state_json(self.leader) | ({"pid": f"master@{self.pid}"} if self.pid else {}))
        if handler.command == "POST" and path == "/api/v1" and self.streams:
            return self.call(handler, json.loads(body))
        return send(handler, self.stream_status if handler.command == "POST" else 404, b"")

    def call(self, handler, call):
        if call["type"] == "SUBSCRIBE":
            return self.subscribe(handler)
        if call["type"] == "GET_MASTER":
            host, port = self.leader.split(":")
            return send_json(handler, {"type": "GET_MASTER", "get_master": {"master_info": {
                "address": {"ip": host, "port": int(port)}, "pid": f"master@{self.leader}"}}})
        if call["type"] == "GET_STATE":
            return send_json(handler, {"type": "GET_STATE", "get_state": self.cluster.get_state()})
        return send(handler, 400, b"")

    def subscribe(self, handler):
        events = queue.Queue()
        with self.cluster.lock:
            self.subscribers.append(events)
            events.put({"type": "SUBSCRIBED", "subscribed": {"get_state": self.cluster.get_state(),
                                                              "heartbeat_interval_seconds": 1.0}})
        handler.send_response(200)
        handler.send_header("Content-Type", "application/json")
        handler.send_header("Transfer-Encoding", "chunked")
        handler.end_headers()
        with contextlib.suppress(OSError):
            while True:
                try:
                    event = events.get(timeout=1.0)
                except queue.Empty:
                    event = {"type": "HEARTBEAT"}
                if event is None:
                    break
                if self.is_mute:
                    continue
                text = json.dumps(event).encode()
                record = str(len(text)).encode() + b"\n" + text
                # A record in two chunks: they need not be the same.
                for piece in (record[:7], record[7:]):
                    handler.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
                handler.wfile.flush()
        handler.close_connection = True
        with contextlib.suppress(OSError):
            handler.connection.shutdown(socket.SHUT_RDWR)

    def tell(self, event):
        for events in self.subscribers:
            events.put(event)

    def drop_streams(self):
        self.tell(None)
        self.subscribers.clear()

    # What tests do to the cluster; told to the streams as Mesos tells it.

    def add_task(self, framework, task):
        with self.cluster.lock:
            framework.tasks[task.id] = task
            self.tell({"type": "TASK_ADDED", "task_added": {"task": task.v1_json(framework.id)}})

    def update_task(self, framework, task, state=None, healthy=None):
        with self.cluster.lock:
            task.state, task.healthy = state or task.state, task.healthy if healthy is None else healthy
            task.timestamp += 1
            if task.state in ENDED:
                framework.ended[task.id] = framework.tasks.pop(task.id)
            status = task.status() | {"task_id": {"value": task.id}, "agent_id": {"value": task.agent}}
            self.tell({"type": "TASK_UPDATED", "task_updated": {
                "framework_id": {"value": framework.id}, "status": status, "state": task.state}})


def accepted(login):
    """The headers that say "user:password", or one of several such; other texts stand for themselves."""
    return ["Basic " + base64.b64encode(one.encode()).decode() if ":" in one else one
            for one in ([login] if isinstance(login, str) else login)]


def send(handler, status, body, headers=()):
    handler.send_response(status)
    for key, value in headers:
        handler.send_header(key, value)
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)


def send_json(handler, value):
    body = json.dumps(value).encode()
    headers = [("Content-Type", "application/json")]
    if "gzip" in handler.headers.get("Accept-Encoding", ""):
        body = gzip.compress(body, 1)
        headers.append(("Content-Encoding", "gzip"))
    send(handler, 200, body, headers)


# ---- faults: each answers one request

def status(code, body=b"out of order"):
    return lambda handler: send(handler, code, body)


def hang(seconds=60):
    return lambda handler: time.sleep(seconds)


def drip(handler):
    """A head, and an octet of the body now and then."""
    handler.send_response(200)
    handler.send_header("Content-Length", "100000")
    handler.end_headers()
    with contextlib.suppress(OSError):
        for _ in itertools.repeat(None, 600):
            handler.wfile.write(b" ")
            handler.wfile.flush()
            time.sleep(0.1)


def cut(state, announced_whole):
    """Half of a state, said to be all of it or not."""
    def answer(handler):
        body = json.dumps(state()).encode()
        half = body[: len(body) // 2]
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(half) if announced_whole else len(body)))
        handler.send_header("Connection", "close")
        handler.end_headers()
        handler.wfile.write(half)
        handler.close_connection = True
    return answer


def reset(handler):
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    handler.close_connection = True
    handler.connection.close()


def garbage(handler):
    send(handler, 200, bytes(range(256)) * 20)


def body(value):
    """Good JSON that is not true; streams are as ever."""
    def answer(handler):
        send_json(handler, value() if callable(value) else value)
    answer.of_state = True
    return answer


def redirect(location):
    def answer(handler):
        handler.send_response(307)
        handler.send_header("Location", location + handler.path)
        handler.send_header("Content-Length", "0")
        handler.end_headers()
    return answer
