#!/usr/bin/env python3
"""The records of the Mesos-DNS view, worked out a second time from its description: what zones/mesos_view makes is
compared with what this prints. It shares no code with it, and is written for the eye, not for speed.

    mesos_records.py STATE PROFILE [KEY=VALUE ...] [-- STATE PROFILE ... ]...

STATE is a file with one element a line, KEY=VALUE fields between tabs, values percent-encoded (tests/zones/mesos).
PROFILE is `exact` or `improved`; keys changed after it are those of `Keys`. Printed are, sorted, one line a record,
then what was left out: "; REASON COUNT"; and "--" between one run and the next.
"""

import collections
import dataclasses
import hashlib
import ipaddress
import re
import sys
import urllib.parse

ZBASE32 = "ybndrfg8ejkmcpqxot1uwisza345h769"

# From the strongest to the weakest claim to a name.
INFRASTRUCTURE, FRAMEWORK, AGENT_NAME, NAME, RAW_AGENT_NAME, RAW_NAME = range(6)
RANKS = "infrastructure framework agent mangled raw-agent raw".split()


@dataclasses.dataclass
class Keys:
    domain: str = "mesos"
    ns_name: str = "ns1.mesos"
    rfc952: bool = False
    raw_names: bool = True
    reserved: str = "merge"
    empty_names: bool = True
    dangling_srv: bool = True
    rfc2782_order: bool = False
    master_srv: bool = False
    port_scope: bool = False
    numbered_ports: bool = False
    weight_labels: bool = False
    srv_weight: int = 1
    max_ports_per_task: int = 256
    when_none: str = "all"

    def set(self, text):
        key, value = text.split("=", 1)
        now = getattr(self, key)
        setattr(self, key, value == "true" if isinstance(now, bool) else type(now)(value))


def keys_of(profile):
    if profile == "exact":
        return Keys()
    return Keys(reserved="protect", empty_names=False, dangling_srv=False, rfc2782_order=True, master_srv=True,
                port_scope=True, weight_labels=True)


# --- labels ---------------------------------------------------------------------------------------------------

def mangle(octets, rfc952):
    most, cutset = (24, b"-0123456789") if rfc952 else (63, b"-")
    kept = bytearray()
    for c in octets:
        if 0x41 <= c <= 0x5A:
            kept.append(c + 32)
        elif 0x61 <= c <= 0x7A or 0x30 <= c <= 0x39:
            kept.append(c)
        elif c in b"-._":
            kept += b"-"
    text = bytes(kept).lstrip(cutset)
    n = min(len(text), most)
    head = text[:n].rstrip(b"-")
    if len(head) < n and len(text) > n:
        head += text[n:].lstrip(b"-")[:n - len(head)]
    return head


def framework_labels(octets, rfc952):
    return [part for part in (mangle(p, rfc952) for p in octets.split(b".")) if part]


def protocols_of(octets, rfc952):
    parts = [mangle(p, rfc952) for p in octets.split(b",")]
    if b"," in octets:
        parts.append(mangle(octets, rfc952))
    return list(dict.fromkeys(p for p in parts if p))


def hash_of(task_id):
    bits = int.from_bytes(hashlib.sha1(task_id).digest(), "big")
    return "".join(ZBASE32[bits >> (160 - 5 * (i + 1)) & 31] for i in range(5)).encode()


def agent_tail(agent_id):
    return agent_id.rpartition(b"-")[2].lower()


def raw_labels(octets):
    labels = octets.split(b".")
    if all(re.fullmatch(rb"[A-Za-z0-9_-]{1,63}", label) for label in labels):
        return [label.lower() for label in labels]
    return None


class CannotBeCarried(Exception):
    def __init__(self, reason, name):
        self.reason, self.name = reason, name


def checked(labels):
    if any(not 1 <= len(label) <= 63 for label in labels):
        raise CannotBeCarried("label_too_long", labels)
    if sum(len(label) + 1 for label in labels) + 1 > 255:
        raise CannotBeCarried("name_too_long", labels)
    return labels


