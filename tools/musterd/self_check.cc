// musterd's checks of itself: GET /api/v1/health, the metrics, and the status of its own instance.
#include <algorithm>
#include <array>

#include "registry/limits.h"
#include "tools/musterd/disk_check.h"
#include "tools/musterd/musterd.h"
#include "tools/musterd/settings.h"

namespace muster::tools {

using registry::HeartbeatStatus;
using registry::api::HealthStatus;
using registry::api::HealthVerdict;

namespace {

constexpr net::Millis kControlHangs{5'000};
constexpr net::Millis kLookEvery{5'000};
constexpr net::Millis kHangingLookEvery{1'000};  // so that one who goes on is not found too late, and killed

// What a report makes of musterd's own instance, with the checks that did not pass.
registry::Vitals vitals_of(const registry::api::HealthReport& report) {
  constexpr std::array kStatuses = {HeartbeatStatus::passing, HeartbeatStatus::warning, HeartbeatStatus::critical};
  registry::Vitals vitals;
  vitals.status = kStatuses[static_cast<std::size_t>(report.status)];
  for (const auto& line : report.checks) {
    if (line.verdict.status == HealthStatus::pass) continue;
    if (!vitals.reason.empty()) vitals.reason += "; ";
    vitals.reason += line.name + ": " + line.verdict.output;
  }
  vitals.reason.resize(std::min(vitals.reason.size(), registry::kMaxReason));
  return vitals;
}

}  // namespace

std::vector<registry::api::HealthCheck> Musterd::checks() {
  const auto store = [this] {
    const auto state = control_->store_state();
    if (!state.healthy) return HealthVerdict{HealthStatus::fail, state.last_error};
    const std::string& trouble = state.checkpoints.last_error;
    return trouble.empty() ? HealthVerdict{} : HealthVerdict{HealthStatus::warn, trouble};
  };
  const auto loop = [this] {
    const net::Millis late = control_silent();
    return late < kControlHangs ? HealthVerdict{} : HealthVerdict{HealthStatus::fail, "no tick for " + std::to_string(late.count()) + " ms"};
  };
  const auto files = [this] {
    for (const ZoneStatus& zone : file_zones_->status()) {
      if (zone.failed) return HealthVerdict{HealthStatus::warn, zone.name + ": its file has errors"};
      if (zone.updates_on_other_file)
        return HealthVerdict{HealthStatus::warn, zone.name + ": its file changed below stored updates"};
    }
    return HealthVerdict{};
  };
  const auto disk = [this] {
    const ConfigPtr running = config();
    return running->store.kind == "memory" ? HealthVerdict{} : disk_verdict(disk_space(running->store.path));
  };
  // There are but static ones, and those were read with the configuration.
  const auto sources = [] { return HealthVerdict{}; };
  return {{"store", false, store},
          {"disk", false, disk},
          {"control", true, loop},
          {"sources", false, sources},
          {"zone_files", false, files},
          {"dns", true, [this] { return ask_myself(); }}};
}

// On the I/O thread. A change of the status is a change of musterd's instance, so that others see it in DNS, too.
void Musterd::look_after_myself() {
  if (stopping_) return;
  const registry::Vitals vitals = vitals_of(native_->health());
  if (*vitals.status != own_status_) {
    const bool taken = control_->submit([this, vitals](registry::Turn& turn) {
      if (stopping_) return;
      auto self = self_registration(*config(), listeners_.bound(), http_->bound());
      self.vitals = vitals;
      static_cast<void>(turn.registry.apply(self, turn.now).has_value());
    });
    if (taken) own_status_ = *vitals.status;
  }
  own_look_.expires_after(kLookEvery);
  own_look_.async_wait([this](boost::system::error_code error) {
    if (!error) look_after_myself();
  });
}

net::Millis Musterd::control_silent() const {
  const net::SteadyTime last(net::Millis(control_->counters().last_tick_ms.load()));
  return net::machine_now().steady - last;
}

// On the I/O thread. Whoever restarts what hangs is to hear nothing when either thread does: this one then
// says nothing by itself, and for the control thread the rule is that of /healthz.
void Musterd::tell_alive() {
  if (stopping_) return;
  const net::Millis silent = control_silent();
  const bool hangs = silent >= kControlHangs;
  if (!hangs) service_manager_.alive();
  if (hangs && !control_hangs_)
    log(LogLevel::error, "control_hangs", {{"silent_ms", std::to_string(silent.count())}});
  control_hangs_ = hangs;
  const std::chrono::microseconds often = *service_manager_.alive_every();
  alive_.expires_after(hangs ? std::min<std::chrono::microseconds>(often, kHangingLookEvery) : often);
  alive_.async_wait([this](boost::system::error_code error) {
    if (!error) tell_alive();
  });
}

// Our own DNS answer: the domain's SOA, looked up as a query would, without the network.
registry::api::HealthVerdict Musterd::ask_myself() {
  static const std::array<std::uint8_t, 12> kHead = {0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0};
  std::vector<std::uint8_t> query(kHead.begin(), kHead.end());
  const ConfigPtr running = config();
  const std::string_view apex = running->zones.domain.wire();
  query.insert(query.end(), apex.begin(), apex.end());
  query.insert(query.end(), {0, 6, 0, 1});
  if (!own_question_) own_question_ = std::make_unique<dns::Answering>(names_.table, zones::Rng(1), dns::AnswerConfig{});
  dns::Answering& self = *own_question_;
  const zones::NameTable::Reader::Online online(self.reader);
  std::array<std::uint8_t, 1232> reply{};
  const std::size_t size = dns::answer(query, dns::Client{{}, 1, dns::Transport::udp}, self.answerer, reply);
  if (size < dns::kHeaderSize || (reply[3] & 15) != 0)
    return {HealthStatus::fail, "the domain's SOA is not answered"};
  return {};
}

}  // namespace muster::tools
