"""Node.js: dns.resolve4 with TTLs, resolve6, resolveSrv, setServers with a port, dns.lookup, and its error codes."""
import node

node.enter()

import unittest  # noqa: E402  inside from here on

LOOKUP = """\
const dns = require("dns").promises;
const [server, call, name] = process.argv.slice(1);
const calls = {
  resolve4: at => at.resolve4(name, {ttl: true}),
  resolve6: at => at.resolve6(name),
  resolveSrv: at => at.resolveSrv(name),
  lookup: () => dns.lookup(name, {all: true}),
};
const resolver = new dns.Resolver({timeout: 10000, tries: 1});
resolver.setServers([server]);
calls[call](resolver).then(found => found, error => error.code).then(found => console.log(JSON.stringify(found)));
"""


class NodeJs(node.Node):
    MANY = 60

    @classmethod
    def setUpClass(cls):
        cls.node = node.need("Node.js", "nodejs", "node")
        node.tried("Node.js", node.run(cls.node, "--version").out)

    def ask(self, call, name, server=node.PORT):
        return node.run(self.node, "-e", LOOKUP, server, call, f"{name}.svc.internal").json()

    def addresses(self, call):
        return sorted(one["address"] for one in self.ask(call, "web"))

    def test_records_and_errors(self):
        ttl = self.musterd.dig("web.svc.internal").answer[0].ttl
        found = self.ask("resolve4", "web")
        self.assertEqual(sorted((one["address"], one["ttl"]) for one in found), [(address, ttl) for address in node.WEB])
        self.assertEqual(self.addresses("lookup"), node.WEB)
        self.assertEqual(sorted(self.ask("resolveSrv", "_web._tcp"), key=lambda one: one["name"]),
                         [{"name": f"i{number}.web.svc.internal", "port": port, "priority": 0, "weight": weight}
                          for number, (_, port, weight) in enumerate(self.INSTANCES["web"], 1)])
        self.assertEqual((self.ask("resolve6", "web"), self.ask("resolve6", "nobody")), ("ENODATA", "ENOTFOUND"))
        self.assertEqual(self.ask("lookup", "nobody"), "ENOTFOUND")

    def test_an_instance_joins_and_leaves(self):
        self.sees_changes(lambda: self.addresses("resolve4"))

    def test_what_it_needs(self):
        def count():
            found = self.ask("resolveSrv", "_many._tcp", node.PROXY)
            return found if isinstance(found, str) else len(found)

        self.assertEqual(self.behind_proxy("nodata-is-nxdomain", lambda: self.ask("resolve6", "web", node.PROXY)),
                         ("ENODATA", "ENOTFOUND"))
        self.assertEqual(self.behind_proxy("no-ttl", lambda: self.ask("resolve4", "v4", node.PROXY)[0]["ttl"]), (5, 3600))
        self.assertEqual(self.behind_proxy("no-tcp", count), (60, "ECONNREFUSED"))
        self.assertEqual(self.behind_proxy("no-tc", count), (60, "ENODATA"))
        self.assertEqual(self.behind_proxy("no-aa", count), (60, 60))


if __name__ == "__main__":
    unittest.main()
