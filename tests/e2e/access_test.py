"""Who may write, and who may read: without tokens, with tokens, and over TLS."""

import json
import signal
import socket
import ssl
import unittest

from harness import ADDRESS, BIN, EndToEnd, run, wait_until

BODY = {"generation": 1, "address": "127.0.0.11", "port": 80}
FORM = "ip=10.0.0.1&port=80&revision=a&tags=%7B%22az%22%3A%22a%22%2C%22region%22%3A%22r%22%2C%22instance_id%22%3A%22i%22%7D"


class WithoutTokens(EndToEnd):
    def setUp(self):
        super().setUp()
        self.server = self.start(store="memory")

    def stored(self):
        return [s["name"] for s in self.server.api("GET", "/api/v1/services").json()["services"] if s["name"] != "muster"]

    def test_whoever_writes_must_be_on_this_machine_and_no_web_page(self):
        rows = [
            (["-H", "Origin: http://evil.example"], "a web page"),
            (["-H", "Origin: null"], "a web page from a file"),
            (["-H", "X-Forwarded-For: 192.0.2.1"], "a local proxy"),
            (["-H", "Origin;"], "an empty origin"),
            (["-H", "X-Forwarded-For;"], "an empty list of proxies"),
            (["-H", "Host: evil.example"], "a rebound name"),
            (["-H", "Host: localhost.evil.example"], "a name that begins like ours"),
            (["-H", "Host: 127.0.0.1.evil.example"], "another"),
            (["-H", "Host:"], "no host"),
        ]
        requests = [
            ("/v1/registration/web", ["-d", FORM], "the Lyft form"),
            ("/api/v1/services/web/instances/i1", ["-X", "PUT", "--json", json.dumps(BODY)], "the native registration"),
            ("/api/v1/services/web/instances", ["--json", json.dumps(BODY)], "the native registration without id"),
            ("/api/v1/overlay", ["--json", '{"match":"*","mode":"down"}'], "the overlay"),
            ("/api/v1/reload", ["--json", "{}"], "reload"),
            ("/api/v1/heartbeats", ["--json", json.dumps({"instances": [{"service": "web", "id": "i1", "instance": BODY}]})], "heartbeats"),
        ]
        for headers, why in rows:
            for path, words, what in requests:
                with self.subTest(f"{what}: {why}"):
                    status, text = self.server.curl(path, *headers, *words)
                    # Without any Host a request is not HTTP/1.1 at all.
                    self.assertIn(status, (403,) if why != "no host" else (400, 403), text)
        self.assertEqual(self.stored(), [])
        self.assertEqual(self.server.api("GET", "/api/v1/overlay").json(), [])

    def test_the_same_requests_without_these_headers_are_taken(self):
        """The control: else the refusals above would show nothing."""
        self.assertEqual(self.server.curl("/v1/registration/lyft", "-d", FORM)[0], 200)
        for number, host in enumerate(("localhost", "localhost:8053", "127.0.0.1", "127.0.0.1:1", "[::1]:8053")):
            with self.subTest(host):
                status, text = self.server.curl(f"/api/v1/services/native{number}/instances/i1", "-X", "PUT", "-H", f"Host: {host}",
                                                "--json", json.dumps(BODY))
                self.assertEqual(status, 201, text)
        self.assertEqual(self.stored(), ["lyft", "native0", "native1", "native2", "native3", "native4"])

    def test_anyone_may_read(self):
        for path in ("/api/v1/services", "/metrics", "/healthz", "/readyz", "/api/v1/status", "/healthcheck"):
            with self.subTest(path):
                self.assertEqual(self.server.curl(path, "-H", "Host: evil.example", "-H", "Origin: http://evil.example")[0], 200)

    def test_a_caller_from_another_address(self):
        """In a network of its own, where 192.0.2.7 is an address of this machine, too."""
        apart = ["unshare", "--net", "--pid", "--fork", "--kill-child"]
        if run(*apart, "true").status != 0:
            self.skipTest("no right to make a network namespace")
        self.write("outside.sh", OUTSIDE)
        done = run(*apart, "sh", self.folder / "outside.sh", BIN / "musterd", self.configuration(store="memory"), json.dumps(BODY, separators=(",", ":")))
        self.assertEqual((done.status, done.out.split()), (0, ["403", "404", "201", "200"]), done.err)


