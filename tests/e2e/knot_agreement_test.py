"""One generated zone in musterd, in Knot DNS and in NSD: every query must agree in header, question, answer and authority,
and referrals in the glue that they must carry.

The rest of the additional section, CD (RFC 4035 §3.2.2 binds resolvers; Knot clears it), ANY, DNAME targets over 255 octets and
chains of over five aliases are free choices, and not compared; a query that meets such a chain is not counted either.
What a truncated reply still holds is free as well: musterd leaves its answer empty (RFC 2181 §9), the others keep the aliases.

Knot is asked 20,000 queries about each of three zones, NSD fewer about one. MUSTER_SEED makes one other zone instead,
MUSTER_QUERIES says how many queries. Skipped where the other server is not installed.
"""

import os
import pathlib
import random
import shutil
import tempfile
import unittest

import wire

PLACES = "/usr/sbin:/usr/local/sbin"
KNOTD = shutil.which("knotd") or shutil.which("knotd", path=PLACES)
NSD = shutil.which("nsd") or shutil.which("nsd", path=PLACES)
APEX = "agree.test."
LABELS = ["a", "b", "c", "ent", "www", "x", "y", "_tcp", "_sip", "deep", "mixed", "q-1", "host", "sub", "mail", "z9"]
MORE_LABELS = [f"n{n}" for n in range(60)] + ["Web\\032UI", "dot\\046dot", "zero\\000", "\\200\\255", "\\096\\064\\091\\123", "l" * 30]
SEEDS = [int(os.environ["MUSTER_SEED"])] if "MUSTER_SEED" in os.environ else [1952757928, 4592, 20_000]
QUERIES = int(os.environ.get("MUSTER_QUERIES", "20000"))
NSD_QUERIES = min(QUERIES, 10_000)
AT_ONCE = 64
OUR_LIMIT = 1232
NAMES = 3000
KNOT_FOLLOWS = 5  # aliases

RDATA = {
    "A": lambda zone, n: f"192.0.2.{n}",
    "AAAA": lambda zone, n: f"2001:db8::{n + 1:x}",
    "TXT": lambda zone, n: f'"t{n}" "{"y" * zone.random.choice([0, 10, 200])}"',
    "MX": lambda zone, n: f"{n} {zone.name()}",
    "SRV": lambda zone, n: f"0 {n} 80 {zone.name()}",
    "CAA": lambda zone, n: f'0 issue "ca{n}.test"',
    "TYPE65400": lambda zone, n: f"\\# 3 c00c{n:02x}",
    "PTR": lambda zone, n: zone.name(),
    "NAPTR": lambda zone, n: f'1 {n} "U" "SIP" "!a!b!" {zone.name()}',
    "HINFO": lambda zone, n: f'"c{n}" "os"',
    "RP": lambda zone, n: f"{zone.name()} {zone.name()}",
    "AFSDB": lambda zone, n: f"1 {zone.name()}",
    "LOC": lambda zone, n: "52 22 23.000 N 4 53 32.000 E -2.00m 0.00m 10000m 10m",
    "SSHFP": lambda zone, n: "1 1 " + f"{n:02x}" * 20,
    "TLSA": lambda zone, n: "3 1 1 " + f"{n:02x}" * 32,
    "URI": lambda zone, n: f'1 {n} "http://x/"',
    "SVCB": lambda zone, n: f"{n + 1} {zone.name()} alpn=h2",
    "HTTPS": lambda zone, n: f"{n + 1} . alpn=h2,h3 port={n}",
    "EUI48": lambda zone, n: f"00-00-5e-00-53-{n:02x}",
    "EUI64": lambda zone, n: f"00-00-5e-ef-10-00-00-{n:02x}",
    "DS": lambda zone, n: f"{n} 13 2 " + "cd" * 32,
    "SPF": lambda zone, n: f'"s{n}"',
    "KX": lambda zone, n: f"{n} {zone.name()}",
    "MINFO": lambda zone, n: f"{zone.name()} {zone.name()}",
    "DNSKEY": lambda zone, n: "257 3 13 " + "AAAA" * 16,
}


