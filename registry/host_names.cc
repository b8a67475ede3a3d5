#include "registry/host_names.h"

#include <algorithm>

#include "registry/limits.h"

namespace muster::registry {

namespace {

using net::Millis;
using net::SteadyTime;

bool may_be_published(const net::IpAddress& address) {
  return !address.is_unspecified() && !address.is_multicast() && !address.is_broadcast();
}

// In an order of their own: that of DNS changes from answer to answer.
void settle(HostNames::Addresses& addresses) {
  std::erase_if(addresses, [](const net::IpAddress& address) { return !may_be_published(address); });
  std::ranges::sort(addresses);
  addresses.erase(std::unique(addresses.begin(), addresses.end()), addresses.end());
  if (addresses.size() > kMaxAddresses) addresses.resize(kMaxAddresses);
}

Millis after_failures(unsigned failures) {
  return std::min(kHostAgain * (1U << std::min(failures, 8U)), kHostRetryMost);
}

}  // namespace

HostNames::Host* HostNames::find(std::string_view host) {
  const auto at = hosts_.find(host);
  return at == hosts_.end() ? nullptr : &at->second;
}

const HostNames::Addresses* HostNames::addresses_of(std::string_view host) const {
  const auto at = hosts_.find(host);
  return at == hosts_.end() || at->second.addresses.empty() ? nullptr : &at->second.addresses;
}

bool HostNames::has_room(std::string_view host) {
  if (hosts_.size() < kMaxHosts || !idle_.empty() || hosts_.contains(host)) return true;
  ++refused_;
  return false;
}

void HostNames::unplan(Host& host) {
  if (!host.at) return;
  queue_.erase({*host.at, &host});
  idle_.erase({*host.at, &host});
  host.at.reset();
}

void HostNames::plan(Host& host, SteadyTime at) {
  unplan(host);
  if (host.in_flight) return;
  host.at = at;
  queue_of(host).insert({at, &host});
}

void HostNames::recall(std::string name, Addresses addresses, SteadyTime now) {
  settle(addresses);
  if (addresses.empty() || hosts_.size() >= kMaxHosts) return dropped_.push_back(std::move(name));
  const auto at = hosts_.try_emplace(std::move(name)).first;
  at->second.name = &at->first;
  at->second.addresses = std::move(addresses);
  plan(at->second, now + kHostLinger);
}

// Where there is no room the instance stays unresolved until there is: whoever could be refused was.
void HostNames::join(std::string_view name, Entry& entry, SteadyTime now) {
  Host* host = find(name);
  if (host == nullptr) {
    if (hosts_.size() >= kMaxHosts) {
      if (idle_.empty()) {
        ++refused_;
        waiting_[std::string(name)].insert(&entry);
        return;
      }
      Host& oldest = *idle_.begin()->second;
      unplan(oldest);
      const std::string gone = *oldest.name;
      hosts_.erase(gone);
      dropped_.push_back(gone);
    }
    const auto at = hosts_.try_emplace(std::string(name)).first;
    host = &at->second;
    host->name = &at->first;
  }
  const bool was_idle = host->is_idle();
  if (was_idle) unplan(*host);
  host->current.insert(&entry);
  if (const auto waiting = waiting_.find(name); waiting != waiting_.end())
    host->current.merge(waiting_.extract(waiting).mapped());
  if (was_idle) plan(*host, now);
}

void HostNames::leave(std::string_view name, Entry& entry, SteadyTime now) {
  Host* host = find(name);
  if (host == nullptr) {
    const auto waiting = waiting_.find(name);
    if (waiting == waiting_.end()) return;
    waiting->second.erase(&entry);
    if (waiting->second.empty()) waiting_.erase(waiting);
    return;
  }
  if (host->is_idle()) return;
  host->current.erase(&entry);
  host->outdated.erase(&entry);
  if (host->outdated.empty()) moved_.erase(host);
  if (host->is_idle()) plan(*host, now + kHostLinger);
}

std::vector<std::string> HostNames::due(SteadyTime now, std::size_t most) {
  std::vector<std::string> names;
  while (!queue_.empty() && queue_.begin()->first <= now && names.size() < most &&
         in_flight_ < kHostsInFlight) {
    Host& host = *queue_.begin()->second;
    unplan(host);
    host.in_flight = true;
    ++in_flight_;
    names.push_back(*host.name);
  }
  return names;
}

bool HostNames::found(std::string_view name, HostFound what, SteadyTime now) {
  Host* host = find(name);
  if (host == nullptr || !host->in_flight) return false;
  host->in_flight = false;
  --in_flight_;
  settle(what.addresses);
  const bool is_good = !what.addresses.empty();
  const Millis again =
      is_good ? std::clamp(what.ttl, kHostAgain, kHostAgainMost) : after_failures(host->failures);
  host->failures = is_good ? 0 : host->failures + 1;
  plan(*host, now + (host->is_idle() ? kHostLinger : again));
  if (!is_good || what.addresses == host->addresses) return false;
  host->addresses = std::move(what.addresses);
  ++moves_;
  if (host->outdated.empty()) {
    host->outdated.swap(host->current);
  } else {
    host->outdated.merge(host->current);
  }
  if (!host->outdated.empty()) moved_.insert(host);
  return true;
}

Entry* HostNames::next_outdated() {
  if (moved_.empty()) return nullptr;
  Host& host = **moved_.begin();
  Entry* entry = *host.outdated.begin();
  host.current.insert(host.outdated.extract(host.outdated.begin()));
  if (host.outdated.empty()) moved_.erase(&host);
  return entry;
}

std::vector<std::string> HostNames::forget(SteadyTime now, std::size_t most) {
  std::vector<std::string> names = std::exchange(dropped_, {});
  while (!idle_.empty() && idle_.begin()->first <= now && names.size() < most) {
    Host& host = *idle_.begin()->second;
    unplan(host);
    names.push_back(*host.name);
    hosts_.erase(names.back());
  }
  while (!waiting_.empty() && hosts_.size() < kMaxHosts) {
    const auto& [name, entries] = *waiting_.begin();
    join(std::string(name), **entries.begin(), now);
  }
  return names;
}

HostCounts HostNames::counts() const {
  HostCounts counts{hosts_.size(), 0, in_flight_, refused_, moves_};
  for (const auto& [name, host] : hosts_) counts.unresolved += host.addresses.empty() ? 1U : 0U;
  return counts;
}

}  // namespace muster::registry
