"""A simulated cluster for the benchmark: one Mesos master and one Marathon that tell of the same tasks. What they answer is
kept ready, so that what is measured is the asker."""
import gzip
import http.server
import itertools
import json
import queue
import threading
import urllib.parse


class Cluster:
    """`apps` apps of `tasks` tasks each on `agents` agents; each task has an address of its own."""

    def __init__(self, apps, tasks, agents):
        self.lock = threading.Lock()
        self.apps = [f"app-{n}" for n in range(apps)]
        self._agents = [{"id": f"S{n}", "hostname": f"10.200.{n // 250}.{n % 250 + 1}", "port": 5051,
                         "pid": f"slave(1)@10.200.{n // 250}.{n % 250 + 1}:5051", "active": True} for n in range(agents)]
        self._numbers = itertools.count()
        self._tasks = {app: [self._task(app) for _ in range(tasks)] for app in self.apps}
        self._app_texts = {}
        self.leader = None

    def _task(self, app):
        number = next(self._numbers)
        agent = self._agents[number % len(self._agents)]
        address = f"10.{number >> 16 & 127}.{number >> 8 & 255}.{number & 255}"
        port = 31000 + number % 1000
        identity = f"{app}.instance-{number:08x}-4b17-11e9-8b2f-70b3d5800001._app.1"
        mesos = {"id": identity, "name": app, "slave_id": agent["id"], "state": "TASK_RUNNING",
                 "resources": {"cpus": 0.1, "mem": 64.0, "disk": 0.0, "ports": f"[{port}-{port}]"}, "role": "*",
                 "labels": [{"key": "tier", "value": "web"}],
                 "statuses": [{"state": "TASK_RUNNING", "timestamp": 1_700_000_000.0, "healthy": True, "container_status": {
                     "container_id": {"value": f"c-{number}"}, "network_infos": [
                         {"ip_addresses": [{"protocol": "IPv4", "ip_address": address}], "name": "net"}]}}],
                 "discovery": {"visibility": "FRAMEWORK", "name": app, "ports": {"ports": [
                     {"number": port, "name": "http", "protocol": "tcp"}]}}}
        marathon = {"appId": f"/{app}", "id": identity, "host": agent["hostname"], "slaveId": agent["id"], "ports": [port],
                    "servicePorts": [10000], "ipAddresses": [{"ipAddress": address, "protocol": "IPv4"}],
                    "state": "TASK_RUNNING", "startedAt": "2026-01-02T03:04:05.678Z", "stagedAt": "2026-01-02T03:04:04.678Z",
                    "version": "2026-01-02T03:04:00.000Z", "localVolumes": [], "role": "*",
                    "healthCheckResults": [{"instanceId": identity, "alive": True, "consecutiveFailures": 0}]}
        return {"mesos": mesos, "texts": (json.dumps(mesos), json.dumps(marathon)), "marathon": marathon}

    def scale_up(self, app):
        with self.lock:
            task = self._task(app)
            self._tasks[app].append(task)
            self._app_texts.pop(app, None)
        return task

    def state(self):
        with self.lock:
            tasks = ",".join(task["texts"][0] for tasks in self._tasks.values() for task in tasks)
        frame = json.dumps({"leader": f"master@{self.leader}", "pid": f"master@{self.leader}", "slaves": self._agents,
                            "recovered_slaves": [], "frameworks": [{
                                "id": "fw", "name": "marathon", "pid": "scheduler-1@10.200.0.1:15101", "active": True,
                                "connected": True, "recovered": False, "registered_time": 1.0, "hostname": "10.200.0.1",
                                "tasks": "TASKS", "completed_tasks": [], "unreachable_tasks": []}]})
        return frame.replace('"TASKS"', f"[{tasks}]").encode()

    def app_text(self, app):
        if app not in self._app_texts:
            self._app_texts[app] = self._make_app_text(app)
        return self._app_texts[app]

    def _make_app_text(self, app):
        tasks = ",".join(task["texts"][1] for task in self._tasks[app])
        head = json.dumps({"id": f"/{app}", "instances": len(self._tasks[app]), "labels": {"tier": "web"}, "deployments": [],
                           "healthChecks": [{"protocol": "HTTP", "path": "/", "portIndex": 0}],
                           "networks": [{"mode": "container", "name": "net"}],
                           "container": {"portMappings": [{"containerPort": 8080, "name": "http", "protocol": "tcp"}]}})
        return head[:-1] + f', "tasks": [{tasks}]}}'

    def app(self, app):
        with self.lock:
            return ('{"app": ' + self.app_text(app) + "}").encode()

    def all_apps(self):
        with self.lock:
            return ('{"apps": [' + ",".join(map(self.app_text, self.apps)) + "]}").encode()


