"""`muster export haproxy` with a real HAProxy behind it: what it writes, and what clients of the HAProxy see."""

import collections
import http.server
import os
import re
import signal
import socket
import subprocess
import threading
import unittest

from harness import ADDRESS, BIN, SOURCE, EndToEnd, run, wait_until
from ports import free_port

REQUESTS = 3000
os.environ["PATH"] += ":/usr/sbin"  # where Debian has haproxy, and not everybody's PATH leads


class Backend:
    """An HTTP server that says its name, and how many requests it is answering."""

    def __init__(self, name):
        outer = self
        self.name = name
        self.asked = collections.Counter()

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                outer.asked[self.path] += 1
                body = name.encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.send_header("Connection", "close")
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        class Server(http.server.ThreadingHTTPServer):
            request_queue_size = 128
            daemon_threads = True

            def handle_error(self, *_):  # a health check that only connects
                pass

        self.server = Server((ADDRESS, 0), Handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


def get(port, host=None, path="/"):
    """The body of one request on a connection of its own; None: it failed."""
    try:
        with socket.create_connection((ADDRESS, port), timeout=10) as connection:
            name = host or "web"
            connection.sendall(f"GET {path} HTTP/1.1\r\nHost: {name}\r\nConnection: close\r\n\r\n".encode())
            reply = b""
            while part := connection.recv(4096):
                reply += part
    except OSError:
        return None
    head, _, body = reply.partition(b"\r\n\r\n")
    return body.decode() if head.startswith(b"HTTP/1.1 200") else None


class Traffic:
    """Requests one after another until it is stopped; who answered, and how many failed."""

    def __init__(self, port):
        self.answers = collections.Counter()
        self._port = port
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self):
        while not self._stop.is_set():
            self.answers[get(self._port)] += 1

    def stop(self):
        self._stop.set()
        self._thread.join()
        return self.answers