def text_of(labels):
    text = ""
    for label in labels:
        for c in label:
            if chr(c) in '.\\";@$()':
                text += "\\" + chr(c)
            elif 0x20 < c < 0x7F:
                text += chr(c)
            else:
                text += f"\\{c:03}"
        text += "."
    return text


def labels_of(domain):
    return tuple(label.lower().encode() for label in domain.rstrip(".").split(".") if label)


# --- one element ----------------------------------------------------------------------------------------------

@dataclasses.dataclass(frozen=True)
class Data:
    owner: tuple
    type: str
    value: str


class Element:
    """The records one element gives, each with its rank, and what had to be left out."""

    def __init__(self, keys):
        self.keys = keys
        self.domain = labels_of(keys.domain)
        self.rank_of = {}
        self.dropped = set()
        self.ready = True

    def drop(self, reason, what):
        self.dropped.add((reason, what))

    def add(self, owner, type_, value, rank):
        data = Data(owner, type_, value)
        self.rank_of[data] = min(rank, self.rank_of.get(data, rank))

    def usable(self, addresses):
        usable = []
        for address in addresses:
            if address.is_unspecified or address.is_multicast:
                self.drop("bad_address", str(address))
            else:
                usable.append(address)
        return usable

    def addresses(self, labels, addresses, rank):
        addresses = self.usable(addresses)
        try:
            owner = checked((*labels, *self.domain))
        except CannotBeCarried as bad:
            self.drop(bad.reason, bad.name)
            return
        for address in addresses:
            self.add(owner, "A" if address.version == 4 else "AAAA", str(address), rank)

    def srv(self, labels, target, target_addresses, port, weight, rank):
        try:
            full_target = checked((*target, *self.domain))
            owner = checked((*labels, *self.domain))
        except CannotBeCarried as bad:
            self.drop(bad.reason, bad.name)
            return
        if port == 0:
            self.drop("bad_port", owner)
        elif not self.keys.dangling_srv and not self.usable(target_addresses):
            self.drop("no_address", full_target)
        else:
            self.add(owner, "SRV", f"0 {weight} {port} {text_of(full_target)}", rank)


def underscore(label):
    return b"_" + label


BOTH = [b"tcp", b"udp"]


def of_masters(keys, leader, listed):
    out = Element(keys)
    weight = keys.srv_weight
    known = [m for m in listed if out.usable([m[0]])]
    if leader is None or not out.usable([leader[0]]):
        return out
    everyone, numbered, leader_has_index = [leader[0]], [], False
    for master in known:
        if master == leader:
            if not leader_has_index:
                numbered.append(master)
                leader_has_index = True
        elif master[0] not in everyone:
            everyone.append(master[0])
            numbered.append(master)
    if not leader_has_index:
        numbered.append(leader)
    out.addresses([b"leader"], [leader[0]], INFRASTRUCTURE)
    for protocol in BOTH:
        out.srv([b"_leader", underscore(protocol)], [b"leader"], [leader[0]], leader[1], weight, INFRASTRUCTURE)
    out.addresses([b"master"], everyone, INFRASTRUCTURE)
    for i, (address, port) in enumerate(numbered):
        name = b"master%d" % i
        out.addresses([name], [address], INFRASTRUCTURE)
        for protocol in BOTH if keys.master_srv else []:
            out.srv([b"_master", underscore(protocol)], [name], [address], port, weight, INFRASTRUCTURE)
    return out


def of_agent(keys, agent):
    out = Element(keys)
    out.addresses([b"slave"], agent["addresses"], INFRASTRUCTURE)
    if agent["port"]:
        out.srv([b"_slave", b"_tcp"], [b"slave"], agent["addresses"], agent["port"], keys.srv_weight, INFRASTRUCTURE)
    return out


def relative_ns_name(keys):
    server, domain = labels_of(keys.ns_name), labels_of(keys.domain)
    if len(server) > len(domain) and server[-len(domain):] == domain:
        return list(server[:-len(domain)])
    return None


