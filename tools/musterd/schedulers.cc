#include "tools/musterd/schedulers.h"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <future>

#include "registry/rfc3339.h"
#include "registry/sources/urls_file.h"
#include "tools/musterd/changed_file.h"
#include "tools/musterd/free_memory.h"
#include "tools/musterd/log.h"
#include "tools/musterd/mesos_dns_reads.h"
#include "tools/musterd/mesos_settings.h"
#include "tools/musterd/scheduler_one.h"
#include "tools/musterd/source_login.h"
#include "tools/musterd/source_settings.h"
#include "zones/rng.h"

namespace muster::tools {

namespace {

namespace sources = registry::sources;

constexpr std::size_t kLinesAPiece = 5;
constexpr net::Millis kTidyAfter{5'000};       // without another such work
constexpr std::chrono::seconds kStopMost{60};  // for what sources have to keep

// At most some lines a piece: a source may tell of more than the registry has room for.
void log_left_out(const std::string& source, const registry::Grant& applied) {
  std::size_t lines = 0;
  for (const auto& left_out : applied.left_out) {
    if (++lines > kLinesAPiece) break;
    log(LogLevel::warning, "source_refused",
        {{"source", source},
         {"service", left_out.service},
         {"id", left_out.id},
         {"error", left_out.message}});
  }
  if (applied.left_out.size() > kLinesAPiece)
    log(LogLevel::warning, "source_refused",
        {{"source", source}, {"more", std::to_string(applied.left_out.size() - kLinesAPiece)}});
}

const std::string kOpenLogin = "the login goes over plain http, where others may read it, to ";

bool is_login(const config::SourceRules& rules) { return !(rules.login == config::SourceLogin()); }

bool is_here(const std::string& host) {
  const auto address = net::parse_ip(host);
  return address ? address->is_loopback() : host == "localhost";
}

// Once, at the start.
template <class Tell>
void warn_of_open_login(const config::SourceRules& rules, const std::vector<net::HttpOrigin>& origins,
                        const Tell& tell) {
  if (!is_login(rules)) return;
  for (const net::HttpOrigin& origin : origins) {
    if (origin.scheme == net::HttpScheme::http && !is_here(origin.host))
      tell({"config", kOpenLogin + net::authority_of(origin) + " (write https:// where it speaks it)"});
  }
}

bool is_for_want_of_room(const registry::Grant::LeftOut& one) {
  switch (one.code) {
    case registry::RefusalCode::too_many_instances:
    case registry::RefusalCode::too_many_services:
    case registry::RefusalCode::too_many_claims:
    case registry::RefusalCode::out_of_capacity: return true;
    default: return false;
  }
}

template <class Tell>
sources::Login login_of(const config::SourceRules& rules, const Tell& tell) {
  return source_login(rules.login, [tell](const std::string& warning) { tell({"config", warning}); });
}

}  // namespace

Schedulers::Schedulers(boost::asio::io_context& io, const ConfigPtr& config, Names& names,
                       const zones::SerialStore& serials, const std::vector<net::Endpoint>& listen,
                       Loader& loader, std::optional<registry::Rows> keep)
    : strand_(boost::asio::make_strand(io)),
      names_(names),
      lister_(std::make_unique<zones::NameTable::Reader>(names.table)) {
  if (keep) keeper_ = std::make_unique<PictureKeeper>(strand_, loader, std::move(*keep));
  if (config->mesos.empty() && config->marathon.empty()) return;
  resolver_ = std::make_unique<net::Resolver>(strand_, net::ResolverConfig{},
                                              [] { return net::machine_now().steady; });
  for (const config::MesosSource& source : config->mesos) {
    zones::MesosZoneConfig zone = mesos_zone_config(*config, source, listen);
    zone.serials = serials;
    One& one = add(source.name, source.rules);
    one.zone = std::make_unique<zones::MesosZone>(std::move(zone), names.zones, &names.publisher->reverse());
    one.set_ready(!one.is_required);
    one.has_services = !source.service_name.empty();
    auto hooks = hooks_of<sources::MesosSourceHooks>(one);
    sources::MesosSourceConfig settings =
        mesos_source_config(*config, source, login_of(source.rules, hooks.tell));
    warn_of_open_login(source.rules, settings.ask.masters, hooks.tell);
    const auto warn = [&](const std::string& warning) { hooks.tell({"config", warning}); };
    warn_of_open_file(source.zookeeper_file, warn);
    warn_of_open_file(source.rules.tls.key_file, warn);
    if (source.names.srv_weight == 0)
      hooks.tell(
          {"config", "srv_weight is 0: clients that read weights, HAProxy among them, send nobody there"});
    if (settings.zookeeper && is_login(source.rules) && settings.announced_scheme == net::HttpScheme::http)
      hooks.tell(
          {"config",
           kOpenLogin + "the masters that ZooKeeper announces (scheme = \"https\" where they speak it)"});
    if (keeper_) hooks.keep = keeper_->hook(source.name, picture_kind(settings));
    one.source = std::make_unique<sources::MesosSource>(strand_, *resolver_, std::move(settings),
                                                        std::move(hooks));
  }
  for (const config::MarathonSource& source : config->marathon) {
    One& one = add(source.name, source.rules);
    one.has_services = !source.service_name.empty();
    auto hooks = hooks_of<sources::MarathonSourceHooks>(one);
    if (!source.urls_file.empty()) {
      auto file = changed_file(source.urls_file, [tell = hooks.tell](const std::string& error) {
        tell({"config", "urls_file: " + error});
      });
      hooks.urls_file = [file = std::move(file), rules = source.rules, tell = hooks.tell] {
        auto text = file();
        if (text) warn_of_open_login(rules, sources::read_urls(*text).urls, tell);
        return text;
      };
    }
    sources::MarathonSourceConfig settings =
        marathon_source_config(*config, source, login_of(source.rules, hooks.tell));
    warn_of_open_login(source.rules, settings.ask.endpoints.all, hooks.tell);
    warn_of_open_file(source.rules.tls.key_file, [&](const std::string& warning) {
      hooks.tell({"config", warning});
    });
    if (keeper_) hooks.keep = keeper_->hook(source.name, picture_kind(settings));
    one.source = std::make_unique<sources::MarathonSource>(strand_, *resolver_, std::move(settings),
                                                           std::move(hooks));
  }
}

Schedulers::One& Schedulers::add(const std::string& name, const config::SourceRules& rules) {
  One& one = *all_.emplace_back(std::make_unique<One>());
  one.name = name;
  one.is_required = rules.required;
  if (rules.start_grace > net::Millis(0))
    one.required_until = net::machine_now().steady + rules.start_grace;
  return one;
}

template <class Hooks>
Hooks Schedulers::hooks_of(One& one) {
  Hooks hooks;
  hooks.now = net::machine_now;
  hooks.chance = [rng = std::make_shared<zones::Rng>(zones::Rng::from_system())] {
    return static_cast<double>(rng->next() >> 11) * 0x1p-53;
  };
  hooks.publish = [this, &one](const sources::MesosStep& piece, std::optional<bool> is_current) {
    return publish(one, piece, is_current);
  };
  hooks.tell = [name = one.name](const sources::SourceFailure& failure) {
    if (failure.kind.empty())
      return log(LogLevel::info, "source", {{"name", name}, {"state", "works again"}});
    log(LogLevel::warning, "source", {{"name", name}, {"kind", failure.kind}, {"error", failure.message}});
  };
  hooks.tidy = [this] {
    return_free_memory();
    tidy_at_ = net::machine_now().steady + kTidyAfter;
  };
  return hooks;
}

// After the last whole cluster that was read: what is free of it lies with the two threads that did it, and
// some has become free only since, when the last reader of what it replaced had gone.
void Schedulers::tidy_if_due(net::SteadyTime now) {
  net::SteadyTime due = tidy_at_.load();
  // A read that ends now sets another.
  if (now < due || !tidy_at_.compare_exchange_strong(due, net::SteadyTime::max())) return;
  share_free_memory();
  boost::asio::post(strand_, [] {
    share_free_memory();
    return_free_memory();
  });
}

Schedulers::~Schedulers() = default;

void Schedulers::restore(registry::Control& control) {
  control_ = &control;
  if (!keeper_) return;
  keeper_->start(control);
  for (const std::string& name : keeper_->stored()) {
    const One* one = find(name);
    if (one == nullptr) {
      log(LogLevel::info, "picture_forgotten",
          {{"source", name}, {"reason", "it is not configured any more"}});
      keeper_->forget(name);
      continue;
    }
    const auto picture = keeper_->take(name);
    if (!picture) continue;
    std::string learnt;
    registry::append_rfc3339(learnt, picture->learnt_at);
    const std::string error = one->source->restore(*picture);
    if (error.empty()) {
      log(LogLevel::info, "picture", {{"source", name}, {"learnt_at", learnt}, {"from", "store"}});
    } else {
      log(LogLevel::warning, "picture_left_out", {{"source", name}, {"learnt_at", learnt}, {"error", error}});
    }
  }
}

void Schedulers::start() {
  for (const auto& one : all_) one->source->start();
}

// The sources' own turns to stop stand on the strand before this one.
void Schedulers::stop() {
  for (const auto& one : all_) one->source->stop();
  auto done = std::make_shared<std::promise<void>>();
  boost::asio::post(strand_, [done] { done->set_value(); });
  done->get_future().wait_for(kStopMost);
}

bool Schedulers::publish(One& one, const sources::MesosStep& piece, std::optional<bool> is_current) {
  return control_->submit([&one, piece, is_current](registry::Turn& turn) {
    if (!piece.native.gone.empty() || !piece.native.listed.empty()) {
      const auto applied = turn.registry.apply(piece.native, turn.now);
      if (applied) log_left_out(one.name, *applied);
      if (applied && !applied->left_out.empty()) {
        one.note_rejected(applied->left_out);
        if (std::ranges::any_of(applied->left_out, is_for_want_of_room)) one.source->tell_again();
      }
    }
    const bool is_turn = is_current && one.is_current.exchange(*is_current) != *is_current;
    // It was, and is not any more: whether it was required from the start does not matter.
    if (is_turn && !*is_current) one.set_ready(false);
    for (const auto& step : piece.seen.withheld) one.leave_out(step);
    if (one.zone) {
      one.zone->apply(piece.seen, turn.now);
      one.note_view();
    }
    if (is_turn && *is_current) one.set_ready(true);
  });
}

void Schedulers::One::note_view() {
  const zones::MesosViewCounters& now = zone->view().counters();
  const std::scoped_lock lock(mutex);
  if (now.collisions > view.collisions) {
    collisions += now.collisions - view.collisions;
    log(LogLevel::warning, "name_shared",
        {{"source", name},
         {"name", now.last_collision},
         {"why", "a task has the name of the infrastructure (reserved = \"protect\" keeps it apart)"}});
  }
  view = now;
}

void Schedulers::tick(net::Instant now) {
  tidy_if_due(now.steady);
  for (const auto& one : all_) {
    if (one->zone) one->zone->tick(now);
    if (now.steady < one->required_until) continue;
    one->required_until = net::SteadyTime::max();
    one->is_required = false;
    one->set_ready(true);
  }
}

std::vector<registry::SourceStatus> Schedulers::status() const {
  std::vector<registry::SourceStatus> all;
  for (const auto& one : all_) {
    all.push_back(one->source->status());
    if (keeper_) all.back().stored = keeper_->status(one->name);
    const std::scoped_lock lock(one->mutex);
    all.back().rejected = one->rejected;
    all.back().collisions = one->collisions;
    all.back().shared_frameworks = one->view.shared_frameworks;
    for (std::size_t reason = 0; reason < zones::naming::kMesosDrops; ++reason) {
      if (one->view.dropped[reason] > 0)
        all.back().names_left_out.emplace(to_string(static_cast<zones::naming::MesosDrop>(reason)),
                                          one->view.dropped[reason]);
    }
  }
  return all;
}

bool Schedulers::awaits_services() const {
  return std::ranges::any_of(
      all_, [](const auto& one) { return one->has_services && one->is_required && !one->is_current; });
}

std::vector<registry::api::Missing> Schedulers::missing() const {
  std::vector<registry::api::Missing> list;
  for (const auto& one : all_) {
    if (one->is_required && !one->is_current) list.push_back({"source", one->name, "not synced"});
  }
  return list;
}

Schedulers::One* Schedulers::find(std::string_view source) const {
  const auto found = std::ranges::find_if(all_, [&](const auto& one) { return one->name == source; });
  return found == all_.end() ? nullptr : found->get();
}

bool Schedulers::resync(std::string_view source) {
  One* one = find(source);
  if (one != nullptr) one->source->resync();
  return one != nullptr;
}

bool Schedulers::accept(std::string_view source) {
  One* one = find(source);
  if (one != nullptr) one->source->accept();
  return one != nullptr;
}

std::vector<registry::api::MesosDnsSource> Schedulers::mesos_dns(const config::Config& config,
                                                                 Loader& dumps) {
  std::vector<registry::api::MesosDnsSource> all;
  for (const config::MesosSource& source : config.mesos) {
    if (!source.names.http_api) continue;
    One& one = *find(source.name);
    MesosDnsReads reads{
        names_.zones, *one.zone, one.is_current,
        *lister_,     dumps,    [this](registry::Job job) { return control_->submit(std::move(job)); }};
    all.push_back(mesos_dns_source(source.name, std::move(reads)));
  }
  return all;
}

}  // namespace muster::tools
