// lookup NAME [TYPE]: what musterd's own DNS listener answers, and what the registry says beside it.
#include <cstdio>
#include <memory>

#include "tools/muster/command.h"
#include "tools/muster/instance.h"
#include "tools/muster/json_text.h"

// Last: it makes `false` a macro, which <optional> does not bear.
#include <ldns/ldns.h>

namespace muster::cli {

namespace json = boost::json;

namespace {

template <auto Free>
struct Freed {
  template <class T>
  void operator()(T* object) const {
    Free(object);
  }
};
using Resolver = std::unique_ptr<ldns_resolver, Freed<ldns_resolver_deep_free>>;
using Name = std::unique_ptr<ldns_rdf, Freed<ldns_rdf_deep_free>>;
using Message = std::unique_ptr<ldns_pkt, Freed<ldns_pkt_free>>;
using Text = std::unique_ptr<char, Freed<free>>;

// The first listener of /status; a wildcard is asked on loopback.
bool listener(const Reply& status, std::string& address, int& port) {
  const json::value value = json_of(status);
  const json::object* object = value.if_object();
  const json::value* dns = object == nullptr ? nullptr : object->if_contains("dns");
  if (dns == nullptr || !dns->is_array() || dns->get_array().empty()) return false;
  if (!split_address(text_of(dns->get_array().front()), address, port)) return false;
  if (address == "0.0.0.0") address = "127.0.0.1";
  if (address == "::") address = "::1";
  return true;
}

Resolver make_resolver(const std::string& address, int port) {
  Resolver resolver(ldns_resolver_new());
  const Name server(ldns_rdf_new_frm_str(
      address.find(':') == address.npos ? LDNS_RDF_TYPE_A : LDNS_RDF_TYPE_AAAA, address.c_str()));
  ldns_resolver_push_nameserver(resolver.get(), server.get());
  ldns_resolver_set_port(resolver.get(), static_cast<std::uint16_t>(port));
  ldns_resolver_set_recursive(resolver.get(), false);
  ldns_resolver_set_edns_udp_size(resolver.get(), 1232);
  ldns_resolver_set_retry(resolver.get(), 2);
  ldns_resolver_set_timeout(resolver.get(), {2, 0});
  return resolver;
}

std::string section_text(const ldns_rr_list* list) {
  const Text text(ldns_rr_list2str(list));
  return text == nullptr ? "" : text.get();
}

std::string rcode_text(const ldns_pkt* message) {
  const Text text(ldns_pkt_rcode2str(ldns_pkt_get_rcode(message)));
  return text == nullptr ? "?" : text.get();
}

void print(const Context& context, const ldns_pkt* message, const std::string& address, int port,
           const Reply& registry) {
  const std::string answer = section_text(ldns_pkt_answer(message));
  const std::string additional = section_text(ldns_pkt_additional(message));
  if (context.json) {
    const json::object both{{"rcode", rcode_text(message)},
                            {"answer", answer},
                            {"additional", additional},
                            {"registry", json_of(registry)}};
    std::printf("%s\n", compact(both).c_str());
    return;
  }
  std::printf("DNS, %s port %d: %s\n%s", address.c_str(), port, rcode_text(message).c_str(), answer.c_str());
  if (!additional.empty()) std::printf("additional:\n%s", additional.c_str());
  std::printf("\nregistry:\n%s",
              registry.ok() ? outline(json_of(registry)).c_str() : "  nothing about this name\n");
}

}  // namespace

ExitCode lookup(const Context& context, const std::string& name, const std::string& type) {
  const Reply status = context.client.get("/api/v1/status");
  if (const ExitCode code = report(context.client, status); code != done) return code;
  std::string address;
  int port = 0;
  if (!listener(status, address, port)) {
    std::fprintf(stderr, "muster: %s tells no DNS listener\n", context.client.server().c_str());
    return refused;
  }
  const Name owner(ldns_dname_new_frm_str(name.c_str()));
  const ldns_rr_type wanted = ldns_get_rr_type_by_name(type.c_str());
  if (owner == nullptr || wanted == 0) {
    std::fprintf(stderr, "muster: %s is no domain name, or %s no record type\n", name.c_str(), type.c_str());
    return wrong_usage;
  }
  const Resolver resolver = make_resolver(address, port);
  const Message message(ldns_resolver_query(resolver.get(), owner.get(), wanted, LDNS_RR_CLASS_IN, 0));
  if (message == nullptr) {
    std::fprintf(stderr, "muster: no DNS answer from %s port %d\n", address.c_str(), port);
    return unreachable;
  }
  print(context, message.get(), address, port,
        context.client.get("/api/v1/explain?name=" + encoded(name) + "&type=" + encoded(type)));
  switch (ldns_pkt_get_rcode(message.get())) {
    case LDNS_RCODE_NOERROR: return done;
    case LDNS_RCODE_NXDOMAIN: return not_found;
    default: return refused;
  }
}

}  // namespace muster::cli
