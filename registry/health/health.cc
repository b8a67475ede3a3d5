#include "registry/health/health.h"

#include <algorithm>

namespace muster::registry::health {

namespace {

std::string cause_of(const Watch& watch, const Verdict& verdict) {
  const std::string name = watch.check == nullptr ? "reports" : watch.check->id;
  if (verdict.severity == Severity::ok) return name + ": ok";
  return name + ": " + class_text(verdict.failure, verdict.http_status);
}

void note(Checkup& checkup, Passage passage) {
  if (checkup.passages.size() >= kMaxPassages) checkup.passages.pop_front();
  checkup.passages.push_back(std::move(passage));
}

// By its id, looking at the same by the same rules.
std::unique_ptr<Watch> take_same(std::vector<std::unique_ptr<Watch>>& watches, const Check& check) {
  const auto at = std::ranges::find_if(watches, [&](const auto& watch) {
    return watch && watch->check->id == check.id && *watch->check == check;
  });
  return at == watches.end() ? nullptr : std::move(*at);
}

}  // namespace

Health::Health(PlanConfig config, Owner owner) : plan_(config), owner_(std::move(owner)) {}

const MachineRules& Health::rules_of(const Watch& watch) const {
  return watch.check == nullptr ? watch.checkup->report_rules : watch.check->rules;
}

void Health::wait_until(Watch& watch, SteadyTime moment) {
  waiting_.erase(&watch);
  watch.wanted = moment;
  if (moment != SteadyTime::max()) waiting_.insert(&watch);
}

void Health::end(Watch& watch) {
  plan_.leave(watch);
  waiting_.erase(&watch);
}

void Health::end(Checkup& checkup) {
  for (const auto& watch : checkup.watches) end(*watch);
  if (checkup.reports) end(*checkup.reports);
  checkup.watches.clear();
  checkup.reports.reset();
}

void Health::begin(Watch& watch, const StoredWatch* stored, std::string_view service, std::string_view id,
                   Instant now) {
  watch.since = now.wall;
  if (stored != nullptr) {
    watch.machine = Machine::restored(stored->state, stored->suspension, now.steady);
    watch.since = stored->since;
    watch.is_stored = true;
  }
  if (auto task = health::task_of(*watch.check, *watch.checkup->body, service, id)) {
    plan_.join(watch, std::move(*task), now.steady);
  } else if (watch.check->type == CheckType::ttl) {
    wait_until(watch, now.steady + watch.check->rules.interval);
  }
}

bool Health::attend(Checkup& checkup, SharedChecks checks, BodyPtr body, std::string_view service,
                    std::string_view id, bool is_new, std::span<const StoredWatch> stored, Instant now) {
  const SharedChecks held =
      std::exchange(checkup.checks, std::move(checks));  // the old watches point into it
  checkup.body = std::move(body);
  auto before = std::exchange(checkup.watches, {});
  bool changed = false;
  const std::span<const Check> asked =
      checkup.checks ? std::span<const Check>(*checkup.checks) : std::span<const Check>();
  for (const Check& check : asked) {
    std::unique_ptr<Watch> watch = take_same(before, check);
    const auto task = health::task_of(check, *checkup.body, service, id);
    const ProbeTask* old_task = watch ? plan_.task_of(*watch) : nullptr;
    if (watch && (task ? old_task != nullptr && *old_task == *task : old_task == nullptr)) {
      watch->check = &check;
      checkup.watches.push_back(std::move(watch));
      continue;
    }
    changed = true;
    // Whoever was never found well has to be, wherever it is looked at now.
    const bool is_unproven = is_new || (watch && watch->machine.state() == State::starting);
    if (watch) end(*watch);
    const State initial = is_unproven && !check.begins_active ? State::starting : State::active;
    watch = std::make_unique<Watch>(checkup, &check, initial, now.steady);
    const auto at = std::ranges::find(stored, check.id, &StoredWatch::check);
    begin(*watch, at == stored.end() ? nullptr : &*at, service, id, now);
    checkup.watches.push_back(std::move(watch));
  }
  for (const auto& watch : before) {
    if (!watch) continue;
    changed = true;
    end(*watch);
  }
  return changed;
}

// The first verdict has nothing before it and so counts nothing as a success or failure.
void Health::measure(Watch& watch, Severity severity, Instant now) {
  Checkup& checkup = *watch.checkup;
  for (std::optional<Response>* response : {&watch.response, &checkup.response}) {
    if (!*response) response->emplace(now.steady);
    (*response)->take(watch.last, severity, now.steady, checkup.tau);
  }
  if (owner_.measured) owner_.measured(checkup);
}

void Health::count(Watch& watch, const Verdict& verdict, Severity severity, const MachineRules& rules,
                   Instant now) {
  watch.last = verdict;
  watch.last.severity = severity;
  watch.last_at = now.wall;
  switch (severity) {
    case Severity::ok: ++watch.counts.ok; break;
    case Severity::soft: ++watch.counts.soft; break;
    case Severity::hard: ++watch.counts.hard; break;
    case Severity::local: ++watch.counts.local; break;
  }
  measure(watch, severity, now);
  const State before = watch.machine.state();
  const bool may_suspend = severity == Severity::ok || owner_.may_suspend(watch);
  if (!watch.machine.take(severity, rules, now.steady, may_suspend)) return;
  if (severity != Severity::ok) watch.failure = watch.last;
  watch.since = now.wall;
  note(*watch.checkup, {now.wall, before, watch.machine.state(), cause_of(watch, verdict)});
  owner_.changed(watch);
}

void Health::found(std::uint64_t number, const Verdict& verdict, Instant now) {
  const auto [started, wishes] = plan_.ended(number);
  for (Wish* wish : wishes) {
    auto& watch = static_cast<Watch&>(*wish);
    const Severity severity = watch.check->moved.severity(verdict);
    const MachineRules& rules = watch.check->rules;
    count(watch, verdict, severity, rules, now);
    watch.wanted =
        watch.machine.next_look(severity, rules, started, now.steady, plan_.jittered(rules.interval));
  }
  for (Wish* wish : wishes) plan_.plan(*wish);
}

void Health::came_late(const ProbeTask& task) {
  for (Wish* wish : plan_.sharers(task)) ++static_cast<Watch&>(*wish).counts.late;
}

void Health::heard(Checkup& checkup, bool is_critical, Instant now) {
  for (const auto& watch : checkup.watches) {
    if (watch->check->type != CheckType::ttl) continue;
    Verdict verdict;
    if (is_critical) verdict = {Severity::hard, FailureClass::critical, 0, {}, {}};
    wait_until(*watch, now.steady + watch->check->rules.interval);
    count(*watch, verdict, watch->check->moved.severity(verdict), watch->check->rules, now);
  }
}

Health::Reported Health::report(Checkup& checkup, const Verdict& verdict, std::string_view reporter,
                                const MachineRules& rules, unsigned quorum, Instant now) {
  auto at = checkup.reporters.find(reporter);
  if (at == checkup.reporters.end()) {
    std::erase_if(checkup.reporters, [&](const auto& each) {
      return checkup.reporters.size() >= kMaxReporters && now.steady - each.second.second >= Millis{60'000};
    });
    if (checkup.reporters.size() >= kMaxReporters) return Reported::too_many_reporters;
    at = checkup.reporters.emplace(reporter, Reporter{}).first;
  }
  Reporter& who = at->second;
  if (who.in_second == 0 || now.steady - who.second >= Millis{1'000}) {
    who.second = now.steady;
    who.in_second = 0;
  }
  if (++who.in_second > kReportsASecond) return Reported::too_often;
  checkup.report_rules = rules;
  if (!checkup.reports) {
    checkup.reports = std::make_unique<Watch>(checkup, nullptr, State::active, now.steady);
    checkup.reports->since = now.wall;
  }
  Watch& watch = *checkup.reports;
  if (verdict.severity == Severity::soft || verdict.severity == Severity::hard) {
    who.failed = now.steady;
    const auto agreeing = std::ranges::count_if(checkup.reporters, [&](const auto& each) {
      return each.second.failed != SteadyTime::min() && now.steady - each.second.failed <= rules.retry_delay;
    });
    if (static_cast<std::size_t>(agreeing) < quorum) {
      watch.last = verdict;
      watch.last_at = now.wall;
      return Reported::taken;
    }
  }
  count(watch, verdict, verdict.severity, rules, now);
  wait_until(watch, watch.machine.next_change(rules));
  return Reported::taken;
}

bool Health::tick(Instant now, std::size_t most) {
  for (; !waiting_.empty() && (*waiting_.begin())->wanted <= now.steady; --most) {
    if (most == 0) return true;
    Watch& watch = **waiting_.begin();
    const MachineRules& rules = rules_of(watch);
    if (watch.check != nullptr) {
      wait_until(watch, now.steady + rules.interval);
      const Verdict silence{Severity::soft, FailureClass::silence, 0, {}, {}};
      count(watch, silence, watch.check->moved.severity(silence), rules, now);
      continue;
    }
    const State before = watch.machine.state();
    if (watch.machine.pass_time(rules, now.steady)) {
      watch.since = now.wall;
      note(*watch.checkup, {now.wall, before, watch.machine.state(), "reports: time"});
      owner_.changed(watch);
    }
    wait_until(watch, watch.machine.next_change(rules));
  }
  return false;
}

}  // namespace muster::registry::health