def is_below(owner, ancestors):
    labels = owner.split(".")
    return any(".".join(labels[i:]) in ancestors for i in range(1, len(labels)))


class Zone:
    """What two servers must read alike: cuts with glue and DS, DNAMEs, wildcards, names below `*`, aliases that lead
    everywhere, RRsets over every limit, and all types that both know."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.names = {}
        self.put(APEX, "SOA", f"ns1.{APEX} host.{APEX} 1 60 60 86400 30")
        for n in (1, 2):
            self.put(APEX, "NS", f"ns{n}.{APEX}")
            self.put(f"ns{n}.{APEX}", "A", f"192.0.2.{n}")
        self.cuts = self._places(100, [1] + [2] * 10 + [3] * 20 + [4] * 10, set())
        self.dnames = {place for place in self._places(50, [1] + [2] * 10 + [3] * 20, self.cuts) if not any(
            cut.endswith("." + place) for cut in self.cuts)}
        self._fill_cuts()
        self._fill_dnames()
        self._fill_names()
        self._fill_large()

    def put(self, owner, rrtype, rdata):
        rdatas = self.names.setdefault(owner, {}).setdefault(rrtype, [])
        if rdata not in rdatas:
            rdatas.append(rdata)

    def name(self, depth=None):
        depth = depth or self.random.choice([1, 1, 2, 2, 3, 4])
        return ".".join(self.label() for _ in range(depth)) + "." + APEX

    def label(self):
        return self.random.choice(LABELS if self.random.random() < 0.6 else MORE_LABELS)

    def text(self):
        lines = [f"{APEX} 300 IN SOA {self.names[APEX]['SOA'][0]}"]
        for owner, sets in self.names.items():
            ttl = self.random.choice([5, 60, 300])
            lines += [f"{owner} {ttl} IN {rrtype} {rdata}" for rrtype, rdatas in sets.items() if rrtype != "SOA"
                      for rdata in rdatas]
        return "\n".join(lines) + "\n"

    def _places(self, most, depths, taken):
        places = set()
        for _ in range(most):
            place = self.name(self.random.choice(depths))
            if place not in taken and not is_below(place, taken | places):
                places = {one for one in places if not one.endswith("." + place)} | {place}
        return places

    def _is_free(self, owner):
        return owner not in self.cuts | self.dnames and not is_below(owner, self.cuts | self.dnames)

    def _fill(self, owner):
        for rrtype in self.random.sample(sorted(RDATA), self.random.choice([1, 1, 2, 3, 5])):
            for _ in range(self.random.choice([1, 1, 2, 3])):
                self.put(owner, rrtype, RDATA[rrtype](self, self.random.randrange(250)))

    def _fill_cuts(self):
        for cut in sorted(self.cuts):
            self.put(cut, "NS", f"ns.{cut}")
            self.put(f"ns.{cut}", "A", "192.0.2.53")
            self.put(f"ns.{cut}", "AAAA", "2001:db8::53")
            for rrtype, rdata, owner in (("NS", f"ns1.{APEX}", cut), ("NS", "ns.elsewhere.example.", cut),
                                         ("DS", "12345 13 2 " + "ab" * 32, cut), ("TXT", '"hidden"', f"deep.x.{cut}")):
                if self.random.random() < 0.5:
                    self.put(owner, rrtype, rdata)

    def _fill_dnames(self):
        for owner in sorted(self.dnames):
            target = self.random.choice([self.name(1), self.name(2), "other.example."])
            self.put(owner, "DNAME", "other.example." if target == owner or is_below(target, {owner}) else target)
            if self.random.random() < 0.5:
                self.put(owner, "A", "192.0.2.77")

    def _fill_names(self):
        while len(self.names) < NAMES:
            owner = self.name()
            if self._is_free(owner):
                self._fill(owner)
        for _ in range(250):
            owner = "*." + self.random.choice([self.name(1), self.name(2), self.name(3), APEX])
            if not self._is_free(owner) or not self._is_free(owner[2:]) or owner in self.names:
                continue
            if self.random.random() < 0.35:
                self.put(owner, "CNAME", self.name())
            else:
                self._fill(owner)
        for _ in range(80):
            owner = f"{self.label()}.*.{self.name(1)}"
            if self._is_free(owner) and "CNAME" not in self.names.get(owner, {}):
                self._fill(owner)
        elsewhere = ["www.elsewhere.example."] + [f"n.{place}" for place in sorted(self.cuts | self.dnames)]
        for _ in range(500):
            owner = self.name()
            if self._is_free(owner) and owner not in self.names:
                self.put(owner, "CNAME", self.random.choice([self.name(), self.name(1), self.random.choice(elsewhere)]))

    def _fill_large(self):
        for n in range(90):
            self.put(f"large.{APEX}", "A", f"198.51.100.{n}")
            self.put(f"larger.{APEX}", "SRV", f"0 0 {n + 1} host{n}.{APEX}")
            self.put(f"largest.{APEX}", "TXT", f'"{"z" * 200}{n}"')


class Questions:
    def __init__(self, zone):
        self.zone = zone
        self.random = zone.random
        self.owners = sorted(zone.names)

    def _owner(self):
        known, label, chance = self.random.choice(self.owners), self.zone.label(), self.random.random()
        if chance < 0.45:
            return known
        if chance < 0.65:
            return f"{label}.{known}"
        if chance < 0.72:
            return f"{label}.{self.zone.label()}.{known}"
        if chance < 0.78:
            return f"*.{known}"
        if chance < 0.84:
            return known.split(".", 1)[1]
        if chance < 0.98:
            return self.zone.name()
        return self.random.choice(["example.", "test.", ".", "com.", "xagree.test."])

    def next(self, identity):
        owner = self._owner()
        if self.random.random() < 0.2:
            owner = "".join(self.random.choice([c.upper(), c]) for c in owner)
        rrtype = self.random.choice(sorted(wire.TYPES))
        if self.random.random() < 0.4:
            rrtype = self.random.choice(["A", "AAAA", "SRV", "NS", "DS", "SOA", "CNAME", "DNAME", "MX", "TXT"])
        size = self.random.choice([None, None, 0, 512, 800, 1232, 4096])
        return f"{owner} {rrtype} edns={size}", min(max(512, size or 0), OUR_LIMIT), wire.query(
            owner, rrtype, identity, self.random.choice([0, 0x100, 0x10]), size, self.random.random() < 0.3)


def knot_config(folder, port):
    return f"""server:
    rundir: "{folder}"
    listen: {wire.HOST}@{port}
    udp-workers: 1
    tcp-workers: 1
    background-workers: 1
