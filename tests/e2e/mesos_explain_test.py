"""Why a name of a Mesos cluster is answered as it is: who stands behind each address, in the answer or not."""

import json
import unittest

import mesos_master as mesos
from harness import wait_until
from mesos_test import WithMesos


class Explain(WithMesos):
    def explained(self, server, name, kind="A"):
        return json.loads(server.api("GET", f"/api/v1/explain?name={name}&type={kind}").text)

    def test_elements_rules_and_raw_values(self):
        master = self.master(streams=False)
        self.task("web.aaa", "Web!", 0, ports=[31000])
        self.task("web.bbb", "web", 1, ports=[31001], healthy=False)
        server = self.serve(master, more='stale_after = "1s"')
        self.until(server, "web.marathon.mesos", ["10.0.1.10"])
        wait_until("the sick one is known", lambda: len(self.explained(server, "web.marathon.mesos")["elements"]) == 2)
        found = self.explained(server, "WEB.marathon.mesos")
        self.assertEqual(found["outcome"], "answer")
        source = found["source"]
        self.assertEqual((source["name"], source["state"], source["from_store"], source["held"]), ("mesos", "live", False, 0))
        rows = {one["id"]: one for one in found["elements"]}
        self.assertEqual(rows["web.aaa"], {
            "type": "A", "data": "10.0.1.10", "serving": True, "reason": "ok", "rule": rows["web.aaa"]["rule"],
            "element": "task", "id": "web.aaa", "raw": "Web!", "framework": "marathon", "agent": self.agent(0)})
        self.assertEqual((rows["web.bbb"]["serving"], rows["web.bbb"]["reason"]), (False, "not_routable:unhealthy"))
        instances = {one["id"]: one for one in self.explained(server, "web.svc.internal")["instances"]}
        unwell = instances["web.bbb"]
        self.assertEqual((unwell["serving"], unwell["state"], unwell["reason"], unwell["check"]),
                         (False, "SUSPENDED", "not_routable:unhealthy", None))
        self.assertTrue(found["all_elements"])
        self.assertNotIn("dropped", found)
        staging = self.task("web.ccc", "web", 1, ports=[31002], state="TASK_STAGING")
        lost = self.task("lost.aaa", "lost", 1, ports=[31003])
        lost.agent = "nowhere-S9"
        self.task("bad.aaa", "!", 0, ports=[31004])
        wait_until("they are known", lambda: self.explained(server, "lost.marathon.mesos")["elements"])
        rows = {one["id"]: one for one in self.explained(server, "web.marathon.mesos")["elements"]}
        self.assertEqual((rows["web.ccc"]["serving"], rows["web.ccc"]["reason"], rows["web.ccc"]["data"]),
                         (False, "not_routable:TASK_STAGING", "10.0.1.11"))
        [row] = self.explained(server, "lost.marathon.mesos")["elements"]
        self.assertEqual((row["serving"], row["reason"], row["data"], row["raw"]), (False, "no_agent", "", "lost"))
        dropped = self.explained(server, "mesos")["dropped"]
        self.assertIn({"reason": "name_empty", "what": "bad.aaa"}, dropped)
        self.assertTrue(self.explained(server, "mesos")["all_dropped"])
        self.assertIn("no_agent", server.muster("explain", "lost.marathon.mesos").out)
        native = self.explained(server, "web.svc.internal")
        self.assertEqual([(one["source"], one["id"], one["raw"], one["reason"], one["addresses"]) for one in native["left_out"]],
                         [("mesos", "web.ccc", "web", "not_routable:TASK_STAGING", ["10.0.1.11"])])
        self.assertTrue(native["all_left_out"])
        self.assertEqual([one["reason"] for one in self.explained(server, "lost.svc.internal")["left_out"]], ["no_agent"])
        staging.state = "TASK_RUNNING"
        self.until(server, "web.marathon.mesos", ["10.0.1.10", "10.0.1.11"])
        self.assertEqual(self.explained(server, "web.svc.internal")["left_out"], [])
        leader = self.explained(server, "leader.mesos")["elements"]
        self.assertEqual([(one["element"], one["serving"]) for one in leader], [("masters", True)])
        slaves = self.explained(server, "slave.mesos")["elements"]
        self.assertEqual({one["id"] for one in slaves}, set(self.cluster.agents))
        self.assertEqual(self.explained(server, "none.mesos")["elements"], [])
        self.assertNotIn("source", self.explained(server, "web.svc.internal"))
        master.fault = mesos.status(503)
        wait_until("stale", lambda: self.explained(server, "web.marathon.mesos")["source"]["state"] == "stale")
        told = server.muster("explain", "web.marathon.mesos")
        self.assertEqual(told.status, 0, told.err)
        for word in ("web.aaa", "Web!", "stale", "10.0.1.11", "not_routable:unhealthy"):
            self.assertIn(word, told.out)


if __name__ == "__main__":
    unittest.main()
