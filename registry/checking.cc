// What checks and reports have found of an instance, as far as the registry is concerned: which checks an
// instance has, what their states do to it, and what of them outlives a restart.
#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>

#include "registry/core.h"
#include "registry/health/own_check.h"

namespace muster::registry {

namespace {

using health::Checkup;
using health::Watch;

Entry& entry_of(const Watch& watch) { return *static_cast<Entry*>(watch.checkup->owner); }

// As the store names it; no check may have the name of the reports.
constexpr const char* kReportsRow = "reports";
std::string row_name(const Watch& watch) { return watch.check == nullptr ? kReportsRow : watch.check->id; }

bool is_suspended(const std::unique_ptr<Watch>& watch) {
  return watch && watch->machine.state() == State::suspended;
}

// Of an instance whose URL has no host, or one without an address: there is nothing to look at.
health::SharedChecks without_probes(const health::SharedChecks& checks) {
  if (!checks) return nullptr;
  health::Checks kept;
  std::ranges::copy_if(*checks, std::back_inserter(kept),
                       [](const health::Check& check) { return check.type == health::CheckType::ttl; });
  return kept.empty() ? nullptr : std::make_shared<const health::Checks>(std::move(kept));
}

}  // namespace

health::Health::Owner Registry::Core::health_owner() {
  return {[this](const Watch& watch) { return may_suspend(watch); },
          [this](Watch& watch) { watch_changed(watch); },
          [this](Checkup& checkup) { was_measured(checkup); }};
}

// Damping: one of a service may always be suspended, and of more so many as its settings say.
bool Registry::Core::may_suspend(const Watch& watch) const {
  const Entry& entry = entry_of(watch);
  const Service& service = *entry.service;
  const bool by_reports = watch.check == nullptr;
  const double part =
      by_reports ? service.settings.most_suspended_by_reports : service.settings.most_suspended_by_checks;
  if (part >= 1) return true;
  const bool is_counted =
      by_reports ? watch.checkup->is_suspended_by_reports : watch.checkup->is_suspended_by_checks;
  const std::size_t others =
      (by_reports ? service.suspended_by_reports : service.suspended_by_checks) - (is_counted ? 1 : 0);
  const auto most = static_cast<std::size_t>(std::floor(part * service.states.candidates));
  return others < std::max<std::size_t>(most, 1);
}

void Registry::Core::count_suspended(Entry& entry) {
  Checkup& checkup = *entry.checkup;
  const auto count = [](bool& before, bool now, std::size_t& counter) {
    if (before != now) counter += now ? 1U : ~std::size_t{0};
    before = now;
  };
  Service& service = *entry.service;
  count(checkup.is_suspended_by_checks, std::ranges::any_of(checkup.watches, is_suspended),
        service.suspended_by_checks);
  count(checkup.is_suspended_by_reports, is_suspended(checkup.reports), service.suspended_by_reports);
}

void Registry::Core::watch_changed(Watch& watch) {
  Entry& entry = entry_of(watch);
  store_watch(entry, watch);
  count_suspended(entry);
  refresh(entry);
}

// Only what is not ACTIVE is stored.
void Registry::Core::store_watch(const Entry& entry, Watch& watch) {
  const Key name = EntryKey{}(entry);
  const bool is_stored = watch.machine.state() != State::active;
  if (is_stored) {
    batch_.rows.push_back(HealthRow{std::string(name.service), std::string(name.name), row_name(watch),
                                    std::string(to_string(watch.machine.state())), watch.machine.suspension(),
                                    watch.since});
  } else if (watch.is_stored) {
    batch_.rows.push_back(HealthGone{std::string(name.service), std::string(name.name), row_name(watch)});
  }
  watch.is_stored = is_stored;
}

// Makes the checks of an instance what its service and its body ask for, at the addresses of the body. True:
// how it fares may be another thing now.
bool Registry::Core::attend(Entry& entry, const BodyPtr& body) {
  const bool is_new = !std::exchange(entry.has_begun, true);
  const ServiceSettings& settings = entry.service->settings;
  health::SharedChecks wanted = health::joined(settings.checks, body->checks, settings.check_rules);
  if (is_hostless(*body) || is_unresolved(*body)) wanted = without_probes(wanted);
  if (!entry.checkup && !wanted) return false;
  Checkup& checkup = checkup_of(entry);
  if (checkup.checks != wanted && checkup.checks && wanted && *checkup.checks == *wanted)
    wanted = checkup.checks;
  if (checkup.checks == wanted && checkup.body == body) return false;
  const Key name = EntryKey{}(entry);
  std::vector<std::string> stored;
  for (const auto& watch : checkup.watches)
    if (watch->is_stored) stored.push_back(row_name(*watch));
  const auto before = stored_watches_.extract({std::string(name.service), std::string(name.name)});
  const std::vector<health::StoredWatch> known =
      before.empty() ? std::vector<health::StoredWatch>() : before.mapped();
  const bool changed = health_.attend(checkup, wanted, body, name.service, name.name, is_new, known, now_);
  for (const health::StoredWatch& row : known) stored.push_back(row.check);
  for (const std::string& check : stored) {
    const auto holds = [&](const auto& watch) { return watch->is_stored && row_name(*watch) == check; };
    if (std::ranges::none_of(checkup.watches, holds))
      batch_.rows.push_back(HealthGone{std::string(name.service), std::string(name.name), check});
  }
  for (const auto& watch : checkup.watches)
    if (!watch->is_stored && watch->machine.state() != State::active) store_watch(entry, *watch);
  count_suspended(entry);
  return changed;
}

Checkup& Registry::Core::checkup_of(Entry& entry) {
  if (!entry.checkup) {
    entry.checkup = std::make_unique<Checkup>();
    entry.checkup->owner = &entry;
    ++entry.service->checkups;
  }
  entry.checkup->tau = entry.service->settings.response_tau;
  return *entry.checkup;
}

// Told at most once a second of a service, and only where answers depend on it.
void Registry::Core::was_measured(Checkup& checkup) {
  Service& service = *static_cast<Entry*>(checkup.owner)->service;
  if (!service.settings.shows_response || service.measured.armed()) return;
  if (!health::has_moved(checkup.shown, *checkup.response)) return;
  measured_.arm(service.measured, std::max(at(), service.shown_at + Millis{1'000}));
}

// Before the entry leaves its service.
void Registry::Core::end_checkup(Entry& entry) {
  if (!entry.checkup) return;
  const Key name = EntryKey{}(entry);
  const auto forget = [&](const std::unique_ptr<Watch>& watch) {
    if (watch && watch->is_stored)
      batch_.rows.push_back(HealthGone{std::string(name.service), std::string(name.name), row_name(*watch)});
  };
  for (const auto& watch : entry.checkup->watches) forget(watch);
  forget(entry.checkup->reports);
  health_.end(*entry.checkup);
  count_suspended(entry);
  entry.checkup.reset();
  --entry.service->checkups;
}

Outcome Registry::Core::on(const Report& report) {
  Entry* entry = entry_at(report.service, report.id);
  if (entry == nullptr) return missing({report.service, report.id});
  if (auto bad = out_of_reach(entry, {report.service, report.id}, report.by)) return *bad;
  const ServiceSettings& settings = entry->service->settings;
  switch (health_.report(checkup_of(*entry), report.verdict, report.reporter, settings.report_rules,
                         settings.report_quorum, now_)) {
    case health::Health::Reported::taken: break;
    case health::Health::Reported::too_often:
      return Refusal{RefusalCode::rate_limited,
                     "a reporter may report of one instance 10 times a second: send fewer", Millis(1'000)};
    case health::Health::Reported::too_many_reporters:
      return Refusal{RefusalCode::rate_limited,
                     "64 reporters report of this instance: wait until one has been silent for a minute",
                     Millis(60'000)};
  }
  return grant(*entry, false);
}

std::vector<health::ProbeOrder> Registry::Core::probes_due(Instant now, std::size_t most) {
  return health_.due(inner(now), most);
}

void Registry::Core::probe_found(std::uint64_t number, const health::Verdict& verdict, Instant now) {
  now_ = inner(now);
  health_.found(number, verdict, now_);
}

// ---- after a start

// A row that names no check waits for its instance as long as names are known.
void Registry::Core::restore_watch(const HealthRow& row) {
  constexpr std::array kNotActive = {State::starting, State::timedout, State::suspended};
  const auto state = std::ranges::find_if(kNotActive, [&](State one) { return to_string(one) == row.state; });
  if (state == kNotActive.end()) {
    batch_.rows.push_back(HealthGone{row.service, row.id, row.check});
    return;
  }
  stored_watches_[{row.service, row.id}].push_back({row.check, *state, row.suspension, row.since});
}

bool Registry::Core::forget_watches(std::size_t& most) {
  if (stored_watches_.empty() || at() < drains_until_) return false;
  for (; most > 0 && !stored_watches_.empty(); --most) {
    const auto first = stored_watches_.extract(stored_watches_.begin());
    for (const health::StoredWatch& row : first.mapped())
      batch_.rows.push_back(HealthGone{first.key().first, first.key().second, row.check});
  }
  return !stored_watches_.empty();
}

// ---- reads

std::optional<HealthView> Registry::Core::health_of(std::string_view service, std::string_view id,
                                                    Instant now) const {
  const Entry* entry = entry_at(service, id);
  if (entry == nullptr) return std::nullopt;
  HealthView view;
  view.instance = entry->shown;
  view.real_state = is_unresolved(*entry->shown->body) ? State::starting : fitness_of(*entry).state;
  for (const Claim& claim : entry->claims) {
    if (!is_listed(claim.source->kind)) continue;
    if (!view.source || health::badness(claim.fitness.state) > health::badness(view.source->state))
      view.source = claim.fitness;
  }
  if (!entry->checkup) return view;
  const Instant then = inner(now);
  const auto wall = [&](SteadyTime moment) {
    return then.wall + std::chrono::duration_cast<Millis>(moment - then.steady);
  };
  const auto show = [&](const Watch& watch) {
    WatchView shown;
    const health::Machine& machine = watch.machine;
    if (watch.check != nullptr) {
      shown.id = watch.check->id;
      shown.type = to_string(watch.check->type);
    }
    if (const health::ProbeTask* task = health_.task_of(watch)) shown.target = health::text_of(*task);
    shown.state = machine.state();
    shown.since = watch.since;
    if (machine.state() == State::suspended) shown.until = wall(machine.until());
    if (watch.check != nullptr && (watch.probe != nullptr || watch.check->type == health::CheckType::ttl))
      shown.next = wall(watch.wanted);
    shown.retries_left = machine.state() == State::timedout ? machine.retries_left() : 0;
    shown.suspension = machine.suspension();
    shown.suspensions = machine.suspensions();
    shown.capped = machine.is_capped();
    shown.shared_with = health_.sharing(watch);
    shown.last_at = watch.last_at;
    shown.last = watch.last;
    shown.counts = watch.counts;
    if (watch.response) shown.latency_ms = watch.response->latency_ms();
    return shown;
  };
  for (const auto& watch : entry->checkup->watches) view.checks.push_back(show(*watch));
  if (entry->checkup->reports) view.reports = show(*entry->checkup->reports);
  if (entry->checkup->response) {
    view.latency_ms = entry->checkup->response->latency_ms();
    view.success = entry->checkup->response->success();
  }
  view.history.assign(entry->checkup->passages.begin(), entry->checkup->passages.end());
  return view;
}

}  // namespace muster::registry