database:
    storage: "{folder}"
zone:
  - domain: {APEX}
    file: "{folder}/zone"
    semantic-checks: off
    zonefile-load: whole
    journal-content: none
"""


def nsd_config(folder, port):
    return f"""server:
    ip-address: {wire.HOST}@{port}
    username: ""
    zonesdir: "{folder}"
    database: ""
    xfrdfile: "{folder}/xfrd"
    xfrdir: "{folder}"
    zonelistfile: "{folder}/zones"
    pidfile: ""
    server-count: 1
    refuse-any: no
    minimal-responses: yes
    rrl-ratelimit: 0
    rrl-whitelist-ratelimit: 0
remote-control:
    control-enable: no
zone:
    name: {APEX}
    zonefile: "{folder}/zone"
"""


def required_glue(reply):
    """The addresses in a referral of the servers that lie at or below its cut (RFC 9471 §3.1)."""
    if reply.aa or reply.tc or not reply.authority:
        return []
    cut = reply.authority[0][0]
    servers = {record[4] for record in reply.authority}
    return [record for record in reply.additional if record[0] in servers and record[0].endswith(cut)]


def seen(octets):
    if octets is None:
        return {"silent": True}
    reply = wire.Reply(octets)
    fields = ("rcode", "aa", "tc", "rd", "ra", "ad", "opcode", "question", "answer", "authority")
    opt = reply.opt and (reply.opt[1] >> 24, reply.opt[1] & 0xffff)
    told = {field: getattr(reply, field) for field in fields} | {"opt": opt, "glue": required_glue(reply)}
    return told | {"answer": [], "authority": []} if reply.tc and reply.aa else told | {"answer": []} if reply.tc else told


def has_long_chain(told):
    return sum(record[1] == wire.TYPES["CNAME"] for record in told.get("answer", ())) > KNOT_FOLLOWS


class Agreement(unittest.TestCase):
    def agree(self, name, command, config_text, seed, queries):
        """Serves the seed's zone by musterd and by another server, and compares what they say."""
        print(f"MUSTER_SEED={seed}", flush=True)
        zone = Zone(seed)
        with tempfile.TemporaryDirectory() as place:
            folder = pathlib.Path(place)
            (folder / "zone").write_text(zone.text())
            config = f'[[zones.file]]\nname = "{APEX}"\nfile = "zone"\n'

            def words(port):
                (folder / "other.conf").write_text(config_text(folder, port))
                return [*command, "-c", folder / "other.conf"]

            soa = wire.query(APEX, "SOA")
            with wire.foreign(name, folder, words, soa) as (theirs, process), wire.serving(folder, config) as ours:
                missing = wire.query(f"nowhere.ns1.{APEX}", "A")  # a server may tell what there is before it tells what is not
                for who, server in ((name, theirs), ("musterd", ours)):
                    wire.wait_until(f"{who} serves the zone", lambda s=server: getattr(s.udp(missing), "rcode", None) == 3)
                self.compare(name, Questions(zone), ours, theirs, queries)
                self.assertIsNone(process.poll(), f"{name} ended meanwhile")

    def compare(self, name, questions, ours, theirs, queries):
        differences, kinds, types, compared, number = [], set(), set(), 0, 0
        while compared < queries:
            asked = [questions.next(number + i & 0xffff) for i in range(min(AT_ONCE, queries - compared))]
            number += len(asked)
            transport = "tcp" if questions.random.random() < 0.2 else "udp"
            packets = [packet for _, _, packet in asked]
            replies = [getattr(server, transport + "_all")(packets) for server in (ours, theirs)]
            for (text, limit, packet), mine, others in zip(asked, *replies):
                self.assertLessEqual(len(mine or b""), limit if transport == "udp" else 65535, text)
                mine, others = seen(mine), seen(others)
                if others.get("tc") and not mine.get("tc"):  # names compressed less well: what did not fit is asked over TCP
                    mine, others = (seen(server.tcp_all([packet])[0]) for server in (ours, theirs))
                if has_long_chain(mine):
                    continue
                compared += 1
                kinds.add((mine.get("rcode"), mine.get("aa"), bool(mine.get("answer")), bool(mine.get("authority"))))
                types |= {record[1] for record in mine.get("answer", ())}
                fields = [field for field in mine | others if mine.get(field) != others.get(field)]
                if fields:
                    differences.append(f"{text} {transport}: " + ", ".join(
                        f"{field} {mine.get(field)!r}, {name} {others.get(field)!r}" for field in fields))
        self.assertLess(number - compared, queries // 50, "alias chains too long to compare")
        self.assertFalse(differences, f"{len(differences)} of {compared} queries:\n" + "\n".join(differences[:10]))
        for kind, what in (((0, 1, True, False), "answers"), ((0, 1, False, True), "NODATA"), ((3, 1, False, True), "NXDOMAIN"),
                           ((0, 0, False, True), "referrals"), ((5, 0, False, False), "refusals")):
            self.assertIn(kind, kinds, f"the zone brought no {what}")
        self.assertEqual({wire.TYPES[rrtype] for rrtype in RDATA} - types, set(), "types that no answer held")

    @unittest.skipUnless(KNOTD, "Knot DNS is not installed")
    def test_knot_dns(self):
        for seed in SEEDS:
            with self.subTest(seed=seed):
                self.agree("Knot", [KNOTD], knot_config, seed, QUERIES)

    @unittest.skipUnless(NSD, "NSD is not installed")
    def test_nsd(self):
        self.agree("NSD", [NSD, "-d"], nsd_config, SEEDS[0], NSD_QUERIES)


if __name__ == "__main__":
    unittest.main()