def of_framework(keys, framework):
    out = Element(keys)
    name = framework_labels(framework["name"], keys.rfc952)
    if not name:
        out.drop("framework_name_empty", framework["id"])
        return out
    is_reserved = name == relative_ns_name(keys) or \
        len(name) == 1 and re.fullmatch(rb"leader|slave|master[0-9]*", name[0])
    if keys.reserved == "protect" and is_reserved:
        out.drop("reserved_name", tuple(name))
        return out
    out.addresses(name, framework["addresses"], FRAMEWORK)
    if framework["port"]:
        out.srv([b"_framework", b"_tcp", *name], name, framework["addresses"], framework["port"], keys.srv_weight,
                FRAMEWORK)
    return out


def of_listener(keys, addresses):
    out = Element(keys)
    server = relative_ns_name(keys)
    if server:
        out.addresses(server, addresses, INFRASTRUCTURE)
    return out


def lowest(ports, most, number):
    """The places of the `most` lowest, in the order in which they are listed."""
    return sorted(sorted(range(len(ports)), key=lambda i: (number(ports[i]), i))[:most])


def of_task(keys, task):
    out = Element(keys)
    out.ready = task["ready"]
    framework = framework_labels(task["framework"], keys.rfc952)
    if not framework:
        out.drop("framework_name_empty", task["id"])
        return out
    label = mangle(task["name"], keys.rfc952)
    if not label:
        out.drop("name_empty", task["id"])
        if not keys.empty_names:
            return out
    forms = [([label], AGENT_NAME, NAME)] if label else []
    raw = raw_labels(task["name"]) if task["discovery"] and keys.raw_names else None
    if raw and raw != [label]:
        forms.append((raw, RAW_AGENT_NAME, RAW_NAME))

    discovery_ports = task["di"] if task["discovery"] else []
    host_places = lowest(task["ports"], keys.max_ports_per_task, lambda port: port)
    discovery_places = lowest(discovery_ports, keys.max_ports_per_task, lambda port: port["number"])
    if len(host_places) < len(task["ports"]) or len(discovery_places) < len(discovery_ports):
        out.drop("ports_truncated", task["id"])
    of_agent_ = task["agent_addresses"]
    own = task["addresses"]
    if keys.port_scope and discovery_ports and all(port["agent"] for port in discovery_ports):
        own = of_agent_
    own, of_agent_ = out.usable(own), out.usable(of_agent_)
    weight = task["weight"] if keys.weight_labels and task["weight"] is not None else keys.srv_weight

    for name, agent_rank, rank in forms:
        service = [underscore(name[0]), *name[1:]]
        tail = agent_tail(task["agent"])
        room = 56 - len(tail)
        last = name[-1]
        if len(last) > room:
            last = last[:max(room, 0)].rstrip(b"-")
        if not last:
            out.drop("label_too_long", task["id"])
            canonical = None
        else:
            canonical = [*name[:-1], last + b"-" + hash_of(task["id"]) + b"-" + tail]

        out.addresses([*name, *framework], own, rank)
        out.addresses([*name, *framework, b"slave"], of_agent_, agent_rank)
        if not canonical:
            continue
        target, agent_target = [*canonical, *framework], [*canonical, *framework, b"slave"]
        out.addresses(target, own, rank)
        out.addresses(agent_target, of_agent_, agent_rank)

        for i in host_places:
            port = task["ports"][i]
            for protocol in BOTH:
                to_agent = (agent_target, of_agent_, port, weight)
                form = [*service, underscore(protocol), *framework]
                out.srv([*form, b"slave"], *to_agent, agent_rank)
                if not task["discovery"]:
                    out.srv(form, *to_agent, rank)
                    if keys.numbered_ports:
                        out.srv([b"_port%d" % i, *form], *to_agent, rank)

        for i in discovery_places:
            port = discovery_ports[i]
            at_agent = keys.port_scope and port["agent"]
            to = (agent_target, of_agent_) if at_agent else (target, own)
            to = (*to, port["number"], weight)
            named = mangle(port["name"], keys.rfc952)
            for protocol in protocols_of(port["protocol"], keys.rfc952) or BOTH:
                form = [*service, underscore(protocol), *framework]
                out.srv(form, *to, rank)
                if named:
                    out.srv([underscore(named), *form], *to, rank)
                    if keys.rfc2782_order:
                        out.srv([underscore(named), underscore(protocol), *name, *framework], *to, rank)
                if keys.numbered_ports:
                    out.srv([b"_port%d" % i, *form], *to, rank)
    return out


