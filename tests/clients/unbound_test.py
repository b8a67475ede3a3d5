"""unbound with a stub zone, as strict as it can be: least names in its questions, letters of random case, nothing below
NXDOMAIN, and private addresses only where the page's configuration lets them through."""
import node

node.enter()

import unittest  # noqa: E402  inside from here on

import resolver  # noqa: E402
from node import wait_until  # noqa: E402

CONFIG = """\
server:
  interface: {at}
  access-control: 127.0.0.0/8 allow
  username: ""
  chroot: ""
  directory: "{folder}"
  pidfile: ""
  use-syslog: no
  do-daemonize: no
  num-threads: 1
  private-address: 10.0.0.0/8
  module-config: "validator iterator"
  trust-anchor: "internal. DS 1 13 2 {digest}"
  qname-minimisation: yes
  qname-minimisation-strict: yes
  use-caps-for-id: yes
  harden-below-nxdomain: yes
remote-control:
  control-enable: no
"""


class Unbound(resolver.Resolver):
    CLIENT, PACKAGE, PROGRAM = "unbound", "unbound", "unbound"

    def begin_program(self, address, port):
        conf = CONFIG.format(at=self.AT, folder=self.folder, digest="ab" * 32) + self.snippet("unbound", address, port)
        return self.background("unbound", [self.program, "-d", "-c", self.write("unbound.conf", conf)])

    def test_empty_names_must_be_there(self):
        """Least names first: `_tcp` comes before `_web._tcp`."""
        proxy = self.behind_proxy()
        proxy.ways = {"nodata-is-nxdomain"}
        self.assertEqual(self.short("_web._tcp.svc.internal", "SRV"), [])
        proxy.ways = set()
        wait_until("they are believed again", lambda: self.short("_web._tcp.svc.internal", "SRV") == resolver.SRV)

    def test_the_question_comes_back_letter_by_letter(self):
        """Else it asks again and again until it believes the answer."""
        proxy = self.behind_proxy()
        self.short("i1.web.svc.internal")
        before = len(proxy.asked)
        self.assertEqual(self.short("i2.web.svc.internal"), ["10.1.0.2"])
        once = len(proxy.asked) - before
        proxy.ways = {"other-case"}
        self.short("i3.web.svc.internal")
        self.assertGreater(len(proxy.asked) - before - once, 2 * once)


if __name__ == "__main__":
    unittest.main()