# Prints the status of a write and a read from outside, then of the same from loopback.
OUTSIDE = """\
ip link set lo up && ip address add 192.0.2.7/32 dev lo || exit 1
"$1" --config "$2" --set 'http.listen=["0.0.0.0:8053"]' 2>/dev/null &
until curl -s -o /dev/null http://127.0.0.1:8053/readyz; do sleep 0.05; kill -0 $! || exit 1; done
for host in 192.0.2.7 127.0.0.1; do
  service=http://$host:8053/api/v1/services/web
  for what in "-X PUT --json $3 $service/instances/i1" "$service"; do
    curl -s -o /dev/null -w '%{http_code}\\n' $what
  done
done
kill $!
wait
"""

TOKENS = """\
[[http.token]]
name = "deploy"
secret_file = "deploy.token"
allow = ["write:web-*", "read"]
[[http.token]]
name = "operator"
secret = "operator-secret"
allow = ["read", "write:*", "admin"]
[[http.token]]
name = "writer"
secret = "writer-only-secret"
allow = ["write:*"]
"""
DEPLOY, OPERATOR, WRITER, WRONG, NOBODY = "deploy-secret", "operator-secret", "writer-only-secret", "operator-secreT", None


class WithTokens(EndToEnd):
    def setUp(self):
        super().setUp()
        self.write("deploy.token", DEPLOY + "\n")
        self.server = self.start(TOKENS, store="memory")

    def test_scopes(self):
        def put(service):
            return ["-X", "PUT", "--json", json.dumps(BODY)], f"/api/v1/services/{service}/instances/i1"
        reading = [[], "/api/v1/services"]
        rows = [
            (NOBODY, reading, 401, "no token"),
            (WRONG, reading, 401, "a wrong token"),
            (DEPLOY, reading, 200, "read"),
            (WRITER, reading, 403, "only writing is allowed"),
            (NOBODY, [[], "/metrics"], 401, "metrics need read"),
            (DEPLOY, [[], "/metrics"], 200, "and read is enough"),
            (DEPLOY, put("web-1"), 201, "a service its glob allows"),
            (DEPLOY, put("api"), 403, "another service"),
            (DEPLOY, [["-X", "PUT", "--json", '{"mode":"down"}'], "/api/v1/services/web-1/instances/i1/admin"], 200, "the operator's word about it"),
            (OPERATOR, put("api"), 201, "any service"),
            (NOBODY, put("web-2"), 401, "writing without a token, even from here"),
            (DEPLOY, [["--json", "{}"], "/api/v1/reload"], 403, "reload needs admin"),
            (OPERATOR, [["--json", "{}"], "/api/v1/reload"], 200, "admin"),
            (DEPLOY, [["--json", '{"match":"web-1/*","weight":2}'], "/api/v1/overlay"], 403, "the overlay needs admin"),
            (NOBODY, [[], "/healthz"], 200, "probes are open"),
            (NOBODY, [[], "/readyz"], 200, "probes are open"),
            (NOBODY, [[], "/healthcheck"], 200, "probes are open"),
            (NOBODY, [[], "/v1/registration/web"], 401, "the Lyft routes too"),
            (DEPLOY, [["-d", FORM], "/v1/registration/web-lyft"], 200, "the Lyft routes by scope"),
            (DEPLOY, [["-d", FORM], "/v1/registration/api"], 403, "the Lyft routes by scope"),
        ]
        for token, (words, path), expected, why in rows:
            with self.subTest(f"{path}: {why}"):
                headers = [] if token is None else ["-H", f"Authorization: Bearer {token}"]
                status, text = self.server.curl(path, *headers, *words)
                self.assertEqual(status, expected, text)
        self.assertEqual(self.server.curl("/api/v1/services", "-u", f"any:{DEPLOY}")[0], 200, "Basic, token as password")
        names = json.loads(self.server.curl("/api/v1/services", "-H", f"Authorization: Bearer {DEPLOY}")[1])["services"]
        self.assertEqual([s["name"] for s in names], ["api", "muster", "web-1", "web-lyft"])

    def test_the_command_line_and_its_token_file(self):
        done = self.server.muster("register", "web-1", "127.0.0.11:80", env={"MUSTER_TOKEN_FILE": str(self.folder / "deploy.token")})
        self.assertEqual(done.status, 0, done.err)
        done = self.server.muster("--token-file", self.folder / "deploy.token", "register", "api", "127.0.0.11:80")
        self.assertEqual(done.status, 1, done.out)
        self.assertEqual(self.server.muster("list").status, 1)

    def test_a_token_is_read_anew_on_reload_and_never_told(self):
        self.write("deploy.token", "another-secret\n")
        status, text = self.server.curl("/api/v1/reload", "-H", f"Authorization: Bearer {OPERATOR}", "--json", "{}")
        self.assertEqual(status, 200, text)
        self.assertEqual(self.server.curl("/api/v1/services", "-H", "Authorization: Bearer another-secret")[0], 200)
        self.assertEqual(self.server.curl("/api/v1/services", "-H", f"Authorization: Bearer {DEPLOY}")[0], 401)
        for secret in (DEPLOY, OPERATOR, WRITER, "another-secret"):
            self.assertNotIn(secret, self.server.err + self.server.out + text)