# --- the whole ------------------------------------------------------------------------------------------------

def published(keys, elements):
    """Lines of records, and how many of each reason were left out."""
    dropped = collections.Counter()
    names = collections.defaultdict(list)
    for element in elements:
        for reason, _ in element.dropped:
            dropped[reason] += 1
        for data, rank in element.rank_of.items():
            names[data.owner].append((data, rank, element.ready))
    lines = []
    for owner, there in names.items():
        top = min(rank for _, rank, _ in there)
        shown = there
        if keys.reserved == "protect":
            shown = [one for one in there if one[1] == top]
            dropped["name_taken"] += len({one[0] for one in there} - {one[0] for one in shown})
        for type_ in sorted({data.type for data, _, _ in shown}):
            of_type = [one for one in shown if one[0].type == type_]
            ready = [one for one in of_type if one[2]]
            start = f"{text_of(owner)} {type_} "
            if ready or keys.when_none == "all":
                lines += sorted({start + data.value for data, _, _ in ready or of_type})
            else:
                lines.append(start + ("NODATA" if keys.when_none == "none" else "SERVFAIL"))
    return sorted(lines), dropped


# --- reading --------------------------------------------------------------------------------------------------

def address_of(text):
    address = ipaddress.ip_address(text)
    return getattr(address, "ipv4_mapped", None) or address


def endpoint_of(text):
    host, _, port = text.rpartition(":")
    return address_of(host.strip("[]")), int(port)


def list_of(text, one):
    return [one(part) for part in text.split(",")] if text else []


def discovery_port(text):
    number, protocol, name, *agent = text.split("/")
    unquote = urllib.parse.unquote_to_bytes
    return {"number": int(number), "protocol": unquote(protocol), "name": unquote(name), "agent": agent == ["agent"]}


def element_of(keys, line):
    kind, *rest = line.split("\t")
    fields = collections.defaultdict(str, (part.partition("=")[::2] for part in rest))
    octets = {key: urllib.parse.unquote_to_bytes(value) for key, value in fields.items()}
    get = lambda key: octets.get(key, b"")
    addresses = list_of(fields["addresses"], address_of)
    if kind == "masters":
        return of_masters(keys, endpoint_of(fields["leader"]) if fields["leader"] else None,
                          list_of(fields["listed"], endpoint_of))
    if kind == "listener":
        return of_listener(keys, addresses)
    port = int(fields["port"] or 0)
    if kind == "agent":
        return of_agent(keys, {"id": get("id"), "addresses": addresses, "port": port})
    if kind == "framework":
        return of_framework(keys, {"id": get("id"), "name": get("name"), "addresses": addresses, "port": port})
    assert kind == "task", line
    return of_task(keys, {
        "id": get("id"), "name": get("name"), "framework": get("framework"), "agent": get("agent"),
        "discovery": "discovery" in fields, "ready": "unready" not in fields,
        "weight": int(fields["weight"]) if "weight" in fields else None,
        "addresses": addresses, "agent_addresses": list_of(fields["agent_addresses"], address_of),
        "ports": sorted(set(list_of(fields["ports"], int))),
        "di": [discovery_port(part) for part in fields["di"].split(";")] if fields["di"] else []})


def main(state, profile, *changes):
    keys = keys_of(profile)
    for change in changes:
        keys.set(change)
    with open(state, encoding="utf-8") as lines:
        elements = [element_of(keys, line.rstrip("\n")) for line in lines if line.strip() and line[0] != "#"]
    records, dropped = published(keys, elements)
    print("\n".join(records))
    for reason, count in sorted(dropped.items()):
        if count:
            print(f"; {reason} {count}")


if __name__ == "__main__":
    run = []
    for argument in sys.argv[1:]:
        if argument == "--":
            main(*run)
            print("--")
            run = []
        else:
            run.append(argument)
    main(*run)
