// Instances whose URL has a host name: they have the addresses that DNS gives it, as long as it gives none
// others.
#include <algorithm>

#include "registry/core.h"
#include "registry/limits.h"

namespace muster::registry {

namespace {

std::string_view host_of(const InstancePtr& instance) {
  return instance && instance->body && is_by_host(*instance->body)
             ? std::string_view(instance->body->url->host)
             : std::string_view();
}

std::string text_of_addresses(const std::vector<IpAddress>& addresses) {
  std::string text;
  for (const IpAddress& address : addresses) {
    if (!text.empty()) text += ' ';
    text += net::to_string(address);
  }
  return text;
}

std::vector<IpAddress> addresses_in(std::string_view text) {
  std::vector<IpAddress> addresses;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    if (const auto address = net::parse_ip(text.substr(0, end))) addresses.push_back(*address);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return addresses;
}

std::string key_of_host(std::string_view host) { return std::string(kHostKey).append(host); }

}  // namespace

std::optional<Refusal> Registry::Core::no_room_for_host(const BodyPtr& body) {
  if (!body || !is_by_host(*body) || hosts_.has_room(body->url->host)) return std::nullopt;
  return Refusal{RefusalCode::too_many_hosts,
                 "the URLs of all instances have at most " + std::to_string(kMaxHosts) +
                     " host names: give an address instead",
                 kFullRetryAfter};
}

void Registry::Core::follow_host(const InstancePtr& before, const InstancePtr& after, Entry& entry) {
  const std::string_view old_host = host_of(before);
  const std::string_view new_host = host_of(after);
  if (old_host == new_host) return;
  if (!old_host.empty()) hosts_.leave(old_host, entry, at());
  if (!new_host.empty()) hosts_.join(new_host, entry, at());
}

std::vector<std::string> Registry::Core::hosts_due(Instant now, std::size_t most) {
  return hosts_.due(inner(now).steady, most);
}

void Registry::Core::host_found(std::string_view host, HostFound what, Instant now) {
  now_ = inner(now);
  if (!hosts_.found(host, std::move(what), at())) return;
  batch_.rows.push_back(MetaRow{key_of_host(host), text_of_addresses(*hosts_.addresses_of(host))});
  std::size_t most = kSweepChanges;
  follow_hosts(most);
}

// Those of a name that has moved, in pieces; and the end of names that nobody has any more. True: there are
// more of the former.
bool Registry::Core::follow_hosts(std::size_t& most) {
  for (std::size_t left = std::min(most, kSweepChanges); left > 0; --left, --most) {
    Entry* entry = hosts_.next_outdated();
    if (entry == nullptr) break;
    refresh(*entry);
  }
  for (const std::string& host : hosts_.forget(at(), kSweepChanges))
    batch_.rows.push_back(MetaGone{key_of_host(host)});
  return hosts_.has_outdated();
}

void Registry::Core::restore_host(const MetaRow& row) {
  hosts_.recall(row.key.substr(kHostKey.size()), addresses_in(row.value), at());
}

}  // namespace muster::registry
