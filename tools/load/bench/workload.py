"""The names of the benchmark: N services web-K with n instances, as a master file for whoever reads one.

The registry's names for the same services are the same; tools/load/workload.cc asks for them.
"""

DOMAIN = "svc.internal"
TTL = 30


def address(service, instance):
    """As usual_address in tools/load/api_request.cc."""
    n = service * 4 + instance
    return f"10.{n >> 16 & 255}.{n >> 8 & 255}.{n & 255}"


def write_zone(path, services, instances=3):
    """9 records a service with 3 instances: 3 A, 3 SRV of weights 10, 20, 30, and an A for each target."""
    with open(path, "w") as out:
        out.write(f"$ORIGIN {DOMAIN}.\n$TTL {TTL}\n"
                  f"@ SOA ns1.{DOMAIN}. hostmaster.{DOMAIN}. 1 60 15 86400 {TTL}\n@ NS ns1\nns1 A 127.0.0.1\n")
        for k in range(services):
            lines = []
            for i in range(instances):
                lines.append(f"web-{k} A {address(k, i)}\n")
                lines.append(f"_http._tcp.web-{k} SRV 0 {10 * (i + 1)} 8080 i{i}.web-{k}\n")
                lines.append(f"i{i}.web-{k} A {address(k, i)}\n")
            out.write("".join(lines))


def records(services, instances=3):
    return services * instances * 3 + 3
