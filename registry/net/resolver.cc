#include "registry/net/resolver.h"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <deque>
#include <list>
#include <unordered_map>
#include <utility>

#include "registry/net/host_lookup.h"
#include "registry/net/hosts_file.h"

namespace muster::net {

namespace asio = boost::asio;

namespace {

constexpr std::size_t kLongestName = 253;  // RFC 1035 §2.3.4, as text

// In lower case; nothing: no host name.
std::optional<std::string> read_name(std::string_view text) {
  std::string name(text);
  if (name.empty() || name.size() > kLongestName + (name.ends_with('.') ? 1 : 0)) return std::nullopt;
  for (char& c : name) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + ('a' - 'A'));
    const bool is_good = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
    if (!is_good) return std::nullopt;
  }
  return name;
}

// RFC 6761 §6.3: never asked in DNS.
bool is_localhost(std::string_view name) { return name == "localhost" || name.ends_with(".localhost"); }

std::vector<IpAddress> loopback() { return {*parse_ip("127.0.0.1"), *parse_ip("::1")}; }

std::string_view without_dot(std::string_view name) {
  if (name.ends_with('.')) name.remove_suffix(1);
  return name;
}

}  // namespace

std::string_view to_string(ResolveFault fault) {
  switch (fault) {
    case ResolveFault::bad_name: return "not a host name";
    case ResolveFault::not_found: return "no such host";
    case ResolveFault::timed_out: return "DNS does not answer";
    case ResolveFault::failed: return "DNS fails";
    case ResolveFault::full: return "too many names are being looked up";
  }
  return "";
}

class Resolver::Impl final : public std::enable_shared_from_this<Impl> {
 public:
  Impl(Strand strand, ResolverConfig config, std::function<SteadyTime()> now)
      : config_(std::move(config)),
        strand_(std::move(strand)),
        now_(std::move(now)),
        hosts_(config_.hosts_file),
        lookup_(std::make_unique<HostLookup>(strand_, config_)) {}

  void shut() {
    waiting_.clear();
    lookup_.reset();
  }

  Ticket resolve(std::string_view text, Done done) {
    const Ticket ticket = ++last_ticket_;
    waiting_.emplace(ticket, std::move(done));
    if (auto at_hand = find_at_hand(text)) {
      tell_later(ticket, std::move(*at_hand));
    } else {
      ask_for(*read_name(text), ticket);
    }
    return ticket;
  }

  void cancel(Ticket ticket) { waiting_.erase(ticket); }

  std::optional<Resolved> known(std::string_view text) {
    if (const auto at_hand = find_at_hand(text)) {
      if (!*at_hand) return std::nullopt;
      return **at_hand;
    }
    const auto found = entries_.find(*read_name(text));
    if (found == entries_.end() || found->second.addresses.empty()) return std::nullopt;
    return found->second.last_good();
  }

  ResolverCounters counters;

 private:
  struct Entry {
    std::vector<IpAddress> addresses;     // the last good ones
    Millis ttl{0};                        // of these
    std::optional<ResolveFault> fault;    // of the last query
    std::optional<SteadyTime> ask_after;  // nothing: never asked
    bool is_asked = false;                // now, or it waits its turn
    std::vector<Ticket> waiters;
    std::list<std::string>::iterator use;

    Resolved last_good() const { return {addresses, fault.has_value(), ttl}; }
  };

  // What needs no DNS; nothing: it does.
  std::optional<ResolveResult> find_at_hand(std::string_view text) {
    if (const auto literal = parse_ip(text)) return Resolved{{*literal}, false, {}};
    const auto name = read_name(text);
    if (!name) return ResolveResult(ResolveFault::bad_name);
    const SteadyTime now = now_();
    if (!hosts_seen_ || now - *hosts_seen_ >= config_.hosts_check) {
      hosts_seen_ = now;
      hosts_.refresh();
    }
    if (const auto* listed = hosts_.find(without_dot(*name))) return Resolved{*listed, false, {}};
    if (is_localhost(without_dot(*name))) return Resolved{loopback(), false, {}};
    return std::nullopt;
  }

