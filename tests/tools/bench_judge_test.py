"""The judging of the benchmark: ranges, ratios within rounds, bars, completeness."""
import math
import os
import pathlib
import socket
import sys
import tempfile
import time
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../tools/load"))

from bench import (changing, crowd, main, probing, published, query_cost, reactions, shares, targets,  # noqa: E402
                   watchers, wire, workload, writes)
from bench.judge import Range, Target, verdict  # noqa: E402


class Lateness(unittest.TestCase):
    def test_the_histograms_of_all_sources_are_summed(self):
        name = "muster_lease_lateness_seconds_bucket"
        page = "".join(f'{name}{{source="{source}",le="{bound}"}} {count}\n'
                       for source, counts in (("heartbeat", (3, 5)), ("lyft", (1, 1)))
                       for bound, count in zip(("0.01", "+Inf"), counts))
        self.assertEqual(watchers.lateness_of(page), {0.01: 4, float("inf"): 6})


class Verdicts(unittest.TestCase):
    def test_a_bar_is_missed_only_when_the_whole_range_is_beyond_it_by_three_percent(self):
        rows = [
            # why, rounds, bar, more is better, what is said
            ("below", [0.8, 0.9, 0.95], 1.0, False, "met"),
            ("exactly at it", [1.0], 1.0, False, "met"),
            ("the best round is within 3 %", [1.02, 1.2, 1.5], 1.0, False, "met, but not by the median"),
            ("all beyond 3 %", [1.04, 1.2, 1.5], 1.0, False, "missed by 20 %"),
            ("a rate above", [120, 150], 100, True, "met"),
            ("the best round of a rate is within 3 %", [50, 60, 98], 100, True, "met, but not by the median"),
            ("a rate all below", [50, 60, 96], 100, True, "missed by 40 %"),
            ("nothing may be written, nothing was", [0, 0], 0, False, "met"),
            ("nothing may be written, once nothing was", [0, 4096, 4096], 0, False, "met, but not by the median"),
            ("nothing may be written", [4096, 4096], 0, False, "missed by 4,096.00"),
        ]
        for why, rounds, bar, more, said in rows:
            with self.subTest(why):
                self.assertEqual(verdict(Range(rounds), bar, more), said)

    def test_what_was_not_measured_is_not_judged(self):
        target = Target("CPU", 1.2)
        self.assertEqual(target.verdict, "not measured")
        self.assertFalse(target.missed)

    def test_only_a_must_counts_for_the_gate(self):
        for kind, missed in (("must", True), ("release", False), ("aim", False)):
            with self.subTest(kind):
                self.assertEqual(Target("CPU", 1.0, Range([2.0]), kind=kind).missed, missed)


class Ranges(unittest.TestCase):
    def test_ratios_are_formed_within_their_round(self):
        # Both slowed down together in the second round: the ratio of the medians would be the same, the range not.
        ratio = Range([1.0, 4.0, 1.1]).ratio(Range([2.0, 8.0, 2.2]))
        self.assertEqual((ratio.low, ratio.median, ratio.high), (0.5, 0.5, 0.5))

    def test_rounds_that_do_not_pair_are_refused(self):
        with self.assertRaises(ValueError):
            Range([1.0]).ratio(Range([1.0, 2.0]))


def reply(**fields):
    return {"octets": 100, "aa": 1, "tc": 0, "rcode": 0, "answers": 3, "authority": 0, "additional": 0, **fields}


def replies(**changed):
    """What a complete server says of the plain fleet."""
    good = {"A": reply(), "SRV": reply(additional=3), "NODATA": reply(answers=0, authority=1),
            "NXDOMAIN": reply(answers=0, authority=1, rcode=3)}
    for kind, fields in changed.items():
        good[kind].update(fields)
    return good


PLAIN = workload.Fleet(1000)


