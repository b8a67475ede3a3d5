"""The masters of a Mesos cluster found through ZooKeeper, a real one: the leader is followed, odd nodes cost nothing, and
what ZooKeeper fails at costs no name."""

import json
import os
import signal
import threading
import time
import unittest

from harness import another_address, wait_until
from mesos_test import WithMesos
from zookeeper import EPHEMERAL_SEQUENTIAL, LONGEST_SESSION, Zookeeper, info

PATH = "/mesos"
HAS_IPV6 = os.path.exists("/proc/net/if_inet6") and "00000000000000000000000000000001" in open("/proc/net/if_inet6", encoding="ascii").read()


class WithZookeeper(WithMesos):
    def setUp(self):
        super().setUp()
        self.task("web.aaa", "web", ports=[31000])
        self.zookeeper = Zookeeper(self, another_address(200))

    def leaders(self, **options):
        """Two masters that announce themselves; the first leads, and both say so."""
        self.one, self.two = self.master(**options), self.master(**options)
        self.lead(self.one)
        self.first = self.zookeeper.announce(PATH, info(self.one.address))
        self.second = self.zookeeper.announce(PATH, info(self.two.address))

    def lead(self, master):
        self.one.leader = self.two.leader = master.address

    def follow(self, more="", login="", masters=()):
        return self.serve(*masters, more=f'zookeeper = "zk://{login}{self.zookeeper.servers}{PATH}"\n{more}')

    def serve(self, *masters, more="", zones=""):
        return self.begin("--config", self.configuration(
            f'[zones]\nnegative_ttl = "0s"\n[[source.mesos]]\nrefresh = "200ms"\nlistener = "10.0.0.53"\n'
            + (f'masters = {json.dumps([master.url for master in masters])}\n' if masters else "") + more, "memory")).serving()

    def host(self, master):
        return master.address.split(":")[0]

    def error(self, server):
        return self.source(server)["error"] or {"kind": "", "message": ""}

    def until_led_by(self, server, master):
        self.until(server, "leader.mesos", [self.host(master)])
        wait_until("a fetch from there", lambda: self.source(server)["endpoint"] == master.address)


class Leaders(WithZookeeper):
    def check(self, streams):
        self.leaders(streams=streams)
        server = self.follow()
        self.until_led_by(server, self.one)
        self.assertEqual(self.addresses(server, "master0.mesos"), [self.host(self.one)])
        self.assertEqual(self.addresses(server, "master1.mesos"), [self.host(self.two)])
        self.assertEqual(self.addresses(server, "master.mesos"), sorted([self.host(self.one), self.host(self.two)]))
        self.until(server, "web.marathon.mesos", ["10.0.1.10"])

        lost, watching = [], threading.Event()

        def watch():
            asker = server.asker("web.marathon.mesos")
            while not watching.is_set():
                answer = asker.ask()
                if answer != (0, 1):
                    lost.append(answer)
            asker.close()
        thread = threading.Thread(target=watch)
        thread.start()
        self.addCleanup(watching.set)
        self.lead(self.two)
        self.one.drop_streams()
        self.first.close()
        self.until_led_by(server, self.two)
        self.until(server, "master.mesos", [self.host(self.two)])
        # It comes back, and waits its turn: the leader has the lower number.
        self.first = self.zookeeper.announce(PATH, info(self.one.address))
        self.until(server, "master1.mesos", [self.host(self.one)])
        self.assertEqual(self.addresses(server, "master0.mesos"), [self.host(self.two)])
        self.assertEqual(self.addresses(server, "leader.mesos"), [self.host(self.two)])
        watching.set()
        thread.join()
        self.assertEqual(lost, [], "no name is lost on the way")
        self.assertIsNone(self.source(server)["error"])
        self.assertEqual(self.source(server)["mode"], "stream" if streams else "poll")

    def test_are_followed_by_polling(self):
        self.check(False)

    def test_are_followed_by_the_stream(self):
        self.check(True)

    def test_a_master_that_keeps_its_stream_is_left_when_another_leads(self):
        self.leaders()
        server = self.follow()
        self.until_led_by(server, self.one)
        wait_until("the stream", lambda: self.source(server)["mode"] == "stream")
        self.two.leader = self.two.address  # the first still believes that it leads
        self.first.close()
        self.until_led_by(server, self.two)
        self.assertEqual(self.addresses(server, "web.marathon.mesos"), ["10.0.1.10"])

    def test_changes_count_once_a_second(self):
        self.leaders(streams=False)
        server = self.follow()
        self.until_led_by(server, self.one)
        for _ in range(20):
            self.zookeeper.announce(PATH, "{}").close()
        self.first.close()
        self.lead(self.two)
        self.until_led_by(server, self.two)

    def test_who_is_announced_is_told_who_we_are(self):
        self.leaders(login="me:hidden", streams=False)
        server = self.follow(more='username = "me"\npassword = "hidden"')
        self.until(server, "web.marathon.mesos", ["10.0.1.10"])
        elsewhere = self.master(streams=False)
        self.two.leader = self.one.leader = elsewhere.address  # and ZooKeeper does not announce it
        wait_until("a redirect to a stranger", lambda: elsewhere.requests)
        self.assertTrue(all("Authorization" not in headers for _, _, headers, _ in elsewhere.requests))