class Simulated:
    """What both servers have in common. A whole document is packed when `refresh` is called, not when it is asked for."""

    def __init__(self, cluster):
        self.cluster, self.streams, self.ready = cluster, [], {}
        simulated = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = -1  # a head and a body together

            def log_message(self, *_):
                pass

            def do_GET(self):
                simulated.get(self, urllib.parse.urlsplit(self.path).path)

            def do_POST(self):
                self.rfile.read(int(self.headers.get("Content-Length", 0)))
                simulated.post(self)

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_):
                pass  # a client that went away

        self._server = Server(("127.0.0.1", 0), Handler)
        self.address = f"127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def close(self):
        for stream in self.streams:
            stream.put(None)
        self._server.shutdown()
        self._server.server_close()

    @staticmethod
    def send(handler, body, status=200, packed=False):
        handler.send_response(status)
        handler.send_header("Content-Type", "application/json")
        if packed:
            handler.send_header("Content-Encoding", "gzip")
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)
        handler.wfile.flush()

    def keep(self, path, text):
        self.ready[path] = gzip.compress(text, 1)

    def stream(self, handler, kind, first, write):
        """Sends what is put into a new queue until it is None; `write` makes octets of it."""
        events = queue.Queue()
        events.put(first)
        self.streams.append(events)
        handler.send_response(200)
        handler.send_header("Content-Type", kind)
        handler.send_header("Connection", "close")
        handler.end_headers()
        while (event := events.get()) is not None:
            handler.wfile.write(write(event))
            handler.wfile.flush()

    def tell(self, event):
        for stream in self.streams:
            stream.put(event)

    def post(self, handler):
        self.send(handler, b"", 404)


class Master(Simulated):
    def __init__(self, cluster):
        super().__init__(cluster)
        cluster.leader = self.address
        self.refresh()

    def refresh(self):
        text = self.cluster.state()
        self.octets = len(text)
        self.keep("/master/state", text)

    def get(self, handler, path):
        body = self.ready.get(path)
        self.send(handler, body or b"", 200 if body else 404, packed=bool(body))

    def post(self, handler):
        def record(event):
            text = json.dumps(event).encode()
            return str(len(text)).encode() + b"\n" + text
        self.stream(handler, "application/json", {"type": "SUBSCRIBED", "subscribed": {"heartbeat_interval_seconds": 15.0}},
                    record)

    def scale_up(self, app):
        """One more task, told to the stream."""
        task = self.cluster.scale_up(app)["mesos"]
        ports = {"range": [{"begin": port["number"], "end": port["number"]} for port in task["discovery"]["ports"]["ports"]]}
        self.tell({"type": "TASK_ADDED", "task_added": {"task": task | {
            "task_id": {"value": task["id"]}, "agent_id": {"value": task["slave_id"]}, "framework_id": {"value": "fw"},
            "resources": [{"name": "ports", "type": "RANGES", "ranges": ports}],
            "labels": {"labels": task["labels"]}}}})


class Marathon(Simulated):
    def __init__(self, cluster):
        super().__init__(cluster)
        self.refresh()

    def refresh(self):
        text = self.cluster.all_apps()
        self.octets = len(text)
        self.keep("/v2/apps", text)

    def get(self, handler, path):
        if path == "/v2/events":
            return self.stream(handler, "text/event-stream", ("event_stream_attached", {}), lambda event:
                               f"event: {event[0]}\ndata: {json.dumps(event[1])}\n\n".encode())
        if path == "/v2/pods/::status":
            return self.send(handler, b"[]")
        if path == "/v2/apps":  # packed while it is as it was at first: packing takes longer than the rest
            packed = self.ready.get(path)
            return self.send(handler, packed or self.cluster.all_apps(), packed=bool(packed))
        return self.send(handler, self.cluster.app(path.removeprefix("/v2/apps/")))

    def scale_up(self, app):
        task = self.cluster.scale_up(app)["marathon"]
        self.ready.clear()
        self.event(app, task["id"])

    def event(self, app, task, state="TASK_RUNNING"):
        self.tell(("status_update_event", {"taskId": task, "taskStatus": state, "appId": f"/{app}", "host": "", "ports": []}))