UNVERIFIED = ssl._create_unverified_context()


class Tls(EndToEnd):
    def setUp(self):
        super().setUp()
        self.certificate("server")

    def certificate(self, name):
        done = run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                   "-subj", "/CN=muster", "-addext", f"subjectAltName=IP:{ADDRESS}",
                   "-keyout", self.folder / f"{name}.key", "-out", self.folder / f"{name}.pem")
        self.assertEqual(done.status, 0, done.err)

    def begin_tls(self):
        self.configuration(store="memory")
        text = (self.folder / "musterd.toml").read_text()
        self.write("musterd.toml", text.replace("[http]\n", '[http]\ntls_certificate = "server.pem"\ntls_key = "server.key"\n'))
        return self.begin("--config", self.folder / "musterd.toml").serving()

    def curl(self, server, path, *words):
        return run("curl", "-sS", "--noproxy", "*", *words, f"https://{server.http[0]}:{server.http[1]}{path}")

    def test_registering_over_tls(self):
        server = self.begin_tls()
        trust = ["--cacert", self.folder / "server.pem"]
        done = self.curl(server, "/api/v1/services/web/instances/i1", *trust, "-X", "PUT", "--json", json.dumps(BODY))
        self.assertEqual(done.status, 0, done.err)
        self.assertEqual(done.json()["service"], "web")
        self.assertEqual(server.dig("web.svc.internal").data(), ["127.0.0.11"])
        for version in ("--tlsv1.2", "--tlsv1.3"):
            self.assertEqual(self.curl(server, "/readyz", *trust, version).status, 0)

    def test_what_must_fail(self):
        server = self.begin_tls()
        self.assertEqual(self.curl(server, "/readyz").status, 60, "an unknown certificate")
        self.certificate("other")
        self.assertEqual(self.curl(server, "/readyz", "--cacert", self.folder / "other.pem").status, 60, "another one")
        self.assertNotEqual(self.curl(server, "/readyz", "--cacert", self.folder / "server.pem", "--tls-max", "1.1", "--ciphers",
                                      "DEFAULT:@SECLEVEL=0").status, 0, "TLS 1.1")
        plain = run("curl", "-sS", "--noproxy", "*", f"http://{server.http[0]}:{server.http[1]}/readyz")
        self.assertNotIn("[]", plain.out, "no plain HTTP on a TLS listener")

    def presented(self, server):
        with socket.create_connection(server.http) as plain, UNVERIFIED.wrap_socket(plain) as tls:
            return tls.getpeercert(binary_form=True)

    def test_a_renewed_certificate_is_taken_over_and_a_bad_one_refused(self):
        server = self.begin_tls()
        first = self.presented(server)
        self.certificate("server")
        server.signal(signal.SIGHUP)
        wait_until("the new certificate", lambda: self.presented(server) != first)
        second = self.presented(server)
        (self.folder / "server.key").write_text("nonsense")
        trust = ["--cacert", self.folder / "server.pem"]
        done = self.curl(server, "/api/v1/reload", *trust, "--json", "{}")
        self.assertEqual(done.json()["error"], "invalid_field")
        self.assertIn("server.key", done.json()["message"])
        wait_until("the refusal in the log", lambda: "server.key" in server.err)
        self.assertEqual(self.presented(server), second)
        self.assertEqual(self.curl(server, "/readyz", *trust).status, 0)
        self.assertEqual(server.dig("muster.svc.internal").status, "NOERROR", "all else goes on")

    def test_the_command_line_and_its_ca_file(self):
        server = self.begin_tls()
        url = f"https://{server.http[0]}:{server.http[1]}"
        mine = self.folder / "server.pem"
        done = server.muster("--server", url, "--ca-file", mine, "register", "web", "127.0.0.11:80")
        self.assertEqual(done.status, 0, done.err)
        done = server.muster("show", "web", env={"MUSTER_SERVER": url, "MUSTER_CA_FILE": str(mine)})
        self.assertEqual(done.status, 0, done.err)
        self.assertIn("127.0.0.11", done.out)
        self.certificate("other")
        for words, why in (([], "nobody told it to trust this one"), (["--ca-file", self.folder / "other.pem"], "another one")):
            with self.subTest(why):
                done = server.muster("--server", url, *words, "list")
                self.assertEqual(done.status, 4, done.out)
                self.assertIn("--ca-file", done.err)
        done = server.muster("--server", url, "--ca-file", self.folder / "none.pem", "list")
        self.assertEqual(done.status, 1)
        self.assertIn("none.pem", done.err)

    def signed(self, name, subject, *extensions):
        """A client's certificate by the authority `clients`, which is made with the first."""
        openssl = ["openssl", "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
        if not (self.folder / "clients.pem").exists():
            done = run(*openssl, "-x509", "-days", "2", "-subj", "/CN=authority", "-keyout", self.folder / "clients.key",
                       "-out", self.folder / "clients.pem")
            self.assertEqual(done.status, 0, done.err)
        done = run(*openssl, "-subj", subject, *extensions, "-keyout", self.folder / f"{name}.key", "-out", self.folder / f"{name}.csr")
        self.assertEqual(done.status, 0, done.err)
        done = run("openssl", "x509", "-req", "-in", self.folder / f"{name}.csr", "-CA", self.folder / "clients.pem",
                   "-CAkey", self.folder / "clients.key", "-days", "2", "-copy_extensions", "copy", "-out", self.folder / f"{name}.pem")
        self.assertEqual(done.status, 0, done.err)

    def test_client_certificates_stand_for_secrets(self):
        self.signed("web", "/CN=web.test")
        self.signed("named", "/CN=web.test", "-addext", "subjectAltName=DNS:other.test")
        self.certificate("stranger")
        self.configuration('[[http.token]]\nname = "web"\ncertificate = "web.test"\nallow = ["write:web", "read"]\n', store="memory")
        text = (self.folder / "musterd.toml").read_text()
        files = '[http]\ntls_certificate = "server.pem"\ntls_key = "server.key"\ntls_client_ca = "clients.pem"\n'
        path = self.write("musterd.toml", text.replace("[http]\n", files))
        server = self.begin("--config", path).serving()
        trust = ["--cacert", self.folder / "server.pem"]
        mine = [*trust, "--cert", self.folder / "web.pem", "--key", self.folder / "web.key"]
        put = ["-o", "/dev/null", "-w", "%{http_code}", "-X", "PUT", "--json", json.dumps(BODY)]
        for version in ("--tlsv1.2", "--tlsv1.3"):
            self.assertEqual(self.curl(server, "/api/v1/services/web/instances/i1", *mine, version, *put).out[:2], "20")
        self.assertEqual(self.curl(server, "/api/v1/services/db/instances/i1", *mine, *put).out, "403")
        self.assertEqual(self.curl(server, "/api/v1/services/web/instances/i2", *trust, *put).out, "401", "none is shown")
        named = [*trust, "--cert", self.folder / "named.pem", "--key", self.folder / "named.key"]
        self.assertEqual(self.curl(server, "/api/v1/services/web/instances/i2", *named, *put).out, "401",
                         "where there are DNS names the common name says nothing")
        stranger = [*trust, "--cert", self.folder / "stranger.pem", "--key", self.folder / "stranger.key"]
        self.assertNotEqual(self.curl(server, "/api/v1/services/web", *stranger).status, 0, "another authority's")
        url = f"https://{server.http[0]}:{server.http[1]}"
        show = ["--server", url, "--ca-file", self.folder / "server.pem", "show", "web"]
        self.assertEqual(server.muster(*show).status, 1)
        done = server.muster(*show, "--cert-file", self.folder / "web.pem", "--key-file", self.folder / "web.key")
        self.assertEqual(done.status, 0, done.err)
        self.assertIn("127.0.0.11", done.out)

    def test_a_certificate_that_cannot_be_used_is_a_start_error(self):
        (self.folder / "server.key").write_text("nonsense")
        self.configuration(store="memory")
        text = (self.folder / "musterd.toml").read_text()
        self.write("musterd.toml", text.replace("[http]\n", '[http]\ntls_certificate = "server.pem"\ntls_key = "server.key"\n'))
        done = run(BIN / "musterd", "--config", self.folder / "musterd.toml")
        self.assertIn(done.status, (1, 2))
        self.assertIn("server.key", done.err)


if __name__ == "__main__":
    unittest.main()
