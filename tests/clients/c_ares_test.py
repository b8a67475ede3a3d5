"""c-ares: servers as HOST:PORT, A, AAAA and SRV, and TCP after a TC."""
import node

node.enter()

import unittest  # noqa: E402  inside from here on

LOOKUP = """\
#include <ares.h>
#include <arpa/inet.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/select.h>

static void print_records(void *type, int status, int timeouts, unsigned char *reply, int size) {
  if (status != ARES_SUCCESS) { puts(ares_strerror(status)); return; }
  if (atoi(type) == 33) {
    struct ares_srv_reply *all;
    ares_parse_srv_reply(reply, size, &all);
    for (; all; all = all->next) printf("%d %d %d %s\\n", all->priority, all->weight, all->port, all->host);
  } else {
    struct ares_addrttl all[100];
    int count = 100;
    ares_parse_a_reply(reply, size, NULL, all, &count);
    for (int i = 0; i < count; ++i) printf("%s %d\\n", inet_ntoa(all[i].ipaddr), all[i].ttl);
  }
}

static void print_addresses(void *none, int status, int timeouts, struct ares_addrinfo *all) {
  if (status != ARES_SUCCESS) { puts(ares_strerror(status)); return; }
  for (struct ares_addrinfo_node *node = all->nodes; node; node = node->ai_next)
    puts(inet_ntoa(((struct sockaddr_in *)node->ai_addr)->sin_addr));
}

// SERVER TYPE NAME: the records of a type, or with type 0 the addresses of both families.
int main(int count, char **words) {
  ares_channel channel;
  ares_library_init(ARES_LIB_INIT_ALL);
  if (ares_init(&channel) || ares_set_servers_ports_csv(channel, words[1])) return 2;
  struct ares_addrinfo_hints both = {.ai_family = AF_UNSPEC};
  if (!strcmp(words[2], "0")) ares_getaddrinfo(channel, words[3], NULL, &both, print_addresses, NULL);
  else ares_query(channel, words[3], 1, atoi(words[2]), print_records, words[2]);
  for (;;) {
    fd_set reading, writing;
    FD_ZERO(&reading);
    FD_ZERO(&writing);
    int above = ares_fds(channel, &reading, &writing);
    if (!above) return 0;
    struct timeval most = {5, 0}, *wait = ares_timeout(channel, &most, &most);
    select(above, &reading, &writing, NULL, wait);
    ares_process(channel, &reading, &writing);
  }
}
"""
NODATA, NXDOMAIN = ["DNS server returned answer with no data"], ["Domain name not found"]


class CAres(node.Node):
    MANY = 60

    @classmethod
    def setUpClass(cls):
        node.need("c-ares", "libc-ares-dev", file="/usr/include/ares.h")
        node.tried("c-ares", node.version_of("libc-ares2"))

    def setUp(self):
        super().setUp()
        self.program = self.compiled("lookup", LOOKUP, "cc", "-lcares")

    def lookup(self, kind, name, server=node.PORT):
        return sorted(node.run(self.program, server, kind, f"{name}.svc.internal").out.splitlines())

    def test_records_from_a_server_with_a_port(self):
        self.assertEqual(self.lookup(0, "web"), node.WEB)
        self.assertEqual(self.lookup(1, "web"), [f"{address} 5" for address in node.WEB])
        self.assertEqual(self.lookup(33, "_web._tcp"), node.WEB_SRV)
        self.assertEqual((self.lookup(28, "web"), self.lookup(1, "nobody")), (NODATA, NXDOMAIN))

    def test_an_instance_joins_and_leaves(self):
        self.sees_changes(lambda: self.lookup(0, "web"))

    def test_what_it_needs(self):
        def count():
            return len(self.lookup(33, "_many._tcp", node.PROXY))

        self.assertEqual(self.behind_proxy("no-tcp", count), (60, 1))
        self.assertEqual(self.behind_proxy("no-tc", count), (60, 1))
        self.assertEqual(self.behind_proxy("no-aa", count), (60, 60))
        self.assertEqual(self.behind_proxy("nodata-is-nxdomain", lambda: self.lookup(0, "v4", node.PROXY)),
                         (["10.2.0.1"], ["10.2.0.1"]))


if __name__ == "__main__":
    unittest.main()
