#include "registry/api/mesos_dns.h"

#include <algorithm>
#include <memory>

#include "registry/api/json_text.h"
#include "registry/http/ascii.h"
#include "registry/label.h"

namespace muster::registry::api {

namespace {

using http::Reply;
using http::Request;

constexpr net::Millis kNotYetRetry{1'000};

// ---- shapes

void append_texts(std::string& out, const std::vector<std::string>& texts) {
  out += '[';
  for (const std::string& text : texts) {
    if (out.back() != '[') out += ',';
    append_string(out, text);
  }
  out += ']';
}

void append_member(std::string& out, std::string_view key, std::string_view text) {
  if (out.back() != '{') out += ',';
  append_string(out, key);
  out += ':';
  append_string(out, text);
}

void append_member(std::string& out, std::string_view key, const std::string& text) {
  append_member(out, key, std::string_view(text));
}
void append_member(std::string& out, std::string_view key, const char* text) {
  append_member(out, key, std::string_view(text));
}

void begin_member(std::string& out, std::string_view key) {
  if (out.back() != '{') out += ',';
  append_string(out, key);
  out += ':';
}

void append_member(std::string& out, std::string_view key, std::uint64_t value) {
  begin_member(out, key);
  append_number(out, value);
}

void append_flag(std::string& out, std::string_view key, bool value) {
  begin_member(out, key);
  append_bool(out, value);
}

void append_list(std::string& out, std::string_view key, const std::vector<std::string>& texts) {
  begin_member(out, key);
  append_texts(out, texts);
}

std::string version_json(const std::string& version) {
  std::string out = "{";
  append_member(out, "Service", "Mesos-DNS");
  append_member(out, "URL", "https://github.com/mesosphere/mesos-dns");
  append_member(out, "Version", "muster " + version);
  return out + "}";
}

std::string hosts_json(const std::string& host, std::vector<net::IpAddress> addresses) {
  std::ranges::stable_sort(addresses, {}, [](const net::IpAddress& one) { return one.family; });
  std::string out = "[";
  const auto append = [&](std::string_view name, const std::string& ip) {
    if (out.size() > 1) out += ',';
    out += '{';
    append_member(out, "host", name);
    append_member(out, "ip", ip);
    out += '}';
  };
  for (const net::IpAddress& address : addresses) append(host, net::to_string(address));
  if (addresses.empty()) append("", "");
  return out + "]";
}

std::string services_json(std::string_view service, const std::vector<MesosDnsTarget>& targets) {
  std::string out = "[";
  const auto append = [&](std::string_view name, std::string_view host, const std::string& ip,
                          const std::string& port) {
    if (out.size() > 1) out += ',';
    out += '{';
    append_member(out, "service", name);
    append_member(out, "host", host);
    append_member(out, "ip", ip);
    append_member(out, "port", port);
    out += '}';
  };
  for (const MesosDnsTarget& target : targets) {
    for (const net::IpAddress& address : target.addresses)
      append(service, target.host, net::to_string(address), std::to_string(target.port));
  }
  if (out.size() == 1) append("", "", "", "");
  return out + "]";
}

std::string enumerate_json(const std::vector<MesosDnsFramework>& frameworks) {
  std::string out = "{\"frameworks\":";
  if (frameworks.empty()) return out + "null}";
  out += '[';
  for (const MesosDnsFramework& framework : frameworks) {
    out += out.back() == '[' ? "{\"tasks\":[" : ",{\"tasks\":[";
    for (const MesosDnsTask& task : framework.tasks) {
      if (out.back() != '[') out += ',';
      out += '{';
      append_member(out, "name", task.name);
      append_member(out, "id", task.id);
      begin_member(out, "records");
      out += task.records.empty() ? "null" : "[";
      for (const MesosDnsRecord& record : task.records) {
        out += out.back() == '[' ? "{" : ",{";
        append_member(out, "name", record.name);
        append_member(out, "host", record.host);
        append_member(out, "rtype", record.type);
        out += '}';
      }
      out += task.records.empty() ? "}" : "]}";
    }
    out += ']';
    append_member(out, "name", framework.name);
    out += '}';
  }
  return out + "]}";
}

void append_sets(std::string& out, std::string_view key, const std::vector<MesosDnsSet>& sets) {
  begin_member(out, key);
  out += '{';
  for (const MesosDnsSet& set : sets) append_list(out, set.name, set.data);
  out += '}';
}

std::string zone_json(const MesosDnsConfig& config, const MesosDnsZone& zone) {
  std::string out = "{";
  append_member(out, "TTL", config.ttl);
  append_member(out, "Serial", zone.serial);
  append_member(out, "RefreshSeconds", config.refresh_seconds);
  append_member(out, "Mname", config.mname);
  append_member(out, "Rname", config.rname);
  append_member(out, "Domain", config.domain);
  begin_member(out, "Records");
  out += '{';
  append_sets(out, "As", zone.a);
  append_sets(out, "AAAAs", zone.aaaa);
  append_sets(out, "SRVs", zone.srv);
  return out + "}}";
}

std::string config_json(const MesosDnsConfig& config, std::uint32_t serial) {
  std::string out = "{";
  append_member(out, "RefreshSeconds", config.refresh_seconds);
  append_member(out, "Port", config.dns_port);
  append_member(out, "Timeout", 5);
  append_member(out, "StateTimeoutSeconds", config.timeout_seconds);
  append_member(out, "ZkDetectionTimeout", 30);
  append_member(out, "HttpPort", config.http_port);
  append_member(out, "TTL", config.ttl);
  append_member(out, "SRVRecordDefaultWeight", config.srv_weight);
  append_member(out, "SOASerial", serial);
  append_member(out, "SOARefresh", config.soa_refresh);
  append_member(out, "SOARetry", config.soa_retry);
  append_member(out, "SOAExpire", config.soa_expire);
  append_member(out, "SOAMinttl", config.ttl);
  append_member(out, "SOAMname", config.mname);
  append_member(out, "SOARname", config.rname);
  append_list(out, "Masters", config.masters);
  out += ",\"ZoneResolvers\":{}";
  append_list(out, "Resolvers", {});
  append_list(out, "IPSources", config.ip_sources);
  append_member(out, "Zk", config.zookeeper);
  append_member(out, "Domain", config.domain);
  append_member(out, "File", config.file);
  append_member(out, "Listener", config.dns_listener);
  append_member(out, "HTTPListener", config.http_listener);
  append_flag(out, "RecurseOn", false);
  append_flag(out, "DnsOn", true);
  append_flag(out, "HttpOn", true);
  append_flag(out, "ExternalOn", false);
  append_flag(out, "EnforceRFC952", config.rfc952);
  append_flag(out, "SetTruncateBit", config.truncates);
  append_flag(out, "EnumerationOn", config.enumerates);
  append_flag(out, "MesosHTTPSOn", config.https);
  append_member(out, "CACertFile", config.ca_file);
  append_member(out, "CertFile", config.cert_file);
  append_member(out, "KeyFile", config.key_file);
  begin_member(out, "MesosCredentials");
  out += '{';
  append_member(out, "Principal", config.principal);
  append_member(out, "Secret", config.has_secret ? "********" : "");
  out += '}';
  append_member(out, "IAMConfigFile", "");
  append_member(out, "MesosAuthentication", config.has_secret ? "basic" : "");
  return out + "}";
}

// ---- requests

// As Mesos-DNS reads them: no case, the final dot may be missing, every ".*" is left out.
std::string normalised(std::string_view name) {
  std::string text = ascii_lower(name);
  for (auto at = text.find(".*"); at != text.npos; at = text.find(".*")) text.erase(at, 2);
  if (!text.ends_with('.')) text += '.';
  return text;
}

void send_json(Reply& reply, std::string body) {
  reply.send({200, {{"Content-Type", "application/json"}}, std::move(body)});
}

void send_line(Reply& reply, int status, std::string line, std::optional<net::Millis> retry_after = {}) {
  http::Problem problem;
  problem.status = status;
  problem.message = std::move(line);
  problem.retry_after = retry_after;
  reply.send(http::problem_response(http::Dialect::plain, problem));
}

bool accepts_json(const Request& request) {
  if (!request.has_header("accept")) return true;
  const std::string accept = ascii_lower(request.header("accept"));
  return accept.find("application/json") != accept.npos || accept.find("application/*") != accept.npos ||
         accept.find("*/*") != accept.npos;
}

class Routes : public std::enable_shared_from_this<Routes> {
 public:
  Routes(std::vector<MesosDnsSource> sources, std::string version)
      : sources_(std::move(sources)), version_(std::move(version)) {}

  void add_to(http::Router& router) {
    add(router, "/v1/version", [this](const MesosDnsSource&, const Request&, Reply reply) {
      send_json(reply, version_json(version_));
    });
    add(router, "/v1/config", [this](const MesosDnsSource& source, const Request&, Reply reply) {
      source.serial(
          answer<std::uint32_t>(std::move(reply), [self = shared_from_this(), &source](std::uint32_t serial) {
            return config_json(source.config, serial);
          }));
    });
    add(router, "/v1/hosts/{host}",
        [](const MesosDnsSource& source, const Request& request, Reply reply) {
          std::string host = normalised(request.captures[0]);
          auto done = answer<std::vector<net::IpAddress>>(std::move(reply),
                                                          [host](std::vector<net::IpAddress> addresses) {
                                                            return hosts_json(host, std::move(addresses));
                                                          });
          source.addresses(std::move(host), std::move(done));
        });
    add(router, "/v1/hosts/{host}/ports", [](const MesosDnsSource&, const Request&, Reply reply) {
      send_line(reply, 501, "To be implemented...");
    });
    add(router, "/v1/services/{service}",
        [](const MesosDnsSource& source, const Request& request, Reply reply) {
          auto done = answer<std::vector<MesosDnsTarget>>(
              std::move(reply), [asked = request.captures[0]](const std::vector<MesosDnsTarget>& targets) {
                return services_json(asked, targets);
              });
          source.targets(normalised(request.captures[0]), std::move(done));
        });
    add(router, "/v1/enumerate", [](const MesosDnsSource& source, const Request&, Reply reply) {
      if (!source.config.enumerates) return send_line(reply, 404, "404: Page Not Found");
      source.frameworks(answer<std::vector<MesosDnsFramework>>(
          std::move(reply),
          [](const std::vector<MesosDnsFramework>& frameworks) { return enumerate_json(frameworks); }));
    });
    add(router, "/v1/axfr", [this](const MesosDnsSource& source, const Request&, Reply reply) {
      if (!source.config.enumerates) return send_line(reply, 404, "404: Page Not Found");
      source.zone(answer<MesosDnsZone>(std::move(reply),
                                       [self = shared_from_this(), &source](const MesosDnsZone& zone) {
                                         return zone_json(source.config, zone);
                                       }));
    });
  }

 private:
  using Handle = std::function<void(const MesosDnsSource& source, const Request& request, Reply reply)>;

  // Sends what `write` makes of the value; 503 before the first picture.
  template <class T, class Write>
  static MesosDnsSource::Done<T> answer(Reply reply, Write write) {
    return [reply = std::move(reply), write = std::move(write)](std::optional<T> value) mutable {
      if (!value)
        return send_line(reply, 503, "the source has not been read yet; try again in a second", kNotYetRetry);
      send_json(reply, write(std::move(*value)));
    };
  }

  void add(http::Router& router, const char* pattern, Handle handle) {
    http::Route route;
    route.method = "GET";
    route.pattern = pattern;
    route.dialect = http::Dialect::plain;
    route.handler = [self = shared_from_this(), handle = std::move(handle)](Request request, Reply reply) {
      const MesosDnsSource* source = self->source_of(request);
      if (source == nullptr) return send_line(reply, 404, "404: Page Not Found");
      if (!accepts_json(request)) return send_line(reply, 406, "406: Not Acceptable");
      handle(*source, request, std::move(reply));
    };
    router.add(std::move(route));
  }

  const MesosDnsSource* source_of(const Request& request) const {
    const auto asked = request.query_value("source");
    if (!asked) return &sources_.front();
    const auto found = std::ranges::find(sources_, *asked, &MesosDnsSource::name);
    return found == sources_.end() ? nullptr : &*found;
  }

  const std::vector<MesosDnsSource> sources_;
  const std::string version_;
};

}  // namespace

void add_mesos_dns_routes(http::Router& router, std::vector<MesosDnsSource> sources, std::string version) {
  std::make_shared<Routes>(std::move(sources), std::move(version))->add_to(router);
}

}  // namespace muster::registry::api