class Nodes(WithZookeeper):
    def test_odd_ones_are_ignored_and_counted(self):
        writer = self.zookeeper.session()
        writer.make(PATH)
        writer.make(f"{PATH}/log_replicas")
        zero = json.loads(info("0.0.0.0:5050"))
        for odd in (b"\xff\x00garbage", "[]", json.dumps(zero), info("10.9.9.9:0").replace("@10.9.9.9:0", ""),
                    json.dumps({"ip": 16777226, "port": 5050}), json.dumps({"address": {"ip": 7, "port": "x"}, "pid": None})):
            writer.create(f"{PATH}/json.info_", odd, EPHEMERAL_SEQUENTIAL)
        self.leaders(streams=False)
        server = self.follow()
        self.until_led_by(server, self.one)
        self.assertEqual(self.addresses(server, "master0.mesos"), [self.host(self.one)])
        self.assertEqual(server.dig("master2.mesos").status, "NXDOMAIN")
        excluded = self.source(server)["excluded"]
        nodes = {reason: count for reason, count in excluded.items() if reason.startswith("node_")}
        self.assertEqual(nodes, {"node_not_json": 2, "node_unusable": 2, "node_no_address": 2, "node_other": 1})

    def test_masters_that_are_too_old_are_named(self):
        master = self.master(streams=False)
        self.zookeeper.announce(PATH, b"\x0a\x04d51d", name="info_")
        server = self.follow()
        wait_until("the error", lambda: "Mesos 0.23" in self.error(server)["message"])
        self.assertEqual(self.error(server)["kind"], "zookeeper")
        self.assertEqual(server.dig("web.marathon.mesos").status, "SERVFAIL", "nothing is known yet")
        self.zookeeper.announce(PATH, info(master.address))
        self.until_led_by(server, master)
        self.assertIsNone(self.source(server)["error"])

    def test_a_path_that_comes_later_is_found(self):
        server = self.follow()
        wait_until("the error", lambda: f"there is no {PATH}" in self.error(server)["message"])
        self.assertEqual(server.api("GET", "/readyz").status, 503)
        self.leaders()
        self.until_led_by(server, self.one)

    def test_when_nobody_is_left_the_last_leader_stays(self):
        self.leaders(streams=False)
        server = self.follow()
        self.until_led_by(server, self.one)
        self.first.close()
        self.second.close()
        # Between the two the second one led.
        wait_until("stale", lambda: self.source(server)["state"] == "stale")
        self.assertIn("no master has announced itself", self.error(server)["message"])
        self.assertEqual(self.addresses(server, "web.marathon.mesos"), ["10.0.1.10"])
        self.assertTrue(self.addresses(server, "leader.mesos"))
        self.first = self.zookeeper.announce(PATH, info(self.two.address))
        self.lead(self.two)
        self.until_led_by(server, self.two)
        wait_until("live", lambda: self.source(server)["state"] == "live")
        self.assertIsNone(self.source(server)["error"])


