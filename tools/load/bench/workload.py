"""The names of the benchmark: N services web-K with n instances, as master files for whoever reads one.

The registry's names for the same services are the same; tools/load/workload.cc asks for them.
"""
import os

from . import wire

DOMAIN = "svc.internal"
REVERSE = "10.in-addr.arpa"
TTL = 30
PUBLISHED = 100  # members of the browsing set, which nobody asks for: gdnsd takes no RRset over 16,376 octets


def static(service, members):
    """The configuration of a service whose members (address, port, weight) do not register themselves: i0, i1…"""
    inline = ", ".join(f'{{ id = "i{number}", address = "{address}", port = {port}, weight = {weight} }}'
                       for number, (address, port, weight) in enumerate(members))
    return f'[[source.static]]\nservice = "{service}"\ninstances = [{inline}]\n'


class Fleet:
    """How many of what there is. dns_sd and reverse: those names exist in the zones of the peers, and are asked for."""

    def __init__(self, services, instances=3, dual_stack=False, dns_sd=False, reverse=False):
        self.services, self.instances = services, instances
        self.dual_stack, self.dns_sd, self.reverse = dual_stack, dns_sd, reverse

    @property
    def title(self):
        extras = [text for on, text in ((self.dual_stack, "dual stack"), (self.dns_sd, "DNS-SD"),
                                        (self.reverse, "reverse")) if on]
        of = "" if self.instances == 3 else f" of {self.instances:,} instances"
        return ", ".join([f"{self.services:,} services{of}", *extras])

    def registered(self):
        """For the programs that register."""
        return {"services": self.services, "instances": self.instances, "dual_stack": self.dual_stack}

    def asked(self):
        """For the programs that query."""
        return {**self.registered(), "dns_sd": self.dns_sd, "reverse": self.reverse}

    def number(self, service, instance):
        return service * max(4, self.instances) + instance

    def address(self, service, instance):
        """As usual_address in tools/load/api_request.cc."""
        n = self.number(service, instance)
        return f"10.{n >> 16 & 255}.{n >> 8 & 255}.{n & 255}"

    def address6(self, service, instance):
        n = self.number(service, instance)
        return f"2001:db8::{n >> 16 & 0xffff:x}:{n & 0xffff:x}"

    def members(self):
        return ((k, i) for k in range(self.services) for i in range(self.instances))


class Kind:
    """One kind of question and its share of all; `fits` how many records a whole answer has, and of additional ones."""

    def __init__(self, label, share, owner, rrtype, answers, additional=0, rcode=wire.NOERROR):
        self.label, self.share, self.owner, self.rrtype = label, share, owner, rrtype
        self.answers, self.additional, self.rcode = answers, additional, rcode


def kinds(fleet):
    """The shares of tools/load/workload.cc; the questions are about the service in the middle."""
    k, n, both = fleet.services // 2, fleet.instances, 2 if fleet.dual_stack else 1
    name = f"web-{k}.{DOMAIN}"
    addresses = 0.5 - 0.1 * fleet.dns_sd - 0.1 * fleet.reverse
    found = [Kind("A", addresses / both, name, wire.A, n)]
    if fleet.dual_stack:
        found.append(Kind("AAAA", addresses / 2, name, wire.AAAA, n))
    found.append(Kind("SRV", 0.3, f"_http._tcp.{name}", wire.SRV, n, n * both))
    if fleet.dns_sd:
        browse = f"web-{k} i0._http._tcp.{DOMAIN}"
        found += [Kind("DNS-SD SRV", 0.05, browse, wire.SRV, 1, both), Kind("DNS-SD TXT", 0.05, browse, wire.TXT, 1)]
    if fleet.reverse:
        backwards = ".".join(reversed(fleet.address(k, 0).split(".")))
        found.append(Kind("PTR", 0.1, f"{backwards}.in-addr.arpa", wire.PTR, 1))
    found += [Kind("NODATA", 0.1, name, wire.HTTPS if fleet.dual_stack else wire.AAAA, 0),
              Kind("NXDOMAIN", 0.1, f"gone-{k}.{DOMAIN}", wire.A, 0, rcode=wire.NXDOMAIN)]
    return found


def write_zones(folder, fleet):
    """Master files by zone: 9 records a service with 3 instances (3 A, 3 SRV of weights 10, 20, 30, and an A for each
    target), and what the fleet has besides."""
    paths = {DOMAIN: os.path.join(folder, "zone")}
    with open(paths[DOMAIN], "w") as out:
        _write_forward(out, fleet)
    if fleet.reverse:
        paths[REVERSE] = os.path.join(folder, "reverse-zone")
        with open(paths[REVERSE], "w") as out:
            _write_reverse(out, fleet)
    return paths


def _head(apex):
    return (f"$ORIGIN {apex}.\n$TTL {TTL}\n"
            f"@ SOA ns1.{DOMAIN}. hostmaster.{DOMAIN}. 1 60 15 86400 {TTL}\n@ NS ns1.{DOMAIN}.\n")


def _write_forward(out, fleet):
    out.write(_head(DOMAIN) + "ns1 A 127.0.0.1\n")
    for k in range(fleet.services):
        lines = []
        for i in range(fleet.instances):
            weight = 10 * (i % 6000 + 1)
            lines.append(f"web-{k} A {fleet.address(k, i)}\n")
            lines.append(f"_http._tcp.web-{k} SRV 0 {weight} 8080 i{i}.web-{k}\n")
            lines.append(f"i{i}.web-{k} A {fleet.address(k, i)}\n")
            if fleet.dual_stack:
                lines.append(f"web-{k} AAAA {fleet.address6(k, i)}\n")
                lines.append(f"i{i}.web-{k} AAAA {fleet.address6(k, i)}\n")
            if fleet.dns_sd:
                browse = f"web-{k}\\032i{i}._http._tcp"
                lines.append(f"{browse} SRV 0 {weight} 8080 i{i}.web-{k}\n{browse} TXT \"txtvers=1\"\n")
        out.write("".join(lines))
    if fleet.dns_sd:
        out.write("_services._dns-sd._udp PTR _http._tcp\n")
        for (k, i), _ in zip(fleet.members(), range(PUBLISHED)):
            out.write(f"_http._tcp PTR web-{k}\\032i{i}._http._tcp\n")


def _write_reverse(out, fleet):
    out.write(_head(REVERSE))
    for k, i in fleet.members():
        backwards = ".".join(reversed(fleet.address(k, i).split(".")[1:]))
        out.write(f"{backwards} PTR i{i}.web-{k}.{DOMAIN}.\n")


def records(fleet):
    """In all zones together."""
    each = 3 + 2 * fleet.dual_stack + 2 * fleet.dns_sd + fleet.reverse
    members = fleet.services * fleet.instances
    return members * each + 3 + fleet.dns_sd * (1 + min(members, PUBLISHED)) + 2 * fleet.reverse
