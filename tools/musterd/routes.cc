// What the HTTP routes ask of the rest of musterd.
#include "registry/api/lyft.h"
#include "registry/json_text.h"
#include "tools/musterd/log.h"
#include "tools/musterd/musterd.h"
#include "zones/zone_listing.h"
#include "zones/zone_writer.h"

namespace muster::tools {

using registry::api::HealthStatus;
using registry::api::HealthVerdict;
using registry::http::Route;
using registry::http::Scope;

namespace {

constexpr net::Millis kControlHangs{5'000};

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
  if (!http.tls_certificate.empty()) to.tls = registry::http::TlsFiles{http.tls_certificate.string(), http.tls_key.string()};
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

// `before` opens the object or parts it from the member before.
void append_member(std::string& out, char before, std::string_view name, std::string_view text) {
  (out += before).append("\"").append(name).append("\":");
  registry::append_json_string(out, text);
}

void append_member(std::string& out, char before, std::string_view name, double number) {
  (out += before).append("\"").append(name).append("\":");
  registry::append_json_number(out, number);
}

void append_record(std::string& out, const zones::NameExplanation::Record& record) {
  if (out.back() != '[') out += ',';
  append_member(out, '{', "type", record.type);
  append_member(out, ',', "ttl", record.ttl);
  append_member(out, ',', "data", record.text);
  append_member(out, ',', "weight", record.weight);
  append_member(out, ',', "probability", record.probability);
  out += '}';
}

void append_answerer(std::string& out, const registry::Instance& instance) {
  if (out.back() != '[') out += ',';
  append_member(out, '{', "id", instance.id);
  out.append(",\"serving\":").append(instance.serving ? "true" : "false");
  append_member(out, ',', "state", to_string(instance.state));
  append_member(out, ',', "reason", to_string(instance.reason));
  append_member(out, ',', "weight", instance.effective_weight);
  append_member(out, ',', "priority", instance.body->priority_or_default());
  append_member(out, ',', "source", instance.sources.empty() ? "" : instance.sources.front().name);
  out += '}';
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
  registry::http::Hooks hooks;
  hooks.log = log_request;
  hooks.position = [this] { return native_->position(); };
  hooks.seed = zones::Rng::from_system().next();
  http_ = std::make_unique<registry::http::Server>(io_, server_config(config_->http), router_, std::move(hooks));
}

registry::api::Outside Musterd::outside() {
  registry::api::Outside to;
  to.now = net::machine_now;
  to.submit = [this](registry::Job job) { return control_->submit(std::move(job)); };
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
  to.explain_name = [this](std::string_view name, std::string_view type) { return explain_name(name, type); };
  to.zone_text = [this](std::string zone, ZoneTextDone done) { zone_text(std::move(zone), std::move(done)); };
  to.reload = [this](std::vector<std::string> discard, net::UniqueFunction<void(registry::api::ReloadReport)> done) {
    loader_.post([this, discard = std::move(discard), done = std::move(done)](Loader::Now now) mutable {
      if (now == Loader::Now::stopping) return done(stopping_report());
      std::vector<zones::Name> apexes;
      for (const std::string& zone : discard) {
        if (const auto apex = zones::parse_domain(zone)) apexes.push_back(*apex);
      }
      done(reload(apexes));
    });
  };
  to.facts = [this] { return facts(); };
  to.stats = [this] { return stats(); };
  to.sources = [this] { return sources(); };
  return to;
}

std::vector<registry::api::Missing> Musterd::missing() const {
  std::vector<registry::api::Missing> list;
  if (!serving_) list.push_back({"store", config()->store.kind, "not read"});
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
  for (const ZoneStatus& zone : file_zones_->status()) facts.zones.push_back(zone.name);
  facts.store_kind = running->store.kind;
  facts.store = control_->store_state();
  return facts;
}

std::vector<registry::api::SourceStatus> Musterd::sources() const {
  const ConfigPtr running = config();
  registry::api::SourceStatus source;
  source.name = "static";
  source.type = "static";
  source.mode = "file";
  source.last_success = started_.wall;
  source.total = running->static_instances.size();
  source.routable = running->static_instances.size();
  source.fetches = 1 + reloads_ok_;
  return {source};
}

std::vector<registry::api::HealthCheck> Musterd::checks() {
  const auto store = [this] {
    const auto state = control_->store_state();
    if (!state.healthy) return HealthVerdict{HealthStatus::fail, state.last_error};
    const std::string& trouble = state.checkpoints.last_error;
    return trouble.empty() ? HealthVerdict{} : HealthVerdict{HealthStatus::warn, trouble};
  };
  const auto loop = [this] {
    const net::SteadyTime last(net::Millis(control_->counters().last_tick_ms.load()));
    const auto late = net::machine_now().steady - last;
    return late < kControlHangs ? HealthVerdict{} : HealthVerdict{HealthStatus::fail, "no tick for " + std::to_string(late.count()) + " ms"};
  };
  const auto files = [this] {
    for (const ZoneStatus& zone : file_zones_->status()) {
      if (zone.failed) return HealthVerdict{HealthStatus::warn, zone.name + ": its file has errors"};
    }
    return HealthVerdict{};
  };
  return {{"store", false, store}, {"control", true, loop}, {"zone_files", false, files}, {"dns", true, [this] { return ask_myself(); }}};
}

registry::api::PublishedAs Musterd::published_as(const registry::Instance& instance) const {
  registry::api::PublishedAs to;
  to.names = names_.publisher->names_of(instance);
  const std::string rule = instance.serving ? "weighted-failover" : std::string(to_string(instance.reason));
  for (const auto& [name, share] : names_.publisher->standings_of(instance))
    to.answers.push_back({name, share.type, share.probability, rule});
  return to;
}

std::string Musterd::explain_name(std::string_view name, std::string_view type) const {
  const auto owner = zones::parse_domain(name);
  const auto wanted = type.empty() ? std::nullopt : zones::parse_type(type);
  if (!owner || (!type.empty() && !wanted)) return "";
  const zones::NameExplanation found = names_.publisher->explain(*owner, wanted);
  std::string out;
  append_member(out, '{', "name", found.name);
  append_member(out, ',', "zone", found.zone);
  append_member(out, ',', "outcome", found.outcome);
  append_member(out, ',', "closest_encloser", found.closest_encloser);
  append_member(out, ',', "service", found.service);
  append_member(out, ',', "ttl_reason", found.ttl_reason);
  out += ",\"records\":[";
  for (const auto& record : found.records) append_record(out, record);
  out += "],\"instances\":[";
  if (!found.service.empty())
    for (const auto& instance : registry_->view(found.service, net::machine_now()).instances) append_answerer(out, *instance);
  return out.append("]}");
}

void Musterd::zone_text(std::string zone, ZoneTextDone done) {
  using Outcome = registry::api::ZoneText::Outcome;
  const auto apex = zones::parse_domain(zone);
  if (!apex) return done({Outcome::unknown, {}});
  // The work owns `done` once it is taken; one that is refused is told here.
  const auto finish = std::make_shared<ZoneTextDone>(std::move(done));
  const bool taken = loader_.post_dump([this, apex = *apex, finish](Loader::Now now) {
    std::optional<std::string> text;
    if (now == Loader::Now::run) text = write_zone(apex);
    if (text) return (*finish)({Outcome::written, std::move(*text)});
    (*finish)({loader_.stopping() ? Outcome::busy : Outcome::unknown, {}});
  });
  if (!taken) (*finish)({Outcome::busy, {}});
}

// A zone as its file says is written from that; any other is read from the live table as a query is: the control thread
// goes on.
std::optional<std::string> Musterd::write_zone(const zones::Name& apex) {
  bool updated = false;
  on_control([&](registry::Turn&) { updated = update_door_->has_updates(apex); });
  const auto compiled = file_zones_->compiled(apex);
  if (compiled && !updated) return zones::write_zone(*compiled);
  return zones::write_live_zone(*lister_, apex, &loader_.stopping());
}

}  // namespace muster::tools
