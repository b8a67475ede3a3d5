"""The C library's getaddrinfo and res_query, with the options that resolv.conf knows."""
import node

node.enter()

import unittest  # noqa: E402  inside from here on

GETADDRINFO = """\
#include <netdb.h>
#include <stdio.h>
#include <arpa/inet.h>
// Prints the addresses of a name, or the error; for family 0 those of both.
int main(int count, char **words) {
  struct addrinfo hints = {.ai_family = count > 2 && words[2][0] == '4' ? AF_INET : AF_UNSPEC, .ai_socktype = SOCK_STREAM}, *all;
  int error = getaddrinfo(words[1], NULL, &hints, &all);
  if (error) { puts(error == EAI_NONAME ? "NONAME" : error == EAI_NODATA ? "NODATA" : gai_strerror(error)); return 1; }
  for (; all; all = all->ai_next) {
    char text[64];
    getnameinfo(all->ai_addr, all->ai_addrlen, text, sizeof text, NULL, 0, NI_NUMERICHOST);
    puts(text);
  }
}
"""

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

    def setUp(self):
        super().setUp()
        self.lookup = self.compiled("lookup", "#define _GNU_SOURCE\n" + GETADDRINFO)
        self.srv = self.compiled("srv", SRV, "cc", "-lresolv")

    def addresses(self, name, *words):
        return sorted(node.run(self.lookup, name, *words).out.split())

    def test_getaddrinfo_with_every_option(self):
        web = ["10.1.0.1", "10.1.0.2", "10.1.0.3"]
        node.tried("glibc", node.version_of("libc6"))
        for options in ("", "ndots:5", "use-vc", "edns0", "edns0 use-vc", "single-request", "single-request-reopen", "rotate",
                        "trust-ad", "no-tld-query"):
            with self.subTest(options=options):
                self.resolv(f"nameserver 127.0.0.1\nsearch svc.internal example.test\n{'options ' + options if options else ''}\n")
                self.assertEqual(self.addresses("web"), web)
                self.assertEqual(self.addresses("web.svc.internal"), web)
                self.assertEqual(self.addresses("web.svc.internal."), web)
                self.assertEqual(self.addresses("i2.web.svc.internal"), ["10.1.0.2"])
                self.assertEqual(self.addresses("nobody"), ["NONAME"])
                self.assertEqual(len(self.addresses("many")), 60)

    def test_sixty_srv_records_come_over_tcp(self):
        self.assertEqual(node.run(self.srv, "_many._tcp.svc.internal").out, "60\n")

    def test_what_it_needs(self):
        """Behind a proxy that breaks a rule it fails where it was right without."""
        for way, name, program, right in (("no-tcp", "_many._tcp.svc.internal", self.srv, "60\n"),
                                          ("no-tc", "_many._tcp.svc.internal", self.srv, "60\n")):
            with self.subTest(way=way):
                proxy = self.proxy()
                self.resolv(f"nameserver {node.PROXY}\noptions timeout:1 attempts:1\n")
                self.assertEqual(node.run(program, name).out, right)
                proxy.ways = {way}
                self.assertNotEqual(node.run(program, name).out, right)
                proxy.close()


if __name__ == "__main__":
    unittest.main()
