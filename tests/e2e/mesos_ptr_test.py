"""Which tasks of a Mesos cluster their containers' addresses lead back to, beside what else lies at them."""

import ipaddress
import unittest

import mesos_master as mesos
from harness import BIN, another_address, run, wait_until
from mesos_test import WithMesos

REVERSE = 'reverse = ["10.in-addr.arpa.", "9.10.in-addr.arpa."]\nallow_transfer = ["127.0.0.0/8"]'
ALONE = 'ptr = true\nservice_name = ""'  # no instances in the native domain
CART = "cart-f7a9k-s0.marathon.mesos."


class Reverse(WithMesos):
    def answer(self, server, address):
        return server.dig("-x", address)

    def names(self, server, address):
        return self.answer(server, address).data()

    def until_names(self, server, address, expected):
        wait_until(f"{address} leads to {expected}", lambda: self.names(server, address) == expected)

    def serve_reverse(self, *masters, more=ALONE, zones=REVERSE):
        return self.serve(*masters, more=more, zones=zones)

    def end(self, master, identity):
        master.update_task(self.marathon, self.marathon.tasks[identity], state="TASK_KILLED")

    def check(self, **options):
        master = self.master(**options)
        self.task("web.aaa", "web", ports=[31000])
        self.task("cart.bbb", "cart", address="10.9.0.7")
        server = self.serve_reverse(master)
        self.until_names(server, "10.9.0.7", [CART])
        found = self.answer(server, "10.9.0.7")
        self.assertEqual((found.answer[0].ttl, "aa" in found.flags), (60, True))
        self.assertEqual(self.addresses(server, CART), ["10.9.0.7"])
        explained = server.api("GET", f"/api/v1/explain?name={found.answer[0].owner}&type=PTR").json()
        self.assertEqual([(one["ttl"], one["ttl_reason"]) for one in explained["records"]], [(60, "the ttl of a Mesos source")])
        self.assertEqual(self.answer(server, "10.0.1.10").status, "NXDOMAIN", "an agent's address is that of many tasks")
        return master, server

    def test_by_polling_and_by_the_stream(self):
        for streams in (False, True):
            with self.subTest(streams=streams):
                master, server = self.check(streams=streams)
                self.end(master, "cart.bbb")
                wait_until("it is gone", lambda server=server: self.answer(server, "10.9.0.7").status == "NXDOMAIN")
                server.kill()

    def test_a_task_that_is_not_well_has_no_name(self):
        master = self.master(streams=False)
        task = self.task("cart.bbb", "cart", address="10.9.0.7", healthy=True)
        server = self.serve_reverse(master, more=ALONE + '\nwhen_none = "none"')
        self.until_names(server, "10.9.0.7", [CART])
        task.healthy = False
        self.until_names(server, "10.9.0.7", [])
        self.assertEqual(self.addresses(server, CART), [])
        task.healthy = True
        self.until_names(server, "10.9.0.7", [CART])

    def test_instances_and_several_clusters_at_one_address(self):
        other = mesos.Cluster()
        other.add_framework("marathon").tasks["cart.bbb"] = mesos.Task("cart.bbb", "cart", list(other.agents)[0], address="10.9.0.7")
        one, two = self.master(streams=False), mesos.Master(other, another_address(next(self.numbers)), streams=False)
        self.addCleanup(two.close)
        self.task("cart.bbb", "cart", address="10.9.0.7")
        second = (f'[[source.mesos]]\nname = "two"\nmasters = ["{two.url}"]\nrefresh = "200ms"\ndomain = "two."\n'
                  f'ttl = "7s"\n{ALONE}')
        server = self.serve_reverse(one, more=ALONE + "\n" + second)
        both = sorted([CART, "cart-f7a9k-s0.marathon.two."])
        self.until_names(server, "10.9.0.7", both)
        self.assertEqual({record.ttl for record in self.answer(server, "10.9.0.7").answer}, {7})
        server.register("db", "i1", {"address": "10.9.0.7", "port": 80})
        self.until_names(server, "10.9.0.7", sorted(both + ["i1.db.svc.internal."]))
        self.assertEqual({record.ttl for record in self.answer(server, "10.9.0.7").answer}, {5})
        self.end(one, "cart.bbb")
        self.until_names(server, "10.9.0.7", sorted(["cart-f7a9k-s0.marathon.two.", "i1.db.svc.internal."]))
        self.assertEqual(server.muster("deregister", "db", "i1").status, 0)
        self.until_names(server, "10.9.0.7", ["cart-f7a9k-s0.marathon.two."])

    def test_its_own_instance_is_there_beside_it(self):
        master = self.master(streams=False)
        self.task("cart.bbb", "cart", address="10.9.0.7", discovery={"name": "cart", "visibility": "FRAMEWORK", "ports": {
            "ports": [{"number": 8080, "protocol": "tcp"}]}})
        server = self.serve_reverse(master, more="ptr = true")
        wait_until("both names", lambda: len(self.names(server, "10.9.0.7")) == 2)
        mine, native = self.names(server, "10.9.0.7")
        self.assertEqual(mine, CART)
        self.assertTrue(native.endswith(".cart.svc.internal."), native)
        self.assertEqual(self.addresses(server, native), ["10.9.0.7"])

    def test_a_cluster_that_is_out_of_touch_leaves_the_zone_alone(self):
        master = self.master(streams=False)
        self.task("cart.bbb", "cart", address="10.9.0.7")
        server = self.serve_reverse(master, more=ALONE + '\nstale_after = "500ms"\nmax_stale = "3s"\nstale_action = "servfail"')
        self.until_names(server, "10.9.0.7", [CART])
        master.fault = mesos.status(503)
        wait_until("the view says so", lambda: "EDE: 3" in server.dig(CART).text)
        told = self.answer(server, "10.9.0.7")
        self.assertEqual((told.status, told.data()), ("NOERROR", [CART]))
        self.assertNotIn("EDE", told.text)
        wait_until("the view is SERVFAIL", lambda: server.dig(CART).status == "SERVFAIL")
        wait_until("nothing is known of it any more", lambda: self.answer(server, "10.9.0.7").status == "NXDOMAIN")
        self.assertEqual(self.answer(server, "10.9.0.8").status, "NXDOMAIN")
        master.fault = None
        self.until_names(server, "10.9.0.7", [CART])

    def test_secondaries_get_them_as_differences(self):
        master = self.master(streams=False)
        for number in range(10):  # so that the differences are less than the zone
            self.task(f"web.{number}", "web", address=f"10.9.1.{number}")
        self.task("cart.bbb", "cart", address="10.9.0.7")
        server = self.serve_reverse(master)
        self.until_names(server, "10.9.0.7", [CART])
        zone = "9.10.in-addr.arpa."
        asked = lambda kind: [line.split(None, 4) for line in run(
            "dig", f"@{server.dns[0]}", "-p", server.dns[1], "+noall", "+answer", zone, kind).out.splitlines()]
        pointer = lambda address: ipaddress.ip_address(address).reverse_pointer + "."
        named = lambda rows: [(row[0], row[4]) for row in rows if row[3] == "PTR"]
        wait_until("the serial after it", lambda: (pointer("10.9.0.7"), CART) in named(asked("AXFR")))
        before = asked("AXFR")[0][4].split()[2]
        self.end(master, "cart.bbb")
        self.task("cart.ccc", "cart", address="10.9.0.8")
        wait_until("the new one", lambda: self.names(server, "10.9.0.8") and not self.names(server, "10.9.0.7"))
        new = self.names(server, "10.9.0.8")[0]
        wait_until("the next serial", lambda: asked("SOA")[0][4].split()[2] != before)
        wait_until("the differences", lambda: set(named(asked(f"IXFR={before}"))) == {
            (pointer("10.9.0.7"), CART), (pointer("10.9.0.8"), new)})

    def test_switched_off_it_is_gone_after_the_restart(self):
        master = self.master(streams=False)
        self.task("cart.bbb", "cart", address="10.9.0.7")
        server = self.serve_reverse(master)
        self.until_names(server, "10.9.0.7", [CART])
        text = (self.folder / "musterd.toml").read_text()
        self.write("musterd.toml", text.replace("ptr = true", "ptr = false"))
        told = server.api("POST", "/api/v1/reload").text
        self.assertIn("source.mesos", told)
        self.assertEqual(self.names(server, "10.9.0.7"), [CART], "it waits for a restart, and says so")
        self.assertEqual(server.stop(), 0)
        server = self.again()
        self.until(server, CART, ["10.9.0.7"])
        self.assertEqual(self.answer(server, "10.9.0.7").status, "NXDOMAIN")

    def test_without_a_reverse_zone_it_is_refused(self):
        path = self.configuration('[[source.mesos]]\nmasters = ["http://127.0.0.1:5050"]\nptr = true\n')
        told = run(BIN / "musterd", "--check-config", path)
        self.assertEqual(told.status, 2)
        self.assertIn("ptr needs a reverse zone", told.out + told.err)


if __name__ == "__main__":
    unittest.main()