class Outages(WithZookeeper):
    def away(self, server):
        self.zookeeper.kill()
        wait_until("the outage is told", lambda: "no server answers" in self.error(server)["message"])
        self.assertEqual(self.error(server)["kind"], "zookeeper")

    def test_cost_no_name(self):
        self.leaders()
        server = self.follow()
        self.until_led_by(server, self.one)
        self.away(server)
        self.assertEqual(self.source(server)["state"], "live", "the masters still answer")
        self.assertEqual(self.addresses(server, "web.marathon.mesos"), ["10.0.1.10"])
        self.assertEqual(self.addresses(server, "master1.mesos"), [self.host(self.two)])
        self.zookeeper.begin()
        self.lead(self.two)  # it comes back first
        self.zookeeper.announce(PATH, info(self.two.address))
        self.until_led_by(server, self.two)
        wait_until("no error is left", lambda: self.source(server)["error"] is None)
        self.assertEqual(self.addresses(server, "web.marathon.mesos"), ["10.0.1.10"])

    def test_a_session_of_which_nothing_is_known_is_begun_anew(self):
        self.leaders(streams=False)
        server = self.follow()
        self.until_led_by(server, self.one)
        self.zookeeper.kill()
        self.zookeeper.forget()
        self.zookeeper.begin()
        self.lead(self.two)
        self.zookeeper.announce(PATH, info(self.two.address))
        self.until_led_by(server, self.two)
        self.assertEqual(self.addresses(server, "web.marathon.mesos"), ["10.0.1.10"])

    def test_a_session_that_has_expired_is_begun_anew(self):
        self.leaders(streams=False)
        server = self.follow()
        self.until_led_by(server, self.one)
        server.signal(signal.SIGSTOP)
        time.sleep(2 * LONGEST_SESSION)  # nothing shows from outside that it has
        self.lead(self.two)
        self.first.close()
        server.signal(signal.SIGCONT)
        self.until_led_by(server, self.two)
        self.second.close()
        self.lead(self.one)
        self.zookeeper.announce(PATH, info(self.one.address))
        self.until_led_by(server, self.one)

    def test_masters_beside_it_serve_meanwhile(self):
        self.zookeeper.kill()
        master = self.master(streams=False)
        server = self.follow(masters=[master])
        self.until_led_by(server, master)
        wait_until("the outage is told", lambda: "no server answers" in self.error(server)["message"])
        self.assertEqual(self.source(server)["state"], "live")
        self.assertEqual(server.api("GET", "/readyz").status, 200)
        self.assertEqual(self.addresses(server, "web.marathon.mesos"), ["10.0.1.10"])
        self.assertEqual(server.stop(), 0, "and it stops while the client seeks a server")

    @unittest.skipUnless(HAS_IPV6, "this machine has no IPv6")
    def test_servers_may_have_ipv6(self):
        self.zookeeper = Zookeeper(self, "::1")
        self.leaders(streams=False)
        self.until_led_by(self.follow(), self.one)

    def test_names_of_servers_are_resolved(self):
        self.leaders(streams=False)
        server = self.serve(more=f'zookeeper = "zk://nowhere.invalid:1,{self.zookeeper.servers}{PATH}"')
        self.until_led_by(server, self.one)
        none = self.serve(more='zookeeper = "zk://nowhere.invalid/mesos"')
        wait_until("the error", lambda: "cannot be resolved: nowhere.invalid" in self.error(none)["message"])


class Logins(WithZookeeper):
    # What ZooKeeper makes of "me:hidden": the user and the SHA-1 of both, in base64.
    RIGHTS = (31, "auth", "")

    def setUp(self):
        super().setUp()
        self.one = self.master(streams=False)
        self.zookeeper.announce(PATH, info(self.one.address), "me:hidden", rights=self.RIGHTS)

    def shown(self, server):
        paths = ("/api/v1/sources", "/v1/config", "/metrics", "/readyz", "/status")
        return "".join(server.api("GET", path).text for path in paths) + server.err + server.out

    def test_nodes_that_only_one_may_read_are_read_by_it(self):
        server = self.follow(login="me:hidden@")
        self.until_led_by(server, self.one)
        self.zookeeper.kill()
        wait_until("the outage is told", lambda: "no server answers" in self.error(server)["message"])
        self.assertFalse("hidden" in self.shown(server))
        self.assertIn(f'"Zk":"zk://{self.zookeeper.servers}{PATH}"', server.api("GET", "/v1/config").text)

    def test_nobody_else_reads_them(self):
        for login, word in (("", "without a login"), ("me:mistaken@", "with this login")):
            with self.subTest(login=login):
                server = self.follow(login=login)
                wait_until("the error", lambda: word in self.error(server)["message"])
                self.assertFalse("mistaken" in self.shown(server))
                self.assertEqual(server.dig("web.marathon.mesos").status, "SERVFAIL")

    def test_a_server_that_takes_no_login_is_named(self):
        other = Zookeeper(self, another_address(199), "-Dzookeeper.DigestAuthenticationProvider.enabled=false")
        server = self.serve(more=f'zookeeper = "zk://me:hidden@{other.servers}{PATH}"')
        wait_until("the error", lambda: "take no login" in self.error(server)["message"])

    def test_the_address_may_stand_in_a_file(self):
        self.write("zk", f"zk://me:hidden@{self.zookeeper.servers}{PATH}\n")
        server = self.serve(more='zookeeper_file = "zk"')
        self.until_led_by(server, self.one)


if __name__ == "__main__":
    unittest.main()
