"""Perl: Net::DNS with servers, a port, SRV, and TCP after a TC."""
import node

node.enter()

import unittest  # noqa: E402  inside from here on

LOOKUP = """\
use Net::DNS;
my ($name, $type, $server, $port) = @ARGV;
my $resolver = Net::DNS::Resolver->new(nameservers => [$server], port => $port, retry => 1, udp_timeout => 10, tcp_timeout => 10);
my $reply = $resolver->send($name, $type) or do { print "failed\\n"; exit };
print $reply->header->rcode, "\\n" unless $reply->answer;
print join(" ", $_->type eq "SRV" ? ($_->priority, $_->weight, $_->port, $_->target) : $_->address), "\\n" for $reply->answer;
"""


class NetDns(node.Node):
    MANY = 60

    @classmethod
    def setUpClass(cls):
        cls.perl = node.need("Perl Net::DNS", "perl", "perl")
        version = node.run(cls.perl, "-MNet::DNS", "-e", "print Net::DNS->version")
        if version.status != 0:
            node.leave_out("Perl Net::DNS", "not installed (Debian package libnet-dns-perl)")
        node.tried("Perl Net::DNS", version.out)

    def lookup(self, name, kind="A", server="127.0.0.1", port="5300"):
        return sorted(node.run(self.perl, "-e", LOOKUP, f"{name}.svc.internal", kind, server, port).out.splitlines())

    def test_records_and_rcodes(self):
        self.assertEqual(self.lookup("_web._tcp", "SRV"), node.WEB_SRV)
        self.assertEqual((self.lookup("web", "AAAA"), self.lookup("nobody")), (["NOERROR"], ["NXDOMAIN"]))

    def test_an_instance_joins_and_leaves(self):
        self.sees_changes(lambda: self.lookup("web"))

    def test_what_it_needs(self):
        def count():
            return len(self.lookup("_many._tcp", "SRV", node.PROXY, "53"))

        self.assertEqual(self.behind_proxy("no-tcp", count), (60, 1))
        self.assertEqual(self.behind_proxy("no-tc", count), (60, 1))
        self.assertEqual(self.behind_proxy("no-aa", count), (60, 60))


if __name__ == "__main__":
    unittest.main()
