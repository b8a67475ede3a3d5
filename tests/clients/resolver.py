"""What every resolver is asked that looks svc.internal up at musterd for its clients.

Behind a proxy that breaks a rule it must fail where it was right without: so the tests can fail, and so a rule is known
to be needed.
"""

import node
from node import WEB, run, wait_until

SRV = ["0 10 8081 i3.web.svc.internal.", "0 30 8080 i2.web.svc.internal.", "0 60 8080 i1.web.svc.internal."]


class Resolver(node.Node):
    """The resolver at AT:53, which resolv.conf names."""

    CLIENT = PACKAGE = PROGRAM = ""
    AT = "127.0.0.3"
    RESOLV = f"nameserver {AT}\n"
    MORE = '[zones]\nttl = "1s"\n'
    MANY = 60

    @classmethod
    def setUpClass(cls):
        cls.program = node.need(cls.CLIENT, cls.PACKAGE, cls.PROGRAM)
        node.tried(cls.CLIENT, node.version_of(cls.PACKAGE))

    def begin_program(self, address, port):
        """Starts it, sent to this server."""
        raise NotImplementedError

    def begin_resolver(self, address="127.0.0.1", port=5300):
        process = self.begin_program(address, port)

        def answers():
            if process.child.poll() is not None:
                raise AssertionError(f"{self.CLIENT} ended:\n{process.out}\n{process.err}")
            return self.short("ns1.svc.internal")

        wait_until(f"{self.CLIENT} answers", answers)
        return process

    def behind_proxy(self):
        proxy = self.proxy()
        self.begin_resolver(node.PROXY, 53)
        return proxy

    def snippet(self, program, address, port, page="point-a-node.md"):
        """The page's, for this server; the page's own is port 5300 of this machine."""
        return node.snippet(page, program).replace("127.0.0.1", address).replace("5300", str(port))

    def dig(self, name, kind="A", *words):
        return node.harness.read_dig(run("dig", f"@{self.AT}", "+time=10", "+tries=2", *words, name, kind).out)

    def short(self, name, kind="A", *words):
        """Nothing where dig complains."""
        lines = run("dig", f"@{self.AT}", "+short", "+time=2", "+tries=1", *words, name, kind).out.splitlines()
        return sorted(line for line in lines if not line.startswith(";"))

    def test_it_answers_what_musterd_does(self):
        self.begin_resolver()
        self.assertEqual(self.short("web.svc.internal"), WEB)
        self.assertEqual(self.short("_web._tcp.svc.internal", "SRV"), SRV)
        self.assertEqual(self.short("i2.web.svc.internal"), ["10.1.0.2"])
        for kind in ("AAAA", "A"):
            missing = self.dig("v4.svc.internal", kind)
            self.assertEqual((missing.status, missing.data()), ("NOERROR", ["10.2.0.1"] if kind == "A" else []))
        self.assertEqual(self.dig("_tcp.svc.internal").status, "NOERROR", "there are names below")
        nobody = self.dig("nobody.svc.internal")
        self.assertEqual(nobody.status, "NXDOMAIN")
        for soa in nobody.authority:
            self.assertLessEqual(soa.ttl, 2)
        self.assertEqual(len(self.short("_many._tcp.svc.internal", "SRV")), 60)
        self.assertEqual(len(self.short("_many._tcp.svc.internal", "SRV", "+tcp")), 60)
        addresses = {line.split()[0] for line in run("getent", "ahostsv4", "web.svc.internal").out.splitlines()}
        self.assertEqual(sorted(addresses), WEB)

    def test_instances_join_and_leave(self):
        self.begin_resolver()
        self.assertEqual(self.short("web.svc.internal"), WEB)
        self.assertEqual(self.dig("late.svc.internal").status, "NXDOMAIN")
        self.register("web", "i4", "10.1.0.4", 8080)
        self.register("late", "i1", "10.4.0.1", 80)
        wait_until("the fourth is there", lambda: self.short("web.svc.internal") == [*WEB, "10.1.0.4"])
        wait_until("and the name that was not", lambda: self.short("late.svc.internal") == ["10.4.0.1"])
        self.deregister("web", "i4")
        wait_until("the fourth is gone", lambda: self.short("web.svc.internal") == WEB)

    def test_without_tcp_it_fails(self):
        proxy = self.behind_proxy()
        self.assertEqual(len(self.short("_many._tcp.svc.internal", "SRV")), 60)
        self.assertIn("tcp", proxy.asked)
        proxy.ways = {"no-tcp"}
        self.assertNotEqual(len(self.short("many.svc.internal", "SRV")), 60)

    def test_it_keeps_to_the_ttl(self):
        """What came with a TTL of an hour is as it was when what came with musterd's has changed."""
        proxy = self.behind_proxy()
        proxy.ways = {"no-ttl"}
        self.assertEqual(self.short("web.svc.internal"), WEB)
        proxy.ways = set()
        self.assertEqual(self.short("v4.svc.internal"), ["10.2.0.1"])
        self.register("web", "i4", "10.1.0.4", 8080)
        self.register("v4", "i2", "10.2.0.2", 80)
        wait_until("the other is there", lambda: self.short("v4.svc.internal") == ["10.2.0.1", "10.2.0.2"])
        self.assertEqual(self.short("web.svc.internal"), WEB)


class BelievesAbsence:
    """A Resolver that takes an NXDOMAIN for all types, and so cannot find a name any more of which one is missing."""

    def test_what_is_missing_must_not_be_the_name(self):
        proxy = self.behind_proxy()
        proxy.ways = {"nodata-is-nxdomain"}
        self.assertEqual(self.dig("v4.svc.internal", "AAAA").status, "NXDOMAIN")
        self.assertEqual(self.short("v4.svc.internal"), [])
