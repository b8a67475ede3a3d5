#include "registry/sources/mesos_holds.h"

#include <algorithm>

#include "registry/limits.h"

namespace muster::registry::sources {

void MesosHolds::begin(const MesosTaskKey& key, Why why, SteadyTime now) {
  if (const auto found = holds_.find(key); found != holds_.end()) {
    if (found->second.why == why) return;
    end(key);
  }
  const Hold& hold = holds_[key] = {why, now, now + grace_, 0};
  probes_.insert({hold.next_probe, key});
  if (why == Why::unexplained) ends_.insert({now + hold_, key});
}

void MesosHolds::end(const MesosTaskKey& key) {
  const auto found = holds_.find(key);
  if (found == holds_.end()) return;
  const Hold hold = found->second;
  probes_.erase({hold.next_probe, key});
  ends_.erase({hold.since + hold_, key});
  holds_.erase(found);
}

bool MesosHolds::is_awaited(const MesosTaskKey& key) const {
  const auto found = holds_.find(key);
  return found != holds_.end() && found->second.why == Why::awaited;
}

bool MesosHolds::is_past_grace(const MesosTaskKey& key, SteadyTime now) const {
  const auto found = holds_.find(key);
  return found != holds_.end() && now >= found->second.since + grace_;
}

std::vector<MesosTaskKey> MesosHolds::all() const {
  std::vector<MesosTaskKey> keys;
  for (const auto& [key, hold] : holds_) keys.push_back(key);
  return keys;
}

std::vector<MesosTaskKey> MesosHolds::over(SteadyTime now) const {
  std::vector<MesosTaskKey> keys;
  for (const auto& [at, key] : ends_) {
    if (at > now) break;
    keys.push_back(key);
  }
  return keys;
}

std::vector<MesosTaskKey> MesosHolds::to_probe(SteadyTime now, std::size_t most) {
  std::vector<MesosTaskKey> due;
  while (due.size() < most && !probes_.empty() && probes_.begin()->first <= now) {
    auto node = probes_.extract(probes_.begin());
    due.push_back(node.value().second);
    holds_.at(due.back()).next_probe = node.value().first = now + kProbeEvery;
    probes_.insert(std::move(node));
  }
  return due;
}

void MesosHolds::answered(const MesosTaskKey& key, SteadyTime now) {
  if (last_answer_ && last_answer_->second != key) other_answer_ = std::move(last_answer_);
  last_answer_ = {now, key};
}

bool MesosHolds::has_another_answered(const MesosTaskKey& key, SteadyTime since) const {
  const auto is_other = [&](const auto& answer) {
    return answer && answer->first >= since && answer->second != key;
  };
  return is_other(last_answer_) || is_other(other_answer_);
}

bool MesosHolds::probed(const MesosTaskKey& key, ProbeVerdict verdict, SteadyTime now) {
  const auto found = holds_.find(key);
  if (found == holds_.end()) return false;
  Hold& hold = found->second;
  switch (verdict) {
    case ProbeVerdict::connected:
      hold.failures = 0;
      answered(key, now);
      return false;
    case ProbeVerdict::refused: answered(key, now); return true;
    case ProbeVerdict::unreachable: hold.failures = kProbeTimeouts; break;
    case ProbeVerdict::timed_out: ++hold.failures; break;
  }
  return hold.failures >= kProbeTimeouts && has_another_answered(key, hold.since);
}

std::optional<SteadyTime> MesosHolds::next_due() const {
  std::optional<SteadyTime> due;
  for (const Times* times : {&probes_, &ends_}) {
    if (!times->empty() && (!due || times->begin()->first < *due)) due = times->begin()->first;
  }
  return due;
}

}  // namespace muster::registry::sources
