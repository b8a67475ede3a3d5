"""BIND as a resolver that forwards one domain to musterd."""
import node

node.enter()

import unittest  # noqa: E402  inside from here on

import resolver  # noqa: E402

CONFIG = """\
options {{
  directory "{folder}";
  listen-on {{ {at}; }};
  listen-on-v6 {{ none; }};
  pid-file "{folder}/named.pid";
  session-keyfile "{folder}/session.key";
  managed-keys-directory "{folder}";
  allow-query {{ any; }};
  recursion yes;
{option}
}};
controls {{ }};
{zone}
"""


class Bind(resolver.BelievesAbsence, resolver.Resolver):
    CLIENT, PACKAGE, PROGRAM = "BIND as forwarder", "bind9", "named"
    AT = "10.53.0.9"  # it listens on addresses of interfaces only
    RESOLV = f"nameserver {AT}\n"

    def begin_program(self, address, port):
        zone, _, option = self.snippet("BIND", address, port).partition("# among the options:\n")
        conf = CONFIG.format(at=self.AT, folder=self.folder, zone=zone, option=option)
        return self.background("named", [self.program, "-g", "-n", "1", "-c", self.write("named.conf", conf)])


if __name__ == "__main__":
    unittest.main()
