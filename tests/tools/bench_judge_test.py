"""The judging of the benchmark: ranges, ratios within rounds, bars, completeness."""
import os
import sys
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../tools/load"))

from bench import main, query_cost, wire, workload  # noqa: E402
from bench.judge import Range, Target, verdict  # noqa: E402


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


class Completeness(unittest.TestCase):
    def replies(self, **changed):
        good = {"octets": 100, "aa": 1, "rcode": 0, "answers": 3, "authority": 0, "additional": 0}
        replies = {"A": dict(good), "SRV": dict(good, additional=3),
                   "NODATA": dict(good, answers=0, authority=1),
                   "NXDOMAIN": dict(good, answers=0, authority=1, rcode=3)}
        for kind, fields in changed.items():
            replies[kind].update(fields)
        return replies

    def test_a_server_that_answers_less_is_marked(self):
        rows = [
            ("complete", {}, []),
            ("gdnsd", {"SRV": {"additional": 0}}, ["SRV without addresses"]),
            ("cut short", {"A": {"answers": 1}}, ["records missing"]),
            ("dnsmasq", {"NXDOMAIN": {"authority": 0}}, ["no SOA in negative answers"]),
            ("not its own", {"NODATA": {"aa": 0}}, ["AA not set"]),
            ("empty zone", {"NODATA": {"rcode": 3}}, ["wrong rcode"]),
        ]
        for why, changed, notes in rows:
            with self.subTest(why):
                self.assertEqual(query_cost.shortcomings(self.replies(**changed)), notes)

    def test_counts_during_a_round_must_match_the_workload(self):
        good = {"received": 1000, "answers": 2.4, "rcodes": {"0": 900, "3": 100}}
        rows = [
            ("as asked", {}, False),
            ("fewer records", {"answers": 2.0}, True),
            ("too many NXDOMAIN", {"rcodes": {"0": 800, "3": 200}}, True),
            ("REFUSED", {"rcodes": {"0": 890, "3": 100, "5": 10}}, True),
        ]
        for why, changed, differ in rows:
            with self.subTest(why):
                self.assertEqual(query_cost.answers_differ({**good, **changed}, "peer"), differ)

    def test_a_loss_of_a_tenth_of_a_percent_is_borne(self):
        self.assertFalse(query_cost.lossy({"sent": 10_000, "lost": 10}))
        self.assertTrue(query_cost.lossy({"sent": 10_000, "lost": 11}))


class Workload(unittest.TestCase):
    def test_addresses_of_a_fleet_are_distinct(self):
        seen = {workload.address(k, i) for k in range(2000) for i in range(3)}
        self.assertEqual(len(seen), 6000)

    def test_a_summary_counts_sections_without_the_opt_record(self):
        reply = bytes.fromhex("0001" "8403" "0001" "0000" "0001" "0001")
        self.assertEqual(wire.summary(reply, edns=True), {"octets": 12, "aa": 1, "rcode": 3, "answers": 0,
                                                          "authority": 1, "additional": 0})

    def test_numbers_may_be_written_short(self):
        self.assertEqual(main.counts("1000,100k,1M"), [1000, 100_000, 1_000_000])


if __name__ == "__main__":
    unittest.main()
