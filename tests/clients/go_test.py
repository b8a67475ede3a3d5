"""Go: its own resolver and that of the C library; LookupHost, LookupSRV by priority, IsNotFound, a Dial to a port."""
import node

node.enter()

import os  # noqa: E402  inside from here on
import unittest  # noqa: E402

LOOKUP = """\
package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
)

// SERVER CALL NAME: one record a line, or what the error says of itself. SERVER may be empty.
func main() {
	server, call, name := os.Args[1], os.Args[2], os.Args[3]
	resolver := net.DefaultResolver
	if server != "" {
		resolver = &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, network, server)
		}}
	}
	var err error
	switch ctx := context.Background(); call {
	case "host":
		var found []string
		found, err = resolver.LookupHost(ctx, name)
		for _, one := range found {
			fmt.Println(one)
		}
	case "ip6":
		_, err = resolver.LookupIP(ctx, "ip6", name)
	case "srv":
		var found []*net.SRV
		_, found, err = resolver.LookupSRV(ctx, "", "", name)
		for _, one := range found {
			fmt.Println(one.Priority, one.Weight, one.Port, one.Target)
		}
	}
	var said *net.DNSError
	if errors.As(err, &said) && said.IsNotFound {
		fmt.Println("not found")
	} else if err != nil {
		fmt.Println("failed")
	}
}
"""


class Go(node.Node):
    MANY = 60
    RESOLVERS = ("go", "cgo")

    @classmethod
    def setUpClass(cls):
        go = node.need("Go", "golang-go", "go")
        node.need("Go", "gcc libc6-dev", "cc")
        node.tried("Go", node.run(go, "version").out)
        folder = cls.kept_folder()
        (folder / "lookup.go").write_text(LOOKUP)
        cls.program = folder / "lookup"
        done = node.run(go, "build", "-o", cls.program, folder / "lookup.go", seconds=200, env=os.environ | {
            "GOCACHE": str(folder / "cache"), "GOPATH": str(folder), "GOTOOLCHAIN": "local", "CGO_ENABLED": "1"})
        assert done.status == 0, done.err

    def lookup(self, call, name, server="", resolver="go"):
        return node.run(self.program, server, call, f"{name}.svc.internal",
                        env=os.environ | {"GODEBUG": f"netdns={resolver}"}).out.splitlines()

    def test_both_resolvers(self):
        for resolver in self.RESOLVERS:
            with self.subTest(resolver=resolver):
                self.assertEqual(sorted(self.lookup("host", "web", resolver=resolver)), node.WEB)
                self.assertEqual(self.lookup("host", "nobody", resolver=resolver), ["not found"])
                self.sees_changes(lambda: sorted(self.lookup("host", "web", resolver=resolver)))

    def test_srv_comes_by_priority_from_a_server_with_a_port(self):
        for number, priority in enumerate((20, 10, 30), 1):
            self.register("apart", f"i{number}", f"10.4.0.{number}", 80, priority=priority)
        self.assertEqual(self.lookup("srv", "_apart._tcp", node.PORT), [
            "10 1 80 i2.apart.svc.internal.", "20 1 80 i1.apart.svc.internal.", "30 1 80 i3.apart.svc.internal."])
        self.assertEqual(self.lookup("srv", "_nobody._tcp", node.PORT), ["not found"])

    def test_what_it_needs(self):
        def count():
            found = self.lookup("srv", "_many._tcp")
            return found[0] if len(found) == 1 else len(found)

        self.assertEqual(self.behind_proxy("no-tcp", count), (60, "failed"))
        self.assertEqual(self.behind_proxy("no-tc", count), (60, "not found"))
        self.assertEqual(self.behind_proxy("no-aa", lambda: self.lookup("ip6", "v4")), (["not found"], ["failed"]))
        self.assertEqual(self.behind_proxy("nodata-is-nxdomain", lambda: self.lookup("host", "v4")), (["10.2.0.1"], ["10.2.0.1"]))


if __name__ == "__main__":
    unittest.main()
