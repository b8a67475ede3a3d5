"""etcdctl --discovery-srv: a client that insists on the name `_etcd-client._tcp`, with a real etcd behind it."""
import node

node.enter()

import unittest  # noqa: E402  inside from here on

from node import run, wait_until  # noqa: E402

CLIENT = "http://127.0.0.1:2379"  # the page's
PEER = "http://127.0.0.1:2380"


class Etcdctl(node.Node):
    @classmethod
    def setUpClass(cls):
        cls.program = node.need("etcdctl", "etcd-client", "etcdctl")
        cls.server = node.need("etcdctl", "etcd-server", "etcd")
        node.tried("etcdctl", node.version_of("etcd-client"))

    def setUp(self):
        super().setUp()
        self.register_command, put = node.snippet("clients.md", "etcdctl").splitlines()
        self.put = put.replace("etcdctl ", f"{self.program} --dial-timeout=1s --command-timeout=2s ").split()
        self.get = [word.replace("put", "get") for word in self.put[:-1]]
        self.background("etcd", [self.server, "--data-dir", self.folder / "etcd", "--listen-client-urls", CLIENT, "--advertise-client-urls",
                                 CLIENT, "--listen-peer-urls", PEER, "--initial-advertise-peer-urls", PEER,
                                 "--initial-cluster", f"default={PEER}"])

    def test_it_finds_etcd_while_that_is_registered(self):
        without = run(*self.put)
        self.assertNotEqual(without.status, 0)
        self.assertIn("lookup _etcd-client._tcp.svc.internal", without.err)
        verb, *words = self.register_command.removeprefix("muster ").split()
        self.assertEqual(self.musterd.muster(verb, *words).status, 0)
        wait_until("it is written", lambda: run(*self.put).out == "OK\n")
        self.assertEqual(run(*self.get).out, "greeting\nhello\n")
        self.deregister("etcd-client", "127-0-0-1-2379")
        self.assertNotEqual(run(*self.get).status, 0)


if __name__ == "__main__":
    unittest.main()