class Completeness(unittest.TestCase):
    def test_a_server_that_answers_less_is_marked(self):
        rows = [
            ("complete", {}, []),
            ("gdnsd", {"SRV": {"additional": 0}}, ["SRV without addresses"]),
            ("cut short", {"A": {"answers": 1}}, ["records missing"]),
            ("dnsmasq", {"NXDOMAIN": {"authority": 0}}, ["no SOA in negative answers"]),
            ("not its own", {"NODATA": {"aa": 0}}, ["AA not set"]),
            ("empty zone", {"NODATA": {"rcode": 3}}, ["wrong rcode"]),
            ("too large", {"A": {"answers": 0, "tc": 1}}, ["truncated: A"]),
        ]
        for why, changed, notes in rows:
            with self.subTest(why):
                self.assertEqual(query_cost.shortcomings(replies(**changed), PLAIN), notes)

    def test_of_a_large_service_it_is_said_how_much_fits(self):
        large = workload.Fleet(100, 1000)
        found = replies(A={"answers": 74}, SRV={"answers": 0, "additional": 0, "tc": 1})
        self.assertEqual(query_cost.shortcomings(found, large), ["truncated: SRV", "as many as fit: A 74 of 1000"])

    def test_what_is_counted_during_a_round_must_match_what_one_question_brought(self):
        good = {"received": 1000, "answers": 2.4, "octets": 100, "rcodes": {"0": 900, "3": 100}}
        rows = [
            ("as asked", {}, False),
            ("fewer records", {"answers": 2.0}, True),
            ("smaller", {"octets": 80}, True),
            ("too many NXDOMAIN", {"rcodes": {"0": 800, "3": 200}}, True),
            ("REFUSED", {"rcodes": {"0": 880, "3": 100, "5": 20}}, True),
            ("nothing at all", {"received": 0}, True),
        ]
        for why, changed, differ in rows:
            with self.subTest(why):
                self.assertEqual(query_cost.answers_differ({**good, **changed}, replies(), PLAIN), differ)

    def test_a_loss_of_a_tenth_of_a_percent_is_borne(self):
        self.assertFalse(query_cost.lossy({"sent": 10_000, "lost": 10}))
        self.assertTrue(query_cost.lossy({"sent": 10_000, "lost": 11}))


class Workload(unittest.TestCase):
    FLEETS = (workload.Fleet(20), workload.Fleet(20, 50), workload.Fleet(20, 3, True, True, True),
              workload.Fleet(20, 3, dual_stack=True), workload.Fleet(20, 3, reverse=True))

    def test_addresses_of_a_fleet_are_distinct(self):
        for fleet in (workload.Fleet(2000), workload.Fleet(100, 50)):
            seen = {fleet.address(k, i) for k, i in fleet.members()}
            self.assertEqual(len(seen), fleet.services * fleet.instances)

    def test_the_shares_of_the_kinds_are_one(self):
        for fleet in self.FLEETS:
            with self.subTest(fleet.title):
                self.assertAlmostEqual(sum(kind.share for kind in workload.kinds(fleet)), 1)

    def test_the_zones_hold_what_is_asked_and_as_many_records_as_are_counted(self):
        for fleet in self.FLEETS:
            with self.subTest(fleet.title), tempfile.TemporaryDirectory() as folder:
                lines = [line for path in workload.write_zones(folder, fleet).values()
                         for line in pathlib.Path(path).read_text().splitlines()]
                records = [line for line in lines if not line.startswith("$")]
                self.assertEqual(len(records), workload.records(fleet))
                self.assertEqual(len(set(records)), len(records) - 2 * fleet.reverse, "SOA and NS look alike")

    def test_a_summary_counts_sections_without_the_opt_record(self):
        octets = bytes.fromhex("0001" "8603" "0001" "0000" "0001" "0001")
        self.assertEqual(wire.summary(octets, edns=True), {"octets": 12, "aa": 1, "tc": 1, "rcode": 3, "answers": 0,
                                                           "authority": 1, "additional": 0})


class Options(unittest.TestCase):
    def test_numbers_may_be_written_short(self):
        self.assertEqual(main.counts("1000,100k,1M"), [1000, 100_000, 1_000_000])

    def test_each_part_alone_and_the_usual_ones(self):
        rows = [
            ([], [(1000, "udp"), (100_000, "udp")]),
            (["--queries", "--services", "100k", "--tcp"], [(100_000, "udp"), (100_000, "tcp")]),
            (["--rate", "20k"], [(1000, 20_000)]),
            (["--queries", "--instances", "50"], [(1000, "udp")]),
            (["--queries", "--instances", "1000"], [(100, "udp")]),
            (["--load"], []),
        ]
        for words, wanted in rows:
            with self.subTest(words):
                found = main.scenarios(main.read_options([*words, "--servers", "limit,musterd"]))
                self.assertEqual([(one.fleet.services, one.how) for one in found], wanted)


class Done:
    """A server, or a load program that has ended."""

    name = kind = "musterd"

    def result(self):
        return {"elements_per_s": 1000, "late_p99_us": 50}