@unittest.skipUnless(os.path.exists("/usr/sbin/haproxy"), "haproxy is not installed")
class Haproxy(EndToEnd):
    def setUp(self):
        super().setUp()
        self.server = self.start(store="memory")
        self.front = free_port(ADDRESS)
        self.file = self.folder / "haproxy.cfg"

    def backend(self, name):
        backend = Backend(name)
        self.addCleanup(backend.close)
        return backend

    def register(self, backend, weight=1, service="web", **more):
        port = {"port": backend.port, "service_port": self.front}
        self.server.register(service, backend.name, {"address": ADDRESS, "ports": [port], "weight": weight} | more)

    def export(self, *words):
        return self.server.muster("export", "haproxy", "--bind", ADDRESS, *words)

    def haproxy(self, *words):
        """Runs HAProxy on what is exported, as a master that reloads on SIGUSR2."""
        self.assertEqual(self.export("--output", self.file, *words).status, 0)
        return self.run_haproxy()

    def run_haproxy(self):
        process = subprocess.Popen(["/usr/sbin/haproxy", "-W", "-db", "-f", self.file], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

        def stop():
            process.kill()
            process.wait()

        self.addCleanup(stop)
        self.addCleanup(process.send_signal, signal.SIGTERM)
        return process

    @staticmethod
    def after(traffic, more):
        """Once so many more requests were answered."""
        total = sum(traffic.answers.values())
        wait_until("requests go on", lambda: sum(traffic.answers.values()) >= total + more)

    def is_quiet(self, traffic, name):
        asked = traffic.answers[name]
        self.after(traffic, 20)
        return traffic.answers[name] == asked

    def watch(self, *words):
        command = [BIN / "muster", "export", "haproxy", "--bind", ADDRESS, "--output", self.file, "--watch", "--min-interval", "200ms", *words]
        return self.background("export", command, env=self.server.environment())


class File(Haproxy):
    def test_haproxy_finds_everything_that_can_be_asked_for_valid(self):
        for number in range(3):
            self.register(self.backend(f"i{number}"), weight=number, priority=number // 2,
                          checks=[{"type": "http", "id": "ping", "path": "/ping"}])
        auth = self.write("auth", "admin:s3cret\n")
        at = [f"{ADDRESS}:{free_port(ADDRESS)}" for _ in range(2)]
        rows = [
            ((), "nothing"),
            (("--fragment",), "the sections alone"),
            (("--names", "bridge"), "the bridge's names"),
            (("--http-checks",), "checks by path"),
            (("--vhosts", at[0]), "a frontend"),
            (("--stats", at[1], "--stats-auth-file", auth), "a statistics page"),
            (("--stats", f"0.0.0.0:{free_port(ADDRESS)}", "--stats-auth-file", auth), "one for everybody"),
            (("--runtime-socket", self.folder / "admin.sock"), "a socket"),
            (("--port", "registered", "--strict", "--group", "a"), "nothing is left"),
        ]
        for words, why in rows:
            with self.subTest(why):
                told = self.export(*words)
                self.assertEqual((told.status, told.err), (0, ""))
                path = self.write("whole.cfg", told.out)
                valid = run("/usr/sbin/haproxy", "-c", "-f", path)
                self.assertEqual(valid.status, 0, valid.err + told.out)
                if "--fragment" not in words:
                    self.assertNotIn("WARNING", valid.out + valid.err)
        self.assertEqual(re.findall("listen (.*)", told.out), ["muster_nothing"])
        self.assertIn("mode tcp\n", self.export("--fragment").out)

    def test_the_file_changes_as_a_whole_or_not_at_all(self):
        self.register(self.backend("i1"))
        first = self.export("--output", self.file)
        self.assertEqual((first.status, first.err), (0, f"{self.file}: written\n"))
        text = self.file.read_text()
        self.assertIn(f"listen web-{self.front}\n  bind {ADDRESS}:{self.front}\n", text)
        again = self.export("--output", self.file)
        self.assertEqual((again.status, again.err), (0, f"{self.file}: unchanged\n"))

        self.register(self.backend("i2"))
        refused = self.export("--output", self.file, "--validate", "false {}")
        self.assertEqual(refused.status, 6, refused.err)
        self.assertIn("false ended with status 1", refused.err)
        self.assertEqual(self.file.read_text(), text)
        failed = self.export("--output", self.file, "--reload", "false")
        self.assertEqual(failed.status, 5, failed.err)
        text = self.file.read_text()
        self.assertIn("server i2 ", text)
        self.assertEqual(self.export("--output", self.file, "--reload", "false").status, 5, "it is still to be told")
        self.assertEqual(self.export("--output", self.file, "--reload", "true").status, 0)
        self.assertEqual(self.export("--output", self.file, "--reload", "false").status, 0, "told, and nothing has changed")

        self.server.stop()
        away = self.export("--output", self.file)
        self.assertEqual(away.status, 4)
        self.assertEqual(self.file.read_text(), text)

    def test_words_that_make_no_sense(self):
        auth = self.write("auth", "admin\n")
        rows = [
            (("--watch",), "--output"),
            (("--bind", "localhost"), "--bind"),
            (("--stats", "0.0.0.0:9000"), "--stats-auth-file"),
            (("--stats", "127.0.0.1:9000", "--stats-auth-file", auth), "USER:PASSWORD"),
            (("--vhosts", "8080"), "--vhosts"),
            (("--output", "x", "--min-interval", "soon"), "--min-interval"),
            (("--output", "x", "--runtime-socket", "a b"), "--runtime-socket"),
            (("--output", "x", "--runtime-socket", "s", "--watch"), "--reload"),
            (("--names", "mine"), "--names"),
        ]
        for words, said in rows:
            with self.subTest(said):
                told = self.server.muster("export", "haproxy", *words)
                self.assertEqual(told.status, 2)
                self.assertIn(said, told.err)

    def test_a_service_without_a_front_port_is_asked_for(self):
        backend = self.backend("i1")
        self.server.register("plain", "i1", {"address": ADDRESS, "port": backend.port})
        self.assertNotIn("listen plain", self.export().out)
        self.assertIn(f"listen plain-{backend.port}\n  bind {ADDRESS}:{backend.port}\n", self.export("--port", "registered").out)

    def test_what_dns_answers_in_panic_and_in_fallback_is_exported(self):
        self.server.stop()
        self.server = self.start('[service.web]\nwhen_none = "fallback"\nfallback = "spare"\n', store="memory")
        spare = self.backend("s1")
        self.server.register("spare", "s1", {"address": ADDRESS, "port": spare.port})
        web, other = self.backend("i1"), self.backend("o1")
        self.register(web)
        self.server.register("other", "o1", {"address": ADDRESS, "ports": [{"port": other.port, "service_port": free_port(ADDRESS)}]})
        self.assertIn(f"server i1 {ADDRESS}:{web.port} check\n", self.export().out)
        for service, instance in (("web", "i1"), ("other", "o1")):
            body = {"result": "hard", "reporter": "a", "class": "refused"}
            self.assertEqual(self.server.api("PUT", f"/api/v1/services/{service}/instances/{instance}/report", body).status, 202)
        wait_until("web has fallen back", lambda: f"server s1 {ADDRESS}:{spare.port} check\n" in self.export().out)
        text = self.export().out
        self.assertNotIn("server i1 ", text)
        self.assertIn(f"server o1 {ADDRESS}:{other.port} check\n", text, "all candidates, as DNS has it")


class Running(Haproxy):
    def test_shares_follow_the_weights(self):
        for name, weight in (("a", 60), ("b", 30), ("c", 10)):
            self.register(self.backend(name), weight)
        self.haproxy()
        wait_until("it answers", lambda: get(self.front))
        answers = collections.Counter(get(self.front) for _ in range(REQUESTS))
        for name, weight in (("a", 60), ("b", 30), ("c", 10)):
            self.assertAlmostEqual(100 * answers[name] / REQUESTS, weight, delta=3, msg=str(answers))

    def follow(self, process, *words):
        """Instances come, drain and go while requests go on: none fails, and all that are there are asked."""
        exporting = self.watch(*words)
        wait_until("it answers", lambda: get(self.front) == "a")
        traffic = Traffic(self.front)
        self.addCleanup(traffic.stop)
        for name in "bc":
            self.register(self.backend(name))
            wait_until(f"{name} is asked", lambda: traffic.answers[name] > 0)
        self.assertEqual(self.server.muster("drain", "web", "a").status, 0)
        wait_until("a drains", lambda: f"server a {ADDRESS}:" in self.file.read_text() and "weight 0" in self.file.read_text())
        wait_until("nobody is sent to a any more", lambda: self.is_quiet(traffic, "a"))
        self.assertEqual(self.server.muster("deregister", "web", "a").status, 0)
        wait_until("a is out", lambda: "server a " not in self.file.read_text())
        self.after(traffic, 50)
        answers = traffic.stop()
        self.assertEqual(answers[None], 0, f"{answers}\n{exporting.err}")
        self.assertIsNone(process.poll())
        return exporting.err

    def test_scaling_and_draining_by_reloads_fail_no_request(self):
        self.register(self.backend("a"))
        process = self.haproxy()
        said = self.follow(process, "--reload", f"kill -USR2 {process.pid}")
        self.assertIn("HAProxy reloaded", said)

    def test_the_runtime_socket_needs_no_reload(self):
        self.register(self.backend("a"))
        socket_path = self.folder / "admin.sock"
        process = self.haproxy("--runtime-socket", socket_path)
        wait_until("it answers", lambda: get(self.front) == "a")
        first = self.ask(socket_path, "show info")["Pid"]
        reload = self.write("reload", f"#!/bin/sh\necho x >> {self.folder}/reloads\nkill -USR2 {process.pid}\n")
        reload.chmod(0o755)
        said = self.follow(process, "--runtime-socket", socket_path, "--reload", reload)
        self.assertNotIn("could not be told", said)
        self.assertIn("told by its runtime socket", said)
        self.assertNotEqual(self.ask(socket_path, "show info")["Pid"], first)
        self.assertEqual((self.folder / "reloads").read_text(), "x\n", "the first, of a file that nobody was told of; no other")

    def test_who_has_not_heard_what_was_told_is_reloaded(self):
        self.register(self.backend("a"))
        socket_path = self.folder / "admin.sock"
        process = self.haproxy("--runtime-socket", socket_path)
        wait_until("it answers", lambda: get(self.front) == "a")
        reload = self.write("reload", f"#!/bin/sh\necho x >> {self.folder}/reloads\nkill -USR2 {process.pid}\n")
        reload.chmod(0o755)
        exporting = self.watch("--runtime-socket", socket_path, "--reload", reload)
        wait_until("the first file is told", lambda: "HAProxy reloaded" in exporting.err)
        self.register(self.backend("b"))
        wait_until("by the socket", lambda: "told by its runtime socket" in exporting.err)
        told = self.ask(socket_path, "show info")["Pid"]
        process.send_signal(signal.SIGUSR2)
        wait_until("somebody else has reloaded", lambda: self.ask(socket_path, "show info").get("Pid", told) != told)
        self.register(self.backend("c"))
        wait_until("it is reloaded, not told", lambda: exporting.err.count("HAProxy reloaded") == 2)
        self.assertEqual((self.folder / "reloads").read_text(), "x\nx\n")
        wait_until("all are asked", lambda: {get(self.front) for _ in range(9)} == {"a", "b", "c"})

    def test_the_section_of_a_service_whose_last_has_gone_stays(self):
        self.register(self.backend("a"))
        self.watch("--no-validate")
        section = f"listen web-{self.front}\n"
        wait_until("the file is there", lambda: self.file.exists() and "server a " in self.file.read_text())
        self.assertEqual(self.server.muster("deregister", "web", "a").status, 0)
        wait_until("it has gone", lambda: "server a " not in self.file.read_text())
        self.assertIn(section, self.file.read_text())
        self.assertNotIn(section, self.export().out, "who begins now does not know of its port")
        self.register(self.backend("b"))
        wait_until("the next is in it", lambda: "server b " in self.file.read_text())
        self.assertEqual(self.file.read_text().count(section), 1)

    @staticmethod
    def ask(path, command):
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(str(path))
            connection.sendall(command.encode() + b"\n")
            reply = b""
            while part := connection.recv(65536):
                reply += part
        return dict(line.split(": ", 1) for line in reply.decode().splitlines() if ": " in line)

    def test_a_reload_that_haproxy_refuses_is_no_success(self):
        self.register(self.backend("a"))
        socket_path = self.folder / "admin.sock"
        process = self.haproxy("--runtime-socket", socket_path)
        wait_until("it answers", lambda: get(self.front) == "a")
        told = ["--output", self.file, "--runtime-socket", socket_path, "--reload", f"kill -USR2 {process.pid}"]
        self.assertEqual(self.export(*told).status, 0)
        with socket.socket() as taken:
            taken.bind((ADDRESS, 0))
            taken.listen()
            port = {"port": 80, "service_port": taken.getsockname()[1]}
            self.server.register("other", "i1", {"address": ADDRESS, "ports": [port]})
            failed = self.export(*told)
            self.assertEqual(failed.status, 5, failed.err)
            self.assertIn("still runs the worker", failed.err)
        self.assertEqual(self.export(*told).status, 0, "the port is free now, and it is tried again")

    def test_a_watch_whose_file_was_refused_goes_on_with_the_next_change(self):
        self.register(self.backend("a"))
        validate = self.write("validate", "#!/bin/sh\n! grep -q 'server bad ' \"$1\"\n")
        validate.chmod(0o755)
        exporting = self.watch("--validate", f"{validate} {{}}")
        wait_until("the file is there", self.file.exists)
        self.register(self.backend("bad"))
        wait_until("it is refused", lambda: "refused and not used" in exporting.err)
        self.assertEqual(self.server.muster("deregister", "web", "bad").status, 0)
        self.register(self.backend("b"))
        wait_until("the next change is in the file", lambda: "server b " in self.file.read_text())
        self.assertNotIn("server bad ", self.file.read_text())

    def test_a_watch_outlives_the_server(self):
        self.register(self.backend("a"))
        exporting = self.watch("--no-validate")
        wait_until("the file is there", self.file.exists)
        text = self.file.read_text()
        port = self.server.http[1]
        self.server.stop()
        wait_until("it says so", lambda: "no answer from" in exporting.err)
        self.assertEqual(self.file.read_text(), text)
        self.server = self.start("", "--set", f'http.listen=["{ADDRESS}:{port}"]', store="memory")
        self.register(self.backend("b"))
        wait_until("it goes on", lambda: "server b " in self.file.read_text())
        self.assertIsNone(exporting.child.poll())


class ByDns(Haproxy):
    """The page's snippet: HAProxy finds its servers by SRV."""

    def setUp(self):
        super().setUp()
        self.server.stop()
        self.server = self.start('[service.web]\nsrv_weight_scale = 256\ndrain_publish = "weight0"\n', store="memory")

    def begin_haproxy(self):
        page = (SOURCE / "docs/howto/haproxy.md").read_text()
        (snippet,) = re.findall(r"(?ms)^```\n(resolvers .*?)^```", page)
        host, port = self.server.dns
        snippet = snippet.replace("127.0.0.1:5300", f"{host}:{port}").replace("127.0.0.1:8080", f"{ADDRESS}:{self.front}")
        self.file.write_text("defaults\n  mode tcp\n  option redispatch\n  retries 3\n  timeout connect 5s\n  timeout client 50s\n"
                             "  timeout server 50s\n  default-server inter 200ms\n" + snippet)
        valid = run("/usr/sbin/haproxy", "-c", "-f", self.file)
        self.assertEqual(valid.status, 0, valid.err)
        self.run_haproxy()

    def test_weights_joining_draining_and_leaving(self):
        for name, weight in (("a", 60), ("b", 30), ("c", 10)):
            self.register(self.backend(name), weight)
        self.begin_haproxy()
        wait_until("all are asked", lambda: {get(self.front) for _ in range(30)} == {"a", "b", "c"})
        answers = collections.Counter(get(self.front) for _ in range(REQUESTS))
        for name, weight in (("a", 60), ("b", 30), ("c", 10)):
            self.assertAlmostEqual(100 * answers[name] / REQUESTS, weight, delta=3, msg=str(answers))
        traffic = Traffic(self.front)
        self.addCleanup(traffic.stop)
        self.register(self.backend("d"), 60)
        wait_until("d is asked", lambda: traffic.answers["d"] > 0)
        self.assertEqual(self.server.muster("drain", "web", "a").status, 0)
        wait_until("a is asked no more", lambda: self.is_quiet(traffic, "a"))
        self.assertEqual(self.server.muster("deregister", "web", "a").status, 0)
        self.after(traffic, 200)
        self.assertEqual(traffic.stop()[None], 0, traffic.answers)


if __name__ == "__main__":
    unittest.main()
