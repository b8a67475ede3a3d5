"""Java: JNDI with dns://HOST:PORT and InetAddress through the system's resolver."""
import node

node.enter()

import unittest  # noqa: E402  inside from here on

LOOKUP = """\
import java.net.*;
import java.util.*;
import javax.naming.*;
import javax.naming.directory.*;

/** `inet NAME`, or `SERVER TYPE NAME` by JNDI: one record a line, or the exception. */
class Lookup {
  public static void main(String[] words) {
    try {
      if (words[0].equals("inet")) {
        for (InetAddress one : InetAddress.getAllByName(words[1])) System.out.println(one.getHostAddress());
        return;
      }
      var settings = new Hashtable<String, String>();
      settings.put(Context.INITIAL_CONTEXT_FACTORY, "com.sun.jndi.dns.DnsContextFactory");
      settings.put(Context.PROVIDER_URL, "dns://" + words[0]);
      settings.put("com.sun.jndi.dns.timeout.initial", "10000");
      settings.put("com.sun.jndi.dns.timeout.retries", "1");
      Attribute found = new InitialDirContext(settings).getAttributes(words[2], new String[] {words[1]}).get(words[1]);
      for (int i = 0; found != null && i < found.size(); ++i) System.out.println(found.get(i));
    } catch (Exception error) {
      System.out.println(error.getClass().getSimpleName());
    }
  }
}
"""


class Java(node.Node):
    MANY = 60

    @classmethod
    def setUpClass(cls):
        compiler = node.need("Java", "openjdk-17-jdk-headless", "javac")
        cls.java = node.need("Java", "openjdk-17-jre-headless", "java")
        node.tried("Java", node.run(cls.java, "--version").out)
        cls.classes = cls.kept_folder()
        (cls.classes / "Lookup.java").write_text(LOOKUP)
        done = node.run(compiler, cls.classes / "Lookup.java")
        assert done.status == 0, done.err

    def lookup(self, *words):
        out = node.run(self.java, "-cp", self.classes, "Lookup", *words).out
        return sorted(line.rstrip(".") for line in out.splitlines())

    def test_jndi(self):
        self.assertEqual(self.lookup(node.PORT, "A", "web.svc.internal"), node.WEB)
        self.assertEqual(self.lookup(node.PORT, "SRV", "_web._tcp.svc.internal"), node.WEB_SRV)
        self.assertEqual(self.lookup(node.PORT, "AAAA", "web.svc.internal"), [])
        self.assertEqual(self.lookup(node.PORT, "SRV", "_nobody._tcp.svc.internal"), ["NameNotFoundException"])

    def test_inet_address_sees_an_instance_join_and_leave(self):
        self.assertEqual(self.lookup("inet", "nobody.svc.internal"), ["UnknownHostException"])
        self.sees_changes(lambda: self.lookup("inet", "web.svc.internal"))

    def test_what_it_needs(self):
        self.assertEqual(self.behind_proxy("nodata-is-nxdomain", lambda: self.lookup(node.PROXY, "AAAA", "web.svc.internal")),
                         ([], ["NameNotFoundException"]))
        for way in ("no-tcp", "no-tc"):
            with self.subTest(way=way):
                whole, broken = self.behind_proxy(way, lambda: self.lookup(node.PROXY, "SRV", "_many._tcp.svc.internal"))
                self.assertEqual(len(whole), 60)
                self.assertEqual(broken, [])


if __name__ == "__main__":
    unittest.main()
