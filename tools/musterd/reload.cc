// SIGHUP and POST /reload: the new configuration is read and checked as a whole, then what can be taken over is taken
// over, and what cannot is named. On the loader thread.
#include <algorithm>
#include <boost/asio/post.hpp>

#include "tools/config/changes.h"
#include "tools/config/config_reader.h"
#include "tools/config/public_names.h"
#include "tools/musterd/log.h"
#include "tools/musterd/musterd.h"

namespace muster::tools {

namespace {

// The apexes of the zones that are to lose their stored updates; the names that are no file zone go to `errors`.
std::vector<zones::Name> discarded(const std::vector<std::string>& names, const config::Config& config,
                                   std::vector<std::string>& errors) {
  std::vector<zones::Name> apexes;
  const auto& files = config.zones.files;
  for (const std::string& name : names) {
    const auto apex = zones::parse_domain(name);
    const bool known = apex && std::any_of(files.begin(), files.end(), [&](const auto& file) { return file.name == *apex; });
    if (known) {
      apexes.push_back(*apex);
    } else {
      errors.push_back("discard: no [[zones.file]] is named " + name);
    }
  }
  return apexes;
}

void log_report(const registry::api::ReloadReport& report, const ZoneLoad& zones) {
  for (const std::string& line : zones.changed) log(LogLevel::info, "zone_loaded", {{"zone", line}});
  for (const std::string& line : zones.warnings) log(LogLevel::warning, "zone_file", {{"warning", line}});
  for (const std::string& zone : zones.with_updates)
    log(LogLevel::error, "zone_file", {{"zone", zone}, {"error", "the file changed, but the store holds updates of the zone"}});
  for (const std::string& line : zones.errors) log(LogLevel::error, "zone_file", {{"error", line}});
  for (const std::string& key : report.needs_restart) log(LogLevel::warning, "needs_restart", {{"key", key}});
}

}  // namespace

registry::api::ReloadReport Musterd::reload(const std::vector<std::string>& discard) {
  service_manager_.reloading();
  registry::api::ReloadReport report = read_again(discard);
  if (!stopping_) tell_ready(report.taken_over ? "" : "; a reload was refused: " + report.errors.front());
  return report;
}

registry::api::ReloadReport Musterd::read_again(const std::vector<std::string>& discard) {
  config::LoadResult result = load_config(options_);
  const std::vector<zones::Name> apexes = discarded(discard, result.config, result.errors);
  if (!result.errors.empty()) return refuse_reload(std::move(result.errors));
  const auto next = std::make_shared<const config::Config>(std::move(result.config));
  const std::vector<zones::BoundName> bound = config::public_names(*next);
  if (auto faults = file_zones_->in_the_way(next->zones.files, bound, apexes); !faults.empty())
    return refuse_reload(std::move(faults));
  config::Changes changes = config::changes_between(*config(), *next);
  for (const std::string& key : changes.taken_over) log(LogLevel::info, "key_changed", {{"key", key}});
  registry::api::ReloadReport report;
  report.changed = std::move(changes.taken_over);
  report.needs_restart = std::move(changes.needs_restart);
  report.errors = take_over(next);
  report.taken_over = true;
  const ZoneLoad zones = file_zones_->load(next->zones.files, bound, apexes);
  report.changed.insert(report.changed.end(), zones.changed.begin(), zones.changed.end());
  report.zones_with_updates = zones.with_updates;
  report.errors.insert(report.errors.end(), zones.errors.begin(), zones.errors.end());
  if (const auto error = renew_certificate()) {
    report.errors.push_back(*error);
    log(LogLevel::error, "tls", {{"error", *error}});
  }
  log_report(report, zones);
  log(LogLevel::info, "reloaded", {{"changed", std::to_string(report.changed.size())}});
  ++reloads_ok_;
  return report;
}

registry::api::ReloadReport Musterd::refuse_reload(std::vector<std::string> errors) {
  for (const std::string& error : errors) log(LogLevel::error, "reload_refused", {{"error", error}});
  ++reloads_refused_;
  registry::api::ReloadReport report;
  report.errors = std::move(errors);
  return report;
}

// The files are read again even if their names are the old ones: certificates are renewed in place.
std::optional<std::string> Musterd::renew_certificate() {
  const config::Http http = config()->http;
  if (http.tls_certificate.empty()) return std::nullopt;
  return http_->set_tls({http.tls_certificate.string(), http.tls_key.string(), http.tls_client_ca.string()});
}

// Keys that wait for a restart keep their running values, whatever the file says.
std::vector<std::string> Musterd::take_over(const ConfigPtr& next) {
  std::vector<std::string> errors;
  {
    const std::lock_guard lock(config_mutex_);
    config_ = std::make_shared<const config::Config>(config::taken_over(*config_, *next));
  }
  const ConfigPtr now_running = config();
  on_control([&](registry::Turn& turn) {
    turn.registry.reconfigure(registry_config(now_running, turn.registry.epoch()), turn.now);
    names_.publisher->reconfigure(publish_settings(now_running), turn.now);
    keep_histories(*now_running);
    errors = list_static(*now_running, turn);
  });
  boost::asio::post(io_, [this, now_running] {
    transfers_->set_access(transfer_access(*now_running));
    updates_->set_access(update_access(*now_running));
    notifier_->set_targets(notify_targets(*now_running));
  });
  if (const auto error = http_->set_tokens(now_running->http.tokens)) {
    errors.push_back("http.token: " + std::string(to_string(*error)));
    log(LogLevel::error, "tokens", {{"error", std::string(to_string(*error))}});
  }
  try {
    dns_config_->take_over(*now_running, net::machine_now().steady);
  } catch (const std::runtime_error& error) {
    errors.emplace_back(error.what());
    log(LogLevel::error, "keys", {{"error", error.what()}});
  }
  if (foreign_) foreign_->take_over(*now_running);
  set_log_level(now_running->log.level);
  return errors;
}

}  // namespace muster::tools
