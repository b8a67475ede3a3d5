"""The recursor of PowerDNS, which takes one domain from musterd."""
import node

node.enter()

import unittest  # noqa: E402  inside from here on

import resolver  # noqa: E402

CONFIG = """\
config-dir={folder}
socket-dir={folder}
daemon=no
dnssec=validate
threads=1
local-address={at}
allow-from=127.0.0.0/8
security-poll-suffix=
write-pid=no
disable-syslog=yes
etc-hosts-file=/etc/hosts
"""


class Recursor(resolver.BelievesAbsence, resolver.Resolver):
    CLIENT, PACKAGE, PROGRAM = "PowerDNS recursor", "pdns-recursor", "pdns_recursor"

    def begin_program(self, address, port):
        conf, _, lua = self.snippet("PowerDNS recursor", address, port).partition("# in the file of lua-config-file:\n")
        conf += f"lua-config-file={self.write('recursor.lua', lua)}\n"
        self.write("recursor.conf", CONFIG.format(at=self.AT, folder=self.folder) + conf)
        return self.background("recursor", [self.program, f"--config-dir={self.folder}"])


if __name__ == "__main__":
    unittest.main()
