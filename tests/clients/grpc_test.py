"""gRPC: a channel to dns://HOST:PORT/name:port by c-ares; a killed backend costs no call while others remain."""
import node

node.enter()

import os  # noqa: E402  inside from here on
import subprocess  # noqa: E402
import unittest  # noqa: E402

BACKEND = """\
import grpc, sys
from concurrent import futures

class Whoever(grpc.GenericRpcHandler):
    def service(self, details):
        return grpc.unary_unary_rpc_method_handler(lambda request, context: sys.argv[1].encode())

server = grpc.server(futures.ThreadPoolExecutor(2), handlers=[Whoever()], options=[("grpc.so_reuseport", 0)])
server.add_insecure_port(sys.argv[1])
server.start()
print("ready", flush=True)
server.wait_for_termination()
"""

CLIENT = """\
import grpc, json, sys
again = {"maxAttempts": 3, "initialBackoff": "0.1s", "maxBackoff": "0.2s", "backoffMultiplier": 1,
         "retryableStatusCodes": ["UNAVAILABLE"]}  # for a call that is on its way when its backend dies
channel = grpc.insecure_channel(sys.argv[1], options=[("grpc.dns_min_time_between_resolutions_ms", 100),
    ("grpc.initial_reconnect_backoff_ms", 100), ("grpc.max_reconnect_backoff_ms", 200), ("grpc.enable_http_proxy", 0),
    ("grpc.service_config", json.dumps({"methodConfig": [{"name": [{}], "retryPolicy": again}]}))])
call = channel.unary_unary("/any/call")
for line in sys.stdin:
    try:
        print(call(b"", timeout=10).decode(), flush=True)
    except grpc.RpcError as error:
        print(error.code().name, flush=True)
"""


class Grpc(node.Node):
    INSTANCES = {"calls": [(f"127.0.4.{number}", 9000, 1) for number in (1, 2, 3)]}
    MORE = '[service.wide]\nudp_fit = "truncate"\n'

    @classmethod
    def setUpClass(cls):
        node.need("gRPC", "python3-grpcio", module="grpc")
        node.tried("gRPC", node.run(node.python(), "-c", "import grpc; print(grpc.__version__)").out)

    def setUp(self):
        super().setUp()
        self.backends = {}
        for address, port, _ in self.INSTANCES["calls"]:
            self.begin_backend(f"{address}:{port}")

    def begin_backend(self, place):
        self.backends[place] = self.background(f"backend-{place}", [node.python(), "-c", BACKEND, place])
        node.wait_until("the backend", lambda: self.backends[place].out)

    def client(self, target, server=node.PORT):
        """A function that makes one call and returns which backend answered, or the status."""
        child = subprocess.Popen([node.python(), "-c", CLIENT, f"dns://{server}/{target}"], stdin=subprocess.PIPE,
                                 stdout=subprocess.PIPE, text=True, env=os.environ | {"GRPC_DNS_RESOLVER": "ares"})
        self.addCleanup(child.stdout.close)
        self.addCleanup(child.wait)
        self.addCleanup(child.stdin.close)

        def call():
            child.stdin.write("\n")
            child.stdin.flush()
            return child.stdout.readline().strip()
        return call

    def test_killed_backends_cost_no_call(self):
        call = self.client("calls.svc.internal:9000")
        while len(self.backends) > 1:
            mine = call()
            self.assertEqual({call() for _ in range(20)}, {mine}, "it keeps to one")
            self.backends.pop(mine).kill()
            self.assertLessEqual({call() for _ in range(20)}, self.backends.keys())
        last = call()
        self.begin_backend("127.0.4.4:9000")
        self.register("calls", "i4", "127.0.4.4", 9000)
        self.assertEqual({call() for _ in range(20)}, {last}, "it does not ask while its connection is whole")
        self.backends.pop(last).kill()
        self.assertEqual({call() for _ in range(20)}, {"127.0.4.4:9000"}, "nor lose a call when it does")
        self.backends.pop("127.0.4.4:9000").kill()
        self.assertEqual(call(), "UNAVAILABLE")

    def test_every_backend_has_its_clients(self):
        """Each client takes the first of an answer, and the answers are shuffled."""
        seen = set()
        node.wait_until("a client at each backend", lambda: seen.add(self.client("calls.svc.internal:9000")())
                        or seen == self.backends.keys())

    def test_what_it_needs(self):
        self.begin_backend("0.0.0.0:9001")
        for number in range(1, 201):
            self.register("wide", f"i{number}", f"127.0.5.{number}", 9001)
        self.assertEqual(self.behind_proxy("no-tcp", lambda: self.client("wide.svc.internal:9001", f"{node.PROXY}:53")()),
                         ("0.0.0.0:9001", "UNAVAILABLE"))


if __name__ == "__main__":
    unittest.main()
