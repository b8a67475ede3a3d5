// What time does: leases that run low or out, protection's judgement, tombstones, lingering services, overlay
// entries with an end. Everything in slices, nothing early.
#include <algorithm>

#include "registry/core.h"
#include "registry/glob.h"
#include "registry/limits.h"

namespace muster::registry {
namespace {

bool has_tcp_port(const InstanceBody& body) {
  return !is_unresolved(body) &&
         std::ranges::any_of(body.ports, [](const Port& port) { return port.protocol == Protocol::tcp; });
}

}  // namespace

bool Registry::Core::tick(Instant now, std::size_t most) {
  now_ = inner(now);
  while (!judged_) {
    if (most == 0) return true;
    Timer* timer = leases_.pop(at());
    if (timer == nullptr) break;
    --most;
    on_event(static_cast<Entry&>(*timer));
  }
  if (!judged_ && !due_.empty()) {
    back_ = protection_.judge();
    judged_ = true;
  }
  for (; !back_.empty(); back_.pop_back(), --most) {
    if (most == 0) return true;
    if (back_.back()->aside) bring_back(*back_.back());  // else it registered anew meanwhile
  }
  for (; settled_ < due_.size(); ++settled_, --most) {
    if (most == 0) return true;
    settle(*due_[settled_]);
  }
  due_.clear();
  settled_ = 0;
  judged_ = false;

  std::vector<std::string> ended;
  if (overlay_.expire(now_.wall, ended)) overlay_changed(ended);
  sweep();
  return health_.tick(now_, most) || slide_window(most) || raise_due(most) || forget_due(most) ||
         step_ramps(most) || follow_hosts(most) || show_measured(most) || forget_drains(most) ||
         forget_watches(most);
}

// Each takes at most `most` and what it took from it; true: more is due.

bool Registry::Core::raise_due(std::size_t& most) {
  for (; most > 0; --most) {
    Timer* timer = burials_.pop(at());
    if (timer == nullptr) return false;
    auto& dead = static_cast<Tombstone&>(*timer);
    if (dead.until > at()) {
      burials_.arm(dead, dead.until);
    } else {
      raise(dead);
    }
  }
  return true;
}

bool Registry::Core::forget_due(std::size_t& most) {
  for (; most > 0; --most) {
    Timer* timer = lingers_.pop(at());
    if (timer == nullptr) return false;
    auto& service = static_cast<Service&>(*timer);
    if (!service.members.empty() || service.settings.configured) continue;
    if (service.linger_until > at()) {
      lingers_.arm(service, service.linger_until);
    } else {
      forget_service(service);
    }
  }
  return true;
}

bool Registry::Core::step_ramps(std::size_t& most) {
  for (; most > 0; --most) {
    Timer* timer = ramps_.pop(at());
    if (timer == nullptr) return false;
    auto& ramp = static_cast<Ramp&>(*timer);
    Entry& entry = *ramp.entry;
    const SlowStart& slow = entry.service->settings.slow_start;
    ramp.share = share_after(std::chrono::duration_cast<Millis>(at() - ramp.since), slow);
    if (ramp.share >= 1) {
      entry.ramp.reset();
    } else {
      ramps_.arm(ramp, next_step(at(), slow));
    }
    refresh(entry, false);
  }
  return true;
}

// All that has moved of a service at once: its answers are made anew for all of them together.
bool Registry::Core::show_measured(std::size_t& most) {
  for (; most > 0; --most) {
    Timer* timer = measured_.pop(at());
    if (timer == nullptr) return false;
    Service& service = *static_cast<ServiceTimer&>(*timer).service;
    service.shown_at = at();
    for (Entry* member : std::vector<Entry*>(service.members.ordered())) {
      if (!member->checkup || !member->checkup->response) continue;
      const health::Response& response = *member->checkup->response;
      if (!health::has_moved(member->checkup->shown, response)) continue;
      member->checkup->shown = {response.latency_ms(), response.success()};
      refresh(*member, false);
    }
  }
  return true;
}

// ---- leases

// From here on less than min(ttl, lease/3) remains.
SteadyTime Registry::Core::low_moment(const Entry& entry) const {
  const Claim* last = last_claim(entry);
  if (last->lease_ms == 0) return SteadyTime::max();
  return last->deadline - std::min(entry.service->settings.ttl, Millis(last->lease_ms / 3)) + Millis(1);
}

void Registry::Core::arm(Entry& entry) {
  SteadyTime next = SteadyTime::max();
  if (is_draining(entry) && entry.condition->drain->remove_at) next = *entry.condition->drain->remove_at;
  if (entry.suspicion) {
    if (entry.suspicion->suspect) next = std::min(next, entry.suspicion->until);
  } else {
    for (const Claim& claim : entry.claims) next = std::min(next, claim.deadline);
    if (!entry.lease_low) next = std::min(next, low_moment(entry));
  }
  if (next == SteadyTime::max()) {
    entry.disarm();
  } else {
    leases_.arm(entry, next);
  }
}

void Registry::Core::on_event(Entry& entry) {
  const auto remove_at = is_draining(entry) ? entry.condition->drain->remove_at : std::nullopt;
  if (remove_at && *remove_at <= at()) {
    deregister(entry, Cause::deregistered);
  } else if (entry.suspicion) {
    if (entry.suspicion->suspect && entry.suspicion->until <= at()) {
      drop(entry, Cause::held_out);
    } else {
      arm(entry);
    }
  } else if (last_claim(entry)->deadline <= at()) {
    begin_expiry(entry);
  } else {
    end_leases(entry);
  }
}

// Some lease of several ran out, or the last one runs low, or heartbeats have moved the deadline since
// arming.
void Registry::Core::end_leases(Entry& entry) {
  bool shows = false;
  for (std::size_t i = entry.claims.size(); i-- > 0;) {
    if (entry.claims[i].deadline > at()) continue;
    end_claim(entry, entry.claims[i]);
    shows = true;
  }
  shows |= std::exchange(entry.lease_low, at() >= low_moment(entry)) != entry.lease_low;
  if (shows) {
    review(entry, Cause::expired);
  } else {
    arm(entry);
  }
}

void Registry::Core::count_expired(const Entry& entry) {
  ++expired_;
  ++expired_of_[static_cast<std::size_t>(last_claim(entry)->source->kind)];
}

void Registry::Core::begin_expiry(Entry& entry) {
  const Millis late = std::chrono::duration_cast<Millis>(at() - last_claim(entry)->deadline);
  lateness_max_ = std::max(lateness_max_, late);
  lateness_[static_cast<std::size_t>(last_claim(entry)->source->kind)].add(static_cast<std::uint64_t>(late.count()));
  if (!protection_.on() || entry.groups[0] == nullptr) {
    count_expired(entry);
    drop(entry, Cause::expired);
    return;
  }
  entry.suspicion = std::make_unique<Suspicion>();
  entry.suspicion->entry = &entry;
  entry.suspicion->expiry = &protection_.expire(entry.groups, entry, at());
  due_.push_back(entry.suspicion->expiry);
}

// ---- protection

void Registry::Core::settle(Expiry& expiry) {
  if (expiry.entry == nullptr) return;  // came back or was removed meanwhile
  if (Protection::tripped_of(expiry.groups) != 0) {
    make_suspect(*expiry.entry);
  } else {
    set_aside(*expiry.entry);
  }
}

void Registry::Core::set_aside(Entry& entry) {
  count_expired(entry);
  Expiry& expiry = *entry.suspicion->expiry;
  expiry.entry = nullptr;
  expiry.aside = take_out(entry, Cause::expired);
  asides_.insert(entry);
}

// Whose task a scheduler has listed meanwhile is there by that.
void Registry::Core::bring_back(Expiry& expiry) {
  const auto is_back = [&](const Claim& claim) {
    return home_for(*claim.source, claim.by, claim.body->task) != nullptr;
  };
  if (std::ranges::any_of(expiry.aside->claims, is_back)) return forget_aside(*expiry.aside);
  asides_.erase(*expiry.aside);
  Entry& entry = *expiry.aside.release();
  expiry.entry = &entry;
  entry.effect = effect_on(entry);
  for (const Claim& claim : entry.claims) {
    if (!is_leased(claim.source->kind)) listed_[claim.source->name].insert(&entry);
    tasks_.add(claim.body->task, entry, is_scheduler(claim.source->kind));
  }
  entries_.insert(entry);
  enlist(entry, std::make_shared<Instance>(*entry.shown));
  make_suspect(entry);
  store_claims(entry);
  store_drain(entry);
  store_report(entry, HeartbeatStatus::passing);
}

void Registry::Core::make_suspect(Entry& entry) {
  Suspicion& suspicion = *entry.suspicion;
  const InstanceBody& body = *entry.claims.front().body;
  const Millis hold = protection_.config().hold;
  suspicion.suspect = true;
  suspicion.groups = suspicion.expiry->groups;
  suspicion.tripped = Protection::tripped_of(suspicion.groups);
  protection_.hold(suspicion.groups);
  suspicion.kind = last_claim(entry)->source->kind;
  ++suspects_of_[static_cast<std::size_t>(suspicion.kind)];
  if (has_tcp_port(body)) {
    suspicion.until = at() + hold;
    probes_.arm(suspicion, at());
  } else {
    suspicion.until = at() + std::min(hold, kUnprobeableHold);
  }
  refresh(entry);
}

void Registry::Core::end_suspicion(Entry& entry) {
  if (!entry.suspicion) return;
  if (entry.suspicion->suspect) --suspects_of_[static_cast<std::size_t>(entry.suspicion->kind)];
  if (entry.suspicion->expiry != nullptr) protection_.forget(*entry.suspicion->expiry);
  protection_.release(entry.suspicion->groups);
  entry.suspicion.reset();
}

bool Registry::Core::slide_window(std::size_t& most) {
  return protection_.slide(at(), most, [this](Expiry& expiry) {
    if (expiry.entry != nullptr) expiry.entry->suspicion->expiry = nullptr;
    if (expiry.aside) asides_.erase(*expiry.aside);
  });
}

std::vector<InstancePtr> Registry::Core::suspects_to_probe(Instant now, std::size_t most) {
  now_ = inner(now);
  std::vector<InstancePtr> due;
  while (due.size() < most) {
    Timer* timer = probes_.pop(at());
    if (timer == nullptr) break;
    auto& suspicion = static_cast<Suspicion&>(*timer);
    due.push_back(suspicion.entry->shown);
    probes_.arm(suspicion, at() + kProbeEvery);
  }
  return due;
}

void Registry::Core::suspect_verdict(std::string_view service, std::string_view id, ProbeVerdict verdict,
                                     Instant now) {
  now_ = inner(now);
  Entry* entry = entry_at(service, id);
  if (entry == nullptr || !entry->suspicion || !entry->suspicion->suspect) return;
  Suspicion& suspicion = *entry->suspicion;
  if (verdict == ProbeVerdict::connected) {
    suspicion.failures = 0;
    Protection::answered(suspicion.groups, suspicion.tripped, *entry);
    return;
  }
  suspicion.failures += verdict == ProbeVerdict::timed_out ? 1 : kProbeTimeouts;
  const bool silent = suspicion.failures >= kProbeTimeouts &&
                      Protection::another_answered(suspicion.groups, suspicion.tripped, *entry);
  if (verdict == ProbeVerdict::refused || silent) drop(*entry, Cause::confirmed);
}

bool Registry::Core::is_protected(const Entry& entry) const {
  if (!protection_.on() || entry.suspicion) return false;
  if (entry.shown->draining_since || entry.shown->admin == AdminMode::drain) return false;
  bool counts = false;
  for (const Claim& claim : entry.claims) {
    if (claim.lease_ms == 0) return false;
    counts |= has_generations(claim.source->kind) || config_.lyft_protection;
  }
  return counts;
}

void Registry::Core::update_membership(Entry& entry, const Instance* before) {
  const bool is_member = entry.groups[0] != nullptr;
  const bool should = is_protected(entry);
  if (!is_member && !should) return;
  if (is_member && should && before != nullptr && before->body == entry.shown->body) return;
  if (is_member && should)
    return protection_.move(entry.groups, Protection::keys_of(*before), Protection::keys_of(*entry.shown));
  protection_.leave(entry.groups);
  if (should) entry.groups = protection_.join(Protection::keys_of(*entry.shown));
}

// ---- overlay

void Registry::Core::overlay_changed(const std::vector<std::string>& touched) {
  overlay_revision_ = next_revision();
  OverlayRows rows;
  for (const OverlayEntry& entry : overlay_.entries())
    rows.entries_json.push_back(overlay_entry_to_json(entry));
  batch_.rows.push_back(std::move(rows));
  refresh_matching(touched);
}

void Registry::Core::refresh_matching(const std::vector<std::string>& matches) {
  std::vector<std::string> globs;
  for (const std::string& match : matches) {
    const std::size_t slash = match.rfind('/');
    if (!glob_is_literal(match)) {
      globs.push_back(match);
    } else if (slash != std::string::npos) {
      if (Entry* entry =
              entry_at(std::string_view(match).substr(0, slash), std::string_view(match).substr(slash + 1))) {
        entry->effect = effect_on(*entry);
        refresh(*entry);
      }
    }
  }
  if (!globs.empty()) begin_sweep(false, false, std::move(globs));
}

}  // namespace muster::registry
