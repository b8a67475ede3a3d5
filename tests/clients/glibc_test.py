"""glibc: getaddrinfo with every option of resolv.conf and with search suffixes, getent, and 60 SRV records by res_query."""
import node

node.enter()

import unittest  # noqa: E402  inside from here on

import getaddrinfo  # noqa: E402

SRV = """\
#include <netinet/in.h>
#include <resolv.h>
#include <stdio.h>
// The number of SRV records that res_query finds, or -1.
int main(int count, char **words) {
  static unsigned char reply[65536];
  int size = res_query(words[1], 1, 33, reply, sizeof reply);
  printf("%d\\n", size < 0 ? -1 : reply[6] << 8 | reply[7]);
}
"""


class Glibc(node.Node):
    MANY = 60
    SEARCH = "search svc.internal web.svc.internal\n"

    @classmethod
    def setUpClass(cls):
        node.need("glibc", "gcc libc6-dev", "cc")
        node.tried("glibc", node.version_of("libc6"))

    def setUp(self):
        super().setUp()
        self.lookup = self.compiled("lookup", getaddrinfo.SOURCE)
        self.srv = self.compiled("srv", SRV, "cc", "-lresolv")

    def addresses(self, name):
        return sorted(node.run(self.lookup, name).out.split())

    def test_getaddrinfo_with_every_option(self):
        for options in ("", "ndots:5", "use-vc", "edns0", "edns0 use-vc", "single-request", "single-request-reopen", "rotate",
                        "trust-ad", "no-tld-query"):
            with self.subTest(options=options):
                self.resolv(self.RESOLV + self.SEARCH + (f"options {options}\n" if options else ""))
                for name in ("web", "web.svc.internal", "web.svc.internal."):
                    self.assertEqual(self.addresses(name), node.WEB)
                for name in ("i2", "i2.web", "i2.web.svc.internal"):
                    self.assertEqual(self.addresses(name), ["10.1.0.2"])
                self.assertEqual(self.addresses("nobody.svc.internal"), ["NONAME"])
                many = len(self.addresses("many"))
                if "edns0" in options or "use-vc" in options:
                    self.assertEqual(many, 60)
                else:
                    self.assertIn(many, (28, 29), "as many as 512 octets hold")

    def test_getent_sees_an_instance_join_and_leave(self):
        getent = node.need("getent", "libc-bin", "getent")
        self.sees_changes(lambda: sorted({line.split()[0] for line in
                                          node.run(getent, "ahosts", "web.svc.internal").out.splitlines()}))
        self.assertEqual(node.run(getent, "hosts", "v4.svc.internal").out.split(), ["10.2.0.1", "v4.svc.internal"])
        self.assertEqual(node.run(getent, "hosts", "nobody.svc.internal").status, 2)

    def test_a_search_asks_each_name_once(self):
        """A suffix of ours costs one pair of questions; a foreign one is refused and asked again, and ends the search."""
        pairs = self.questions("web.svc.internal", self.SEARCH)
        self.assertEqual(pairs, [(f"web.svc.internal{suffix}", kind)
                                 for suffix in ("", ".svc.internal", ".web.svc.internal") for kind in (1, 28)])
        self.assertEqual(len(self.questions("web.svc.internal", "search svc.internal example.test\n")), 8)
        self.resolv(self.RESOLV + "search example.test svc.internal\n")
        self.assertEqual(self.addresses("web"), ["AGAIN"])

    def questions(self, name, search):
        """What is asked for a name with few dots until its addresses are found."""
        proxy = self.proxy()
        self.resolv(f"nameserver {node.PROXY}\n{search}options ndots:5\n")
        self.assertEqual(self.addresses(name), node.WEB)
        proxy.close()
        return sorted(proxy.questions)

    def test_what_it_needs_for_sixty_srv_records(self):
        def count():
            return int(node.run(self.srv, "_many._tcp.svc.internal").out)

        self.assertEqual(count(), 60)
        for way in ("no-tcp", "no-tc", "no-aa"):
            with self.subTest(way=way):
                self.assertEqual(self.behind_proxy(way, count), (60, -1))
        self.assertEqual(self.behind_proxy("no-aa", count, "timeout:10 attempts:1 edns0"), (60, 60), "an OPT saves it")

    def test_what_one_address_needs(self):
        def one():
            return self.addresses("v4.svc.internal")

        for way in ("nodata-is-nxdomain", "other-case", "formerr-edns"):
            with self.subTest(way=way):
                self.assertEqual(self.behind_proxy(way, one), (["10.2.0.1"], ["10.2.0.1"]), "it does not notice")
        whole, broken = self.behind_proxy("formerr-edns", one, "timeout:10 attempts:1 edns0")
        self.assertEqual((whole, broken), (["10.2.0.1"], ["NONAME"]), "it does not ask again without EDNS")


if __name__ == "__main__":
    unittest.main()