  void ask_for(const std::string& name, Ticket ticket) {
    Entry* entry = find_or_make(name);
    if (entry == nullptr) {
      ++counters.refused;
      return tell_later(ticket, ResolveFault::full);
    }
    if (entry->is_asked) {
      ++counters.joined;
      entry->waiters.push_back(ticket);
      return;
    }
    if (entry->ask_after && now_() < *entry->ask_after) return tell_later(ticket, answer(*entry));
    entry->is_asked = true;
    entry->waiters.push_back(ticket);
    queue_.push_back(name);
    ask_next();
  }

  // A good answer, a stale one, or the fault.
  ResolveResult answer(const Entry& entry) {
    if (entry.addresses.empty()) return entry.fault.value_or(ResolveFault::failed);
    if (entry.fault) ++counters.stale;
    return entry.last_good();
  }

  Entry* find_or_make(const std::string& name) {
    const auto found = entries_.find(name);
    if (found != entries_.end()) {
      uses_.splice(uses_.begin(), uses_, found->second.use);
      return &found->second;
    }
    if (entries_.size() >= config_.most_names && !make_room()) return nullptr;
    Entry& entry = entries_[name];
    uses_.push_front(name);
    entry.use = uses_.begin();
    return &entry;
  }

  // The name that was not asked for the longest goes, unless it is being asked.
  bool make_room() {
    for (auto at = uses_.rbegin(); at != uses_.rend(); ++at) {
      const auto found = entries_.find(*at);
      if (found->second.is_asked) continue;
      uses_.erase(found->second.use);
      entries_.erase(found);
      ++counters.evicted;
      return true;
    }
    return false;
  }

  void ask_next() {
    while (at_once_ < config_.most_at_once && !queue_.empty()) {
      std::string name = std::move(queue_.front());
      queue_.pop_front();
      ++at_once_;
      ++counters.asked;
      lookup_->ask(name, config_.limit, [weak = weak_from_this(), name](auto result) {
        if (const auto self = weak.lock()) self->on_answer(name, std::move(result));
      });
    }
  }

  void on_answer(const std::string& name, Result<HostAddresses, ResolveFault> result) {
    Entry& entry = entries_.at(name);  // stays while it is asked
    entry.is_asked = false;
    if (result) {
      entry.addresses = std::move(result->addresses);
      entry.ttl = result->ttl;
      entry.fault.reset();
    } else {
      entry.fault = result.error();
      ++counters.failed;
    }
    entry.ask_after = now_() + (result ? config_.fresh : config_.retry);
    --at_once_;
    ask_next();
    for (const Ticket ticket : std::exchange(entry.waiters, {})) {
      if (waiting_.contains(ticket)) tell_later(ticket, answer(entry));
    }
  }

  void tell_later(Ticket ticket, ResolveResult result) {
    asio::post(strand_, [self = shared_from_this(), ticket, result = std::move(result)]() mutable {
      const auto found = self->waiting_.find(ticket);
      if (found == self->waiting_.end()) return;
      Done done = std::move(found->second);
      self->waiting_.erase(found);
      done(std::move(result));
    });
  }

  const ResolverConfig config_;
  const Strand strand_;
  const std::function<SteadyTime()> now_;
  HostsFile hosts_;
  std::optional<SteadyTime> hosts_seen_;
  std::unique_ptr<HostLookup> lookup_;
  std::unordered_map<std::string, Entry> entries_;
  std::list<std::string> uses_;    // names, the one asked for last in front
  std::deque<std::string> queue_;  // names that wait for their turn
  std::size_t at_once_ = 0;
  std::unordered_map<Ticket, Done> waiting_;
  Ticket last_ticket_ = 0;
};

Resolver::Resolver(Strand strand, ResolverConfig config, std::function<SteadyTime()> now)
    : impl_(std::make_shared<Impl>(std::move(strand), std::move(config), std::move(now))) {}
Resolver::~Resolver() { impl_->shut(); }

Resolver::Ticket Resolver::resolve(std::string_view name, Done done) {
  return impl_->resolve(name, std::move(done));
}
void Resolver::cancel(Ticket ticket) { impl_->cancel(ticket); }
std::optional<Resolved> Resolver::known(std::string_view name) { return impl_->known(name); }
const ResolverCounters& Resolver::counters() const { return impl_->counters; }

}  // namespace muster::net
