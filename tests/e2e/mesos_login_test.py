"""Masters behind https, and who musterd says it is."""

import json
import unittest

from harness import another_address, run, wait_until
from mesos_test import WithMesos


class Login(WithMesos):
    def setUp(self):
        super().setUp()
        self.task("web.aaa", "web", ports=[31000])
        done = run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                   "-subj", "/CN=master", "-addext", f"subjectAltName=IP:{another_address(1)}",
                   "-keyout", self.folder / "master.key", "-out", self.folder / "master.pem")
        self.assertEqual(done.status, 0, done.err)
        self.certificate = (self.folder / "master.pem", self.folder / "master.key")

    def check(self, keys, streams, **master_is):
        master = self.master(certificate=self.certificate, streams=streams, **master_is)
        server = self.serve(master, more=f'ca_file = "{self.certificate[0]}"\n{keys}')
        self.until(server, "web.marathon.mesos", ["10.0.1.10"])
        shown = json.dumps(self.source(server)) + server.api("GET", "/v1/config").text + server.err
        self.assertNotIn("hidden", shown)
        self.assertEqual(self.source(server)["mode"], "stream" if streams else "poll")

    def test_a_bearer_token(self):
        self.check('token = "hidden-1"', True, token="Bearer hidden-1")

    def test_a_token_from_a_file_in_the_form_of_dcos(self):
        self.write("token", "hidden-2\n").chmod(0o600)
        self.check('token_file = "token"\ntoken_scheme = "token"', False, token="token=hidden-2")

    def test_a_name_and_a_password(self):
        self.check('username = "me"\npassword = "hidden-3"', True, login="me:hidden-3")

    def test_who_musterd_is_by_a_certificate(self):
        done = run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                   "-subj", "/CN=muster", "-keyout", self.folder / "muster.key", "-out", self.folder / "muster.pem")
        self.assertEqual(done.status, 0, done.err)
        self.check('cert_file = "muster.pem"\nkey_file = "muster.key"', False, client_ca=self.folder / "muster.pem")
        without = self.master(certificate=self.certificate, streams=False, client_ca=self.folder / "muster.pem")
        server = self.begin("--config", self.configuration(
            f'[[source.mesos]]\nmasters = ["{without.url}"]\nca_file = "{self.certificate[0]}"\n', "memory")).serving()
        wait_until("the error", lambda: self.source(server)["error"])
        self.assertEqual(without.requests, [])

    def test_the_name_that_the_certificate_must_have(self):
        done = run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                   "-subj", "/CN=master", "-addext", "subjectAltName=DNS:master.example",
                   "-keyout", self.folder / "named.key", "-out", self.folder / "named.pem")
        self.assertEqual(done.status, 0, done.err)
        self.certificate = (self.folder / "named.pem", self.folder / "named.key")
        self.check('server_name = "master.example"', False)
        for keys in ("", 'server_name = "other.example"\n'):
            with self.subTest(keys=keys):
                master = self.master(certificate=self.certificate, streams=False)
                server = self.begin("--config", self.configuration(
                    f'[[source.mesos]]\nmasters = ["{master.url}"]\nca_file = "{self.certificate[0]}"\n{keys}', "memory")).serving()
                error = wait_until("the error", lambda: self.source(server)["error"])
                self.assertEqual((error["kind"], master.requests), ("tls", []))
                server.kill()

    def test_a_certificate_that_nobody_vouches_for_is_refused(self):
        master = self.master(certificate=self.certificate, streams=False)
        server = self.begin("--config", self.configuration(
            f'[[source.mesos]]\nmasters = ["{master.url}"]\ntoken = "hidden-4"\n', "memory")).serving()
        error = wait_until("the error", lambda: self.source(server)["error"])
        self.assertEqual(error["kind"], "tls", error)
        self.assertEqual(master.requests, [], "it is told nothing")
        self.assertEqual(server.dig("web.marathon.mesos").status, "SERVFAIL")

    def test_a_wrong_token_is_said(self):
        master = self.master(certificate=self.certificate, token="Bearer right")
        server = self.begin("--config", self.configuration(
            f'[[source.mesos]]\nmasters = ["{master.url}"]\nca_file = "{self.certificate[0]}"\ntoken = "hidden-5"\n', "memory")).serving()
        wait_until("the error", lambda: (self.source(server)["error"] or {}).get("kind") == "auth")
        self.assertNotIn("hidden", server.err)


if __name__ == "__main__":
    unittest.main()
