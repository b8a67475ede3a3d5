// SIGHUP and POST /reload: the new configuration is read and checked as a whole, then what can be taken over is taken
// over, and what cannot is named. On the loader thread.
#include <boost/asio/post.hpp>

#include "tools/config/config_reader.h"
#include "tools/musterd/log.h"
#include "tools/musterd/musterd.h"

namespace muster::tools {

registry::api::ReloadReport Musterd::reload() {
  registry::api::ReloadReport report;
  config::LoadResult result = options_.dev ? config::load_dev(options_.overrides)
                                           : config::load_file(options_.config, options_.overrides);
  if (!result.errors.empty()) {
    report.errors = std::move(result.errors);
    for (const std::string& error : report.errors) log(LogLevel::error, "reload_refused", {{"error", error}});
    ++reloads_refused_;
    return report;
  }
  const auto next = std::make_shared<const config::Config>(std::move(result.config));
  report.needs_restart = config::needs_restart(*config(), *next);
  take_over(next);
  report.taken_over = true;
  const ZoneLoad zones = file_zones_->load(next->zones.files);
  report.changed = zones.changed;
  report.errors = zones.errors;
  if (const auto error = renew_certificate()) {
    report.errors.push_back(*error);
    log(LogLevel::error, "tls", {{"error", *error}});
  }
  for (const std::string& line : zones.changed) log(LogLevel::info, "zone_loaded", {{"zone", line}});
  for (const std::string& line : zones.warnings) log(LogLevel::warning, "zone_file", {{"warning", line}});
  for (const std::string& line : zones.errors) log(LogLevel::error, "zone_file", {{"error", line}});
  for (const std::string& key : report.needs_restart) log(LogLevel::warning, "needs_restart", {{"key", key}});
  log(LogLevel::info, "reloaded", {{"zones_changed", std::to_string(zones.changed.size())}});
  ++reloads_ok_;
  return report;
}

// The files are read again even if their names are the old ones: certificates are renewed in place.
std::optional<std::string> Musterd::renew_certificate() {
  const config::Http http = config()->http;
  if (http.tls_certificate.empty()) return std::nullopt;
  return http_->set_tls({http.tls_certificate.string(), http.tls_key.string()});
}

// Keys that wait for a restart keep their running values, whatever the file says.
void Musterd::take_over(const ConfigPtr& next) {
  {
    const std::lock_guard lock(config_mutex_);
    config_ = std::make_shared<const config::Config>(config::taken_over(*config_, *next));
  }
  const ConfigPtr now_running = config();
  on_control([&](registry::Turn& turn) {
    turn.registry.reconfigure(registry_config(now_running, turn.registry.epoch()), turn.now);
    zones::PublishConfig publish = publish_config(now_running, listeners_.bound());
    publish.is_known = [this](std::string_view service) { return registry_->is_known(service); };
    names_.publisher->reconfigure(std::move(publish), turn.now);
    keep_histories(*now_running);
    static_cast<void>(turn.registry.apply(static_list(*now_running), turn.now).has_value());
  });
  boost::asio::post(io_, [this, now_running] {
    transfers_->set_access(transfer_access(*now_running));
    notifier_->set_targets(notify_targets(*now_running));
  });
  std::vector<registry::http::Token> tokens;
  for (const config::Token& token : now_running->http.tokens) tokens.push_back({token.name, token.secret, token.allow});
  if (const auto error = http_->set_tokens(tokens)) {
    log(LogLevel::error, "tokens", {{"error", std::string(to_string(*error))}});
  }
  try {
    dns_config_->take_over(*now_running, net::machine_now().steady);
  } catch (const std::runtime_error& error) {
    log(LogLevel::error, "keys", {{"error", error.what()}});
  }
  set_log_level(now_running->log.level);
}

}  // namespace muster::tools
