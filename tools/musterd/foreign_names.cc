#include "tools/musterd/foreign_names.h"

#include <algorithm>
#include <chrono>

#include "registry/net/file_text.h"
#include "registry/net/resolv_conf.h"
#include "tools/musterd/log.h"
#include "zones/wire_name.h"

namespace muster::tools {

namespace {

constexpr const char* kResolvConf = "/etc/resolv.conf";
constexpr std::uint16_t kDnsPort = 53;

// Of one site, link or machine (RFC 1918, 3927, 4193, 4291, 6598).
constexpr const char* kPrivate[] = {"127.0.0.0/8",    "10.0.0.0/8",     "172.16.0.0/12",
                                    "192.168.0.0/16", "169.254.0.0/16", "100.64.0.0/10",
                                    "::1/128",        "fc00::/7",       "fe80::/10"};
// Shorter ones are more than one organisation's network.
constexpr int kOpenV4 = 16;
constexpr int kOpenV6 = 32;

bool is_open(const net::IpPrefix& prefix) {
  const bool is_v4 = prefix.address.family == net::Family::v4;
  if (prefix.length >= (is_v4 ? kOpenV4 : kOpenV6)) return false;
  return std::none_of(std::begin(kPrivate), std::end(kPrivate), [&](const char* text) {
    const net::IpPrefix own = *net::parse_prefix(text);
    return own.length <= prefix.length && own.contains(prefix.address);
  });
}

// Those of the zones that a reload adds and removes.
std::vector<zones::Name> file_zones(const config::Config& config) {
  std::vector<zones::Name> names;
  for (const config::ZoneFile& zone : config.zones.files) names.push_back(zone.name);
  return names;
}

std::string joined(const std::vector<net::Endpoint>& endpoints) {
  std::string text;
  for (const net::Endpoint& endpoint : endpoints)
    text += (text.empty() ? "" : ",") + net::to_string(endpoint);
  return text;
}

}  // namespace

std::vector<net::IpPrefix> open_prefixes(const std::vector<net::IpPrefix>& allow) {
  std::vector<net::IpPrefix> open;
  std::copy_if(allow.begin(), allow.end(), std::back_inserter(open), is_open);
  return open;
}

ForeignNames::ForeignNames(const config::Config& config, Names& names, const DnsConfig& dns,
                           std::vector<net::Endpoint> listen, boost::asio::any_io_executor io)
    : listen_(std::move(listen)),
      own_(reachable(listen_)),
      live_(dns.live()),
      reader_(names.table),
      answerer_(reader_, zones::Rng::from_system(), {}) {
  if (config.forward.cache > 0)
    cache_ = std::make_unique<dns::Cache>(config.forward.cache, DnsConfig::system_secret());
  dns::Forwarder::Wiring wiring;
  wiring.config = dns.live();
  wiring.cache = cache_.get();
  wiring.clock = machine_moment;
  wiring.steady = std::chrono::steady_clock::now;
  wiring.is_ours = [this](std::string_view folded) { return is_ours(folded); };
  wiring.answer_here = [this](const dns::Octets& query, const dns::Client& client) {
    return answer_here(query, client);
  };
  wiring.tcp = std::move(io);
  wiring.pending = dns.pending();
  wiring.most_pending = config.forward.max_pending;
  dns::ForwardServers to = servers(config.forward);
  log_settings(config.forward, to);
  file_zones_ = file_zones(config);
  forwarder_ = std::make_unique<dns::Forwarder>(std::move(wiring), std::move(to));
}

void ForeignNames::take_over(const config::Config& config) {
  dns::ForwardServers to = servers(config.forward);
  log_settings(config.forward, to);
  forwarder_->set_servers(std::move(to));
  if (auto zones = file_zones(config); zones != file_zones_) {
    file_zones_ = std::move(zones);
    forwarder_->flush("", [](std::size_t) {});
  }
}

// Every ancestor of a name of ours, up to its zone's apex, is in the table.
bool ForeignNames::is_ours(std::string_view folded) {
  const zones::NameTable::Reader::Online online(reader_);
  for (; folded.size() > 1; folded = zones::parent_of(folded)) {
    if (reader_.find(folded) != nullptr) return true;
  }
  return false;
}

// What the query's road is without forwarding; it was counted on the thread that it came by.
dns::Octets ForeignNames::answer_here(const dns::Octets& query, const dns::Client& client) {
  if (const std::uint64_t newest = live_->generation(); newest != generation_) {
    generation_ = newest;
    answerer_.config = live_->get();
    answerer_.config.forwarding = nullptr;
    answerer_.config.rate_limit = {};
  }
  dns::Octets reply(dns::kPacketMax);
  const zones::NameTable::Reader::Online online(reader_);
  const std::size_t size = dns::answer(query, client, answerer_, reply);
  reply.resize(size == dns::kHandOn ? 0 : size);
  return reply;
}

dns::ForwardServers ForeignNames::servers(const config::Forward& forward) const {
  dns::ForwardServers to;
  to.timeout = forward.timeout;
  to.upstreams = others(forward.upstreams);
  for (const config::ForwardZone& zone : forward.zones) to.zones.push_back({zone.apex, others(zone.servers)});
  if (!to.upstreams.empty()) return to;
  const auto text = net::file_text(kResolvConf, net::kSmallFile);
  if (!text) return to;
  std::vector<net::Endpoint> named;
  for (const net::IpAddress& address : net::nameservers_in(*text)) named.push_back({address, kDnsPort});
  to.upstreams = others(std::move(named));
  return to;
}

// Without those where this server itself listens, at an address of this machine if it listens at all of them.
std::vector<net::Endpoint> ForeignNames::others(std::vector<net::Endpoint> servers) const {
  std::erase_if(servers, [&](const net::Endpoint& server) {
    return config::listens_at(listen_, server) ||
           std::any_of(listen_.begin(), listen_.end(), [&](const net::Endpoint& at) {
             return at.address.is_unspecified() && at.port == server.port &&
                    std::find(own_.begin(), own_.end(), server.address) != own_.end();
           });
  });
  return servers;
}

void ForeignNames::log_settings(const config::Forward& forward, const dns::ForwardServers& servers) const {
  log(LogLevel::info, "forwarding",
      {{"upstreams", joined(servers.upstreams)}, {"zones", std::to_string(servers.zones.size())}});
  if (servers.upstreams.empty())
    log(LogLevel::warning, "no_upstream",
        {{"reason",
          std::string("forward.upstreams is empty, and ") + kResolvConf + " names no other server"}});
  for (const net::IpPrefix& prefix : open_prefixes(forward.allow))
    log(LogLevel::warning, "open_resolver",
        {{"allow", net::to_string(prefix.address) + "/" + std::to_string(prefix.length)},
         {"reason",
          "strangers may ask for any name here: attackers use such servers; narrow forward.allow"}});
}

}  // namespace muster::tools
