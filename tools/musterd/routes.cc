// What the HTTP routes ask of the rest of musterd.
#include "registry/api/lyft.h"
#include "registry/label.h"
#include "tools/musterd/log.h"
#include "tools/musterd/mesos_settings.h"
#include "tools/musterd/musterd.h"
#include "zones/folded_wire.h"
#include "zones/zone_listing.h"

namespace muster::tools {

using registry::http::Route;
using registry::http::Scope;

namespace {

std::vector<std::string> texts(const std::vector<net::Endpoint>& endpoints) {
  std::vector<std::string> all;
  for (const net::Endpoint& endpoint : endpoints) all.push_back(net::to_string(endpoint));
  return all;
}

std::shared_ptr<registry::http::Throttle> make_throttle(const config::Throttle& throttle) {
  if (throttle.strategy == registry::http::ThrottleStrategy::none) return nullptr;
  return std::make_shared<registry::http::Throttle>(throttle,
                                                    registry::http::make_memory_buckets(throttle.max_keys));
}

registry::api::LyftConfig lyft_config(const config::Config& config) {
  registry::api::LyftConfig to = config.registry.lyft.routes;
  to.trusted_proxies = config.http.trusted_proxies;
  return to;
}

registry::http::ServerConfig server_config(const config::Http& http) {
  registry::http::ServerConfig to;
  to.listen = http.listen;
  if (!http.tls_certificate.empty())
    to.tls = registry::http::TlsFiles{http.tls_certificate.string(), http.tls_key.string(),
                                      http.tls_client_ca.string()};
  to.limits.parse.max_body = http.max_body;
  to.limits.max_connections = http.max_connections;
  to.limits.max_in_flight = http.max_in_flight;
  to.limits.max_waiting = http.max_connections / 2;
  to.tokens = http.tokens;
  to.throttle = make_throttle(http.throttle);
  return to;
}

void log_request(const registry::http::RequestLog& request) {
  const bool failed = request.status >= 500;
  if (!log_enabled(failed ? LogLevel::warning : LogLevel::debug)) return;
  log(failed ? LogLevel::warning : LogLevel::debug, "request",
      {{"method", std::string(request.method)},
       {"target", std::string(request.target)},
       {"route", std::string(request.route)},
       {"status", std::to_string(request.status)},
       {"took_us", std::to_string(request.took.count())},
       {"peer", net::to_string(request.peer)},
       {"token", std::string(request.token_name)},
       {"trace_id", request.trace == nullptr ? "" : request.trace->trace_id},
       {"span_id", request.trace == nullptr ? "" : request.trace->span_id}});
}

registry::api::ReloadReport stopping_report() {
  registry::api::ReloadReport report;
  report.errors.push_back("musterd is stopping");
  return report;
}

}  // namespace

// Binds; nothing is accepted before serve(), and no route runs before.
void Musterd::make_http() {
  native_ = std::make_unique<registry::api::NativeApi>(outside(), checks());
  native_->add_routes(router_);
  if (config_->registry.lyft.enabled) {
    registry::api::add_lyft_routes(router_, lyft_config(*config_), [this](registry::Job job) { return control_->submit(std::move(job)); });
  }
  if (config_->metrics) {
    router_.add(Route{"GET", "/metrics", "", Scope::read, registry::http::Dialect::plain, -1,
                      [this](registry::http::Request, registry::http::Reply reply) { send_metrics(std::move(reply)); }});
  }
  add_mesos_dns_routes();
  registry::http::Hooks hooks;
  hooks.log = log_request;
  hooks.position = native_->position();
  hooks.seed = zones::Rng::from_system().next();
  http_ = std::make_unique<registry::http::Server>(io_, server_config(config_->http), router_, std::move(hooks));
}

// The sources come later than the routes, but before the first request.
void Musterd::add_mesos_dns_routes() {
  using registry::api::MesosDnsSource;
  std::vector<MesosDnsSource> forwarding;
  for (const config::MesosSource& source : config_->mesos) {
    if (!source.names.http_api) continue;
    const std::size_t at = forwarding.size();
    MesosDnsSource to;
    to.name = source.name;
    to.config = mesos_dns_config(*config_, source, listeners_.bound(), config_->http.listen);
    to.addresses = [this, at](std::string host, auto done) { mesos_dns_[at].addresses(std::move(host), std::move(done)); };
    to.targets = [this, at](std::string name, auto done) { mesos_dns_[at].targets(std::move(name), std::move(done)); };
    to.zone = [this, at](auto done) { mesos_dns_[at].zone(std::move(done)); };
    to.frameworks = [this, at](auto done) { mesos_dns_[at].frameworks(std::move(done)); };
    to.serial = [this, at](auto done) { mesos_dns_[at].serial(std::move(done)); };
    forwarding.push_back(std::move(to));
  }
  if (!forwarding.empty()) registry::api::add_mesos_dns_routes(router_, std::move(forwarding), MUSTER_VERSION);
}

registry::api::Outside Musterd::outside() {
  registry::api::Outside to;
  to.now = net::machine_now;
  to.submit = [this](registry::Job job) { return control_->submit(std::move(job)); };
  to.submit_brief = [this](registry::Job job, const registry::BriefHints& hints) {
    return control_->submit_brief(std::move(job), hints);
  };
  to.last_tick = [this] { return net::SteadyTime(net::Millis(control_->counters().last_tick_ms.load())); };
  to.missing = [this] { return missing(); };
  to.loaded = [this] { return serving_.load(); };
  to.wait_for_change = [this](const registry::http::Request& request, registry::http::Reply reply, std::string service,
                              registry::api::AnswerPoll answer) {
    watch_->poll(request, std::move(reply), std::move(service), std::move(answer));
  };
  to.changes = [this](registry::http::Request request, registry::http::Reply reply) {
    watch_->changes(std::move(request), std::move(reply));
  };
  to.watch = [this](registry::http::Request request, registry::http::Reply reply) {
    watch_->stream(std::move(request), std::move(reply));
  };
  to.published_as = [this](const registry::Instance& instance) { return published_as(instance); };
  to.answer_of = [this](const std::string& service) {
    const std::string label = registry::ascii_lower(service);
    return registry::api::ServiceAnswer{names_.publisher->in_panic(label), names_.publisher->ttl_of(label)};
  };
  to.weight_of = [this](const registry::Instance& instance) {
    const auto [drawn, srv, response] = names_.publisher->weight_of(instance);
    return registry::api::AnswerWeight{drawn, srv, response};
  };
  to.answering_of = [this](const std::string& service) {
    auto found = names_.publisher->answering_of(registry::ascii_lower(service));
    return registry::api::Answering{found.in_panic, std::move(found.fallback), std::move(found.instances)};
  };
  to.explain_name = [this](std::string_view name, std::string_view type,
                           const std::optional<net::IpPrefix>& client) {
    return explain_name(name, type, client);
  };
  to.zone_text = [this](std::string zone, ZoneTextDone done) { zone_text(std::move(zone), std::move(done)); };
  to.reload = [this](std::vector<std::string> discard, net::UniqueFunction<void(registry::api::ReloadReport)> done) {
    loader_.post([this, discard = std::move(discard), done = std::move(done)](Loader::Now now) mutable {
      if (now == Loader::Now::stopping) return done(stopping_report());
      done(reload(discard));
    });
  };
  if (config()->forward.enabled && config()->forward.cache > 0) {
    to.flush_cache = [this](std::string name, net::UniqueFunction<void(std::optional<std::size_t>)> done) {
      flush_cache(name, std::move(done));
    };
  }
  to.facts = [this] { return facts(); };
  to.endpoints = [this] {
    std::vector<registry::api::EndpointLine> lines;
    for (std::size_t i = 0; i < router_.size(); ++i) {
      const registry::http::Route& route = router_.route(i);
      lines.push_back({route.method, route.pattern, to_string(route.scope)});
    }
    return lines;
  };
  to.stats = [this] { return stats(); };
  to.sources = [this] { return sources(); };
  to.resync = [this](std::string_view source) { return schedulers_->resync(source); };
  to.accept = [this](std::string_view source) { return schedulers_->accept(source); };
  return to;
}

std::vector<registry::api::Missing> Musterd::missing() const {
  std::vector<registry::api::Missing> list;
  if (!serving_) list.push_back({"store", config()->store.kind, "not read"});
  for (registry::api::Missing& source : schedulers_->missing()) list.push_back(std::move(source));
  for (const ZoneStatus& zone : file_zones_->status()) {
    if (!zone.loaded) list.push_back({"zone", zone.name, zone.failed ? "its file has errors" : "not loaded"});
  }
  return list;
}

registry::api::ServerFacts Musterd::facts() const {
  const ConfigPtr running = config();
  registry::api::ServerFacts facts;
  facts.name = running->server.name;
  facts.version = MUSTER_VERSION;
  facts.started_at = started_.wall;
  facts.dns = texts(listeners_.bound());
  facts.http = texts(http_->bound());
  facts.zones.push_back(running->zones.domain.text());
  for (const zones::Name& zone : running->zones.reverse) facts.zones.push_back(zone.text());
  for (const config::MesosSource& source : running->mesos) facts.zones.push_back(source.names.domain.text());
  for (const ZoneStatus& zone : file_zones_->status()) facts.zones.push_back(zone.name);
  facts.store_kind = running->store.kind;
  facts.store = control_->store_state();
  return facts;
}

std::vector<registry::SourceStatus> Musterd::sources() const {
  const ConfigPtr running = config();
  registry::SourceStatus source;
  source.name = "static";
  source.type = "static";
  source.mode = "file";
  source.last_success = started_.wall;
  source.total = running->static_instances.size();
  source.routable = running->static_instances.size() - std::min(running->static_instances.size(), static_left_out_.load());
  source.fetches = 1 + reloads_ok_;
  std::vector<registry::SourceStatus> all = {source};
  for (registry::SourceStatus& scheduler : schedulers_->status()) all.push_back(std::move(scheduler));
  return all;
}

void Musterd::zone_text(std::string zone, ZoneTextDone done) {
  using Outcome = registry::api::ZoneText::Outcome;
  const auto apex = zones::parse_domain(zone);
  if (!apex) return done({Outcome::unknown, {}});
  // The work owns `done` once it is taken; one that is refused is told here. Read from the live table as a query is:
  // the control thread goes on.
  const auto finish = std::make_shared<ZoneTextDone>(std::move(done));
  const bool taken = loader_.post_dump([this, apex = *apex, finish](Loader::Now now) {
    std::optional<std::string> text;
    if (now == Loader::Now::run) text = zones::write_live_zone(*lister_, apex, &loader_.stopping());
    if (text) return (*finish)({Outcome::written, std::move(*text)});
    (*finish)({loader_.stopping() ? Outcome::busy : Outcome::unknown, {}});
  });
  if (!taken) (*finish)({Outcome::busy, {}});
}

void Musterd::flush_cache(const std::string& name,
                          net::UniqueFunction<void(std::optional<std::size_t>)> done) {
  const auto owner = name.empty() ? std::nullopt : zones::parse_domain(name);
  if (!name.empty() && !owner) return done({});
  std::string folded = owner ? std::string(zones::FoldedWire(*owner).wire()) : std::string();
  foreign_->forwarder().flush(std::move(folded), [finish = std::make_shared<decltype(done)>(std::move(done))](
                                                     std::size_t flushed) { (*finish)(flushed); });
}

}  // namespace muster::tools