class Targets(unittest.TestCase):
    """The bars find the figures that they are about, and no others."""

    def comparison(self, scenario, **costs):
        made = query_cost.Comparison(scenario, None)
        made.rounds = {name: [{"cpu_us": cost, "p50_us": 10 * cost, "p99_us": 100 * cost}] for name, cost in costs.items()}
        return made

    def verdicts(self, judged):
        return {(t.text, t.of, t.bar): t.verdict for t in judged if t.verdict != "not measured"}

    def test_queries(self):
        plain = self.comparison(query_cost.Scenario(PLAIN), limit=1.0, musterd=1.15, knotd=2.0)
        text = "CPU a query, 1,000 services"
        self.assertEqual(self.verdicts(targets.query_targets([plain])), {
            (text, "performance", 1.20): "met", (text, "performance", 0.80): "met",
            (text, "issue", 1.12): "met, but not by the median", (text, "issue", 1.08): "missed by 6 %"})
        kept = self.comparison(query_cost.Scenario(PLAIN, how="tcp"), musterd=1.6, knotd=2.0)
        text = "CPU a query over kept TCP connections"
        self.assertEqual(self.verdicts(targets.query_targets([kept])),
                         {(text, "issue", 1.00): "met", (text, "issue", 0.70): "missed by 14 %"})
        for other in (query_cost.Scenario(workload.Fleet(1000, 50)),
                      query_cost.Scenario(workload.Fleet(1000, dns_sd=True))):
            self.assertEqual(self.verdicts(targets.query_targets([self.comparison(other, limit=1.0, musterd=1.1)])), {})

    def test_latency_at_a_fixed_rate(self):
        paced = self.comparison(query_cost.Scenario(PLAIN, how=20_000), limit=1.0, musterd=1.3, knotd=2.0)
        self.assertEqual(list(self.verdicts(targets.latency_targets([paced])).values()), ["missed by 18 %", "met"])
        self.assertEqual(self.verdicts(targets.latency_targets([])), {})

    def test_changes(self):
        part = changing.Changing(None, 1000)
        for name, rate in (("musterd", 20_000), ("named", 1000)):
            for label, _, _ in changing.SUSTAINED:
                part.sustained[name, label] = [{"elements_per_s": rate, "cpu_us_per_element": 15, "failed": 0}]
        part.plain["musterd"] = part.steady_plain["musterd"] = [{"cpu_us": 2.0, "p99_us": 100}]
        part.during["musterd"] = [{"cpu_us": 2.1, "p99_us": 900}]
        part.steady_during["musterd"] = [{"cpu_us": 9.9, "p99_us": 150}]
        found = self.verdicts(targets.changing_targets([part]))
        self.assertEqual(found["sustained single changes, store off, against BIND", "performance", 10], "met")
        self.assertEqual(found["changes in messages of 100", "performance", 100_000], "missed by 60 %")
        self.assertEqual(found["CPU a query during 1,000 changes a second", "issue", 1.10], "met")
        self.assertEqual(found["p99 of queries during 1,000 changes a second", "performance", 1.10], "missed by 718 %")
        self.assertEqual(found["p99 of 20,000 queries a second during 1,000 changes a second", "performance", 1.10], "missed by 36 %")
        self.assertEqual(self.verdicts(targets.changing_targets([])), {})

    def test_no_two_runs_of_changes_at_one_server_set_the_same_addresses(self):
        part = changing.Changing(main.read_options(["--all", "--servers", "musterd"]), 1000)
        seeds = []
        part._probe = lambda server, seed: seed
        part._change = lambda server, seed, *_: seeds.append(seed) or Done()
        part._beside_canned = lambda *_: None  # another server
        changing.ask_load, asked = lambda *_, **__: Done(), changing.ask_load
        try:
            part.measure(Done())
        finally:
            changing.ask_load = asked
        self.assertEqual(len(seeds), len(set(seeds)))

    def test_changes_are_probed_in_turn_at_all_sizes_each_round_with_addresses_of_its_own(self):
        part = writes.ChangeToVisible(main.read_options(["--rounds", "3", "--servers", "musterd"]))
        probed = []
        part._probe = lambda server, seed, fleet: probed.append((server, seed))
        writes.BETWEEN_ROUNDS, pause = 0, writes.BETWEEN_ROUNDS
        try:
            part._measure([(name, name, {}) for name in "ABC"])
        finally:
            writes.BETWEEN_ROUNDS = pause
        self.assertEqual("".join(server for server, _ in probed), "ABCCBAABCCBAABC")
        self.assertEqual(len(probed), len(set(probed)))

    def test_changes_in_process_are_those_of_the_rounds_alone(self):
        report = {"benchmarks": [{"run_type": "iteration", "items_per_second": 60_000},
                                 {"run_type": "aggregate", "items_per_second": 10}]}
        found = published.Published("publish_bench", "0")
        found.rate = Range(one["items_per_second"] for one in published.rounds(report))
        self.assertEqual(list(self.verdicts(targets.published_targets(found)).values()), ["met", "missed by 70 %"])

    def test_an_instance_is_weighed_without_its_names(self):
        alone = published.RegistryAlone("publish_bench", "0")
        alone.octets = Range([1500, 1520, 1530])
        text = "octets an instance in the registry"
        self.assertEqual([t.row()[-1] for t in targets.size_targets([], [], alone) if t.text == text], ["met"])
        self.assertEqual([t.row()[-1] for t in targets.size_targets([], []) if t.text == text], ["not measured"])

    def test_every_bar_stands_in_a_list(self):
        every = (targets.query_targets([]) + targets.latency_targets([]) + targets.change_targets(None) +
                 targets.changing_targets([]) + targets.published_targets(None) + targets.write_targets(None) +
                 targets.watch_targets(None, None) + targets.policy_targets(None) + targets.reaction_targets(None) +
                 targets.probe_targets(None) + targets.share_targets(None) + targets.scheduler_targets(None) +
                 targets.state_targets(None) + targets.size_targets([], []))
        self.assertEqual({t.of for t in every}, {"performance", "registry", "issue", "schedulers", "selection"})

    def test_shares_are_held_against_the_weights(self):
        self.assertEqual(shares.chi_square([6000, 3000, 1000]), 0)
        self.assertAlmostEqual(shares.chi_square([5000, 4000, 1000]), 500, msg="1000²/6000 + 1000²/3000")
        part = shares.Shares(main.read_options(["--shares", "--servers", "musterd"]))
        for case in shares.CASES:
            part.found[case.service] = [[5500, 3300, 1200] if case.service == "near-one" else [5950, 3030, 1020]] * 5
        verdicts = {t.text.split(": ")[1]: t.verdict for t in targets.share_targets(part)}
        self.assertEqual(len(verdicts), sum(case.holds for case in shares.CASES))
        missed = [case for case, verdict in verdicts.items() if verdict != "met"]
        self.assertEqual(missed, ["getaddrinfo, own subnet, answers = 1"])
        self.assertIn("answers = 1", part.text())

    def test_each_way_to_know_of_a_change_has_the_same_bar(self):
        part = probing.Probing(main.read_options(["--probes", "--servers", "musterd"]))
        part.cores = {"none": [1], "http": [12], "tcp": [25]}
        part.seen = {way: [[0.001] * 490 + [0.06 if way == "a report" else 0.04] * 10] for way in probing.WAYS}
        found = {t.text: t.verdict for t in targets.probe_targets(part)}
        self.assertEqual([text for text, verdict in found.items() if verdict != "met"],
                         ["1,000 instances looked at every second by tcp", "a report → visible, p99"])

    def test_who_was_never_gone_is_not_back(self):
        part = reactions.Reactions(main.read_options(["--reactions", "--servers", "musterd"]))
        part.interim = {"musterd": "kept", "gdnsd": "taken out"}
        for server in part.interim:
            for mode in reactions.MODES:
                part.gone[server, mode], part.back[server, mode] = [1.5], [0.5]
        part.gone["gdnsd", "drip"] = [math.inf]
        dripped = [line.split("|")[2:-1] for line in part.text().splitlines() if line.startswith("| drip")]
        self.assertEqual([[cell.strip() for cell in row] for row in dripped], [["1.50", "not within 12 s"], ["0.50", "–"]])


class Crowds(unittest.TestCase):
    def test_each_address_says_what_it_is_told_and_when(self):
        with crowd.Crowd() as backends:
            def status(address):
                with socket.create_connection((address, backends.port), 5) as connection:
                    connection.sendall(b"GET / HTTP/1.1\r\n\r\n")
                    return int(connection.recv(100).split()[1])

            one, other = "127.81.0.1", "127.81.3.250"
            self.assertEqual((status(one), status(other)), (200, 200))
            backends.tell(one, 503)
            began = time.monotonic()
            while status(one) == 200:
                self.assertLess(time.monotonic(), began + 5)
            self.assertEqual(status(other), 200)
            address, told, at = backends.told(5)
            self.assertEqual((address, told), (one, 503))
            self.assertTrue(began <= at <= time.monotonic())
            self.assertIsNone(backends.told(0))
            backends.tell(one, 200)
            while status(one) != 200:
                self.assertLess(time.monotonic(), began + 5)

    def test_they_greet(self):
        with crowd.Crowd(greets=True) as backends:
            self.assertEqual(crowd.greeted(("127.81.0.7", backends.port)), "127.81.0.7")


if __name__ == "__main__":
    unittest.main()
