"""dnsmasq, sent to musterd at port 5300 for one domain, as the page on nodes shows it."""
import node

node.enter()

import unittest  # noqa: E402  inside from here on

import resolver  # noqa: E402


class Dnsmasq(resolver.BelievesAbsence, resolver.Resolver):
    CLIENT, PACKAGE, PROGRAM = "dnsmasq", "dnsmasq-base", "dnsmasq"

    def begin_program(self, address, port):
        conf = self.write("dnsmasq.conf", self.snippet("dnsmasq", address, port))
        return self.background("dnsmasq", [
            self.program, f"--conf-file={conf}", "--keep-in-foreground", f"--listen-address={self.AT}", "--bind-interfaces", "--no-resolv",
            "--no-hosts", "--user=", "--group=", "--pid-file=", "--stop-dns-rebind", "--bogus-priv"])


if __name__ == "__main__":
    unittest.main()
