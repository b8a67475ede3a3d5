"""Ruby: Resolv with nameserver_port, SRV, and TCP after a TC; its addresses by the C library."""
import node

node.enter()

import unittest  # noqa: E402  inside from here on

LOOKUP = """\
require "resolv"
require "socket"
name, type, server, port = ARGV
begin
  if type == "libc"
    puts Addrinfo.getaddrinfo(name, nil, nil, :STREAM).map(&:ip_address)
    exit
  end
  Resolv::DNS.open(nameserver_port: [[server, port.to_i]]) do |dns|
    dns.timeouts = 10
    dns.getresources(name, Resolv::DNS::Resource::IN.const_get(type)).each do |one|
      puts type == "SRV" ? [one.priority, one.weight, one.port, one.target].join(" ") : one.address
    end
  end
rescue StandardError => error
  puts error.class
end
"""


class Ruby(node.Node):
    MANY = 60

    @classmethod
    def setUpClass(cls):
        cls.ruby = node.need("Ruby Resolv", "ruby", "ruby")
        node.tried("Ruby Resolv", node.run(cls.ruby, "--version").out)

    def lookup(self, name, kind="A", server="127.0.0.1", port="5300"):
        return sorted(node.run(self.ruby, "-e", LOOKUP, f"{name}.svc.internal", kind, server, port).out.splitlines())

    def test_records(self):
        self.assertEqual(self.lookup("_web._tcp", "SRV"), node.WEB_SRV)
        self.assertEqual((self.lookup("web", "AAAA"), self.lookup("nobody")), ([], []))
        self.assertEqual((self.lookup("web", "libc"), self.lookup("nobody", "libc")), (node.WEB, ["SocketError"]))

    def test_an_instance_joins_and_leaves(self):
        self.sees_changes(lambda: self.lookup("web"))

    def test_what_it_needs(self):
        def count():
            return len(self.lookup("_many._tcp", "SRV", node.PROXY, "53"))

        self.assertEqual(self.behind_proxy("no-tc", count), (60, 0))
        whole, broken = self.behind_proxy("no-tcp", count)
        self.assertEqual(whole, 60)
        self.assertLess(broken, 60)


if __name__ == "__main__":
    unittest.main()
