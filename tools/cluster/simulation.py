"""A small cluster in one process: a Mesos master, a Marathon on top of it, agents on loopback addresses, and a real HTTP
server for every task. What is done to it, both tell as the real ones do."""

import http.server
import itertools
import threading

from . import marathon, mesos

FIRST_PORT = 31000


class TaskServer:
    """What runs in a task: an HTTP server that says which task it is."""

    def __init__(self, address, port, task):
        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def do_GET(self):
                mesos.send(self, 200, f"{task} on {address}\n".encode(), [("Connection", "close")])
                self.close_connection = True

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 64

            def handle_error(self, *_):
                pass  # a client that went away, or a health check that only connects

        self.server = Server((address, port), Handler)
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class Simulation:
    """`addresses`: one an agent; the first is the masters', too."""

    def __init__(self, addresses):
        self.agents = {f"20260102-S{number}": address for number, address in enumerate(addresses)}
        self.cluster = mesos.Cluster(addresses=addresses)
        self.framework = self.cluster.add_framework("marathon")
        self.known = marathon.Marathons()
        self.master = mesos.Master(self.cluster, addresses[0])
        self.marathon = marathon.Marathon(self.known, addresses[0])
        self.servers = {}  # by task: one a port
        self.counts = {}   # by app: how many tasks there have ever been
        self.ports = itertools.count(FIRST_PORT)

    def close(self):
        for servers in self.servers.values():
            for server in servers:
                server.close()
        self.master.close()
        self.marathon.close()

    def deploy(self, identity, instances, service_port, ports=1, labels=None):
        app = self.known.app(identity, ports=ports, service_port=service_port, labels=labels, checks=1)
        self.counts[identity] = 0
        self.scale(identity, instances)
        return app

    def scale(self, identity, instances):
        app = self.known.apps[identity]
        while len(app.tasks) < instances:
            self.start_task(app)
        while len(app.tasks) > instances:
            self.end_task(app, list(app.tasks)[-1], "TASK_KILLED")

    def fail(self, identity, task):
        """The task crashes, and Marathon starts another in its place."""
        app = self.known.apps[identity]
        self.end_task(app, task, "TASK_FAILED")
        self.start_task(app)

    def move(self, identity, task, agent):
        """Marathon starts it on that agent, and ends the old one once the new one runs."""
        app = self.known.apps[identity]
        self.start_task(app, agent)
        self.end_task(app, task, "TASK_KILLED")

    def lose_agent(self, agent):
        """The agent is gone with all that ran there; Marathon starts it anew on the others."""
        del self.agents[agent]
        for app in self.known.apps.values():
            for task in [name for name, one in app.tasks.items() if one["slaveId"] == agent]:
                self.end_task(app, task, "TASK_GONE")
                self.start_task(app)
        with self.cluster.lock:
            del self.cluster.agents[agent]
        self.master.tell({"type": "AGENT_REMOVED", "agent_removed": {"agent_id": {"value": agent}}})

    def start_task(self, app, agent=None):
        """On the agent that has the fewest tasks, unless one is named."""
        load = {name: sum(one["slaveId"] == name for other in self.known.apps.values() for one in other.tasks.values())
                for name in self.agents}
        agent = agent or min(load, key=lambda name: (load[name], name))
        address = self.agents[agent]
        self.counts[app.id] += 1
        task = f"{app.id.strip('/').replace('/', '_')}.{self.counts[app.id]}"
        first = next(self.ports)
        ports = [first] + [next(self.ports) for _ in range(app.ports - 1)]
        self.servers[task] = [TaskServer(address, port, task) for port in ports]
        mesos_task = mesos.Task(task, app.id.strip("/").replace("/", "."), agent, ports=ports, healthy=True, checked=True,
                                discovery={"visibility": "CLUSTER", "name": app.id.strip("/").replace("/", "."),
                                           "ports": {"ports": [{"number": port, "protocol": "tcp"} for port in ports]}})
        self.master.add_task(self.framework, mesos_task)
        with self.known.lock:
            app.add(task, address, first, alive=[True])["slaveId"] = agent
        self.marathon.tell("status_update_event", taskId=task, taskStatus=mesos.RUNNING, appId=app.id, host=address, ports=ports)
        return task

    def end_task(self, app, task, status):
        for server in self.servers.pop(task):
            server.close()
        self.marathon.end(app, task, status)
        if task in self.framework.tasks:
            self.master.update_task(self.framework, self.framework.tasks[task], state=status, healthy=False)
