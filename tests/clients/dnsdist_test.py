"""dnsdist in front of musterd, which it finds well by asking it for the domain's SOA."""
import node

node.enter()

import unittest  # noqa: E402  inside from here on

import resolver  # noqa: E402
from node import wait_until  # noqa: E402


class Dnsdist(resolver.Resolver):
    CLIENT, PACKAGE, PROGRAM = "dnsdist", "dnsdist", "dnsdist"

    def begin_program(self, address, port, snippet=None):
        snippet = snippet or self.snippet("dnsdist", address, port)
        conf = self.write("dnsdist.conf", f'setLocal("{self.AT}:53")\nsetSecurityPollSuffix("")\n{snippet}')
        return self.background("dnsdist", [self.program, "--supervised", "--disable-syslog", "-C", conf])

    test_it_keeps_to_the_ttl = None  # it keeps nothing

    def test_without_the_right_check_it_is_down(self):
        """What dnsdist asks by itself, a root server's address, is REFUSED here."""
        other = self.snippet("dnsdist", "127.0.0.1", 5300).replace(', checkType="SOA", checkName="svc.internal."', "")
        process = self.begin_program("127.0.0.1", 5300, other)
        wait_until("its verdict", lambda: "as 'down'" in process.out + process.err)
        self.assertEqual(self.short("web.svc.internal"), [])

    def test_it_notices_a_server_that_is_gone_and_back(self):
        process = self.begin_resolver()
        self.assertEqual(self.musterd.stop(), 0)
        wait_until("it is down", lambda: "as 'down'" in process.out + process.err)
        self.musterd = self.again()
        self.register("web", "i1", "10.1.0.1", 80)
        wait_until("it is up", lambda: self.short("web.svc.internal") == ["10.1.0.1"])


if __name__ == "__main__":
    unittest.main()
