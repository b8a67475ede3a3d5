#include "registry/sources/host_book.h"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

namespace muster::registry::sources {

namespace {

constexpr net::Millis kFresh{60'000};
constexpr net::Millis kRetry{10'000};  // after a failure

}  // namespace

class HostBook::Impl : public std::enable_shared_from_this<Impl> {
 public:
  Impl(net::Resolver& resolver, std::function<net::SteadyTime()> now)
      : resolver_(resolver), now_(std::move(now)) {}

  std::vector<net::IpAddress> addresses_of(const std::string& name) {
    Host& host = hosts_[name];
    if (!host.is_asked && (!host.asked_at || now_() - *host.asked_at >= kFresh)) {
      host.is_asked = true;
      host.asked_at = now_();
      if (!host.is_heard && awaited_++ == 0 && !awaited_since_) awaited_since_ = now_();
      resolver_.resolve(name, [weak = weak_from_this(), name](net::ResolveResult result) {
        if (const auto self = weak.lock()) self->resolved(name, std::move(result));
      });
    }
    host.is_used = true;
    return host.addresses;
  }

  bool wants_look() {
    if (std::exchange(has_changed_, false)) return true;
    if (hosts_.empty() || now_() < due_) return false;
    due_ = now_() + kFresh;
    return true;
  }

  void forget_unused() {
    std::erase_if(hosts_, [](const auto& host) { return !host.second.is_used && !host.second.is_asked; });
    for (auto& [name, host] : hosts_) host.is_used = false;
  }

  bool awaits_first(net::Millis most) const { return awaited_ > 0 && now_() - *awaited_since_ < most; }

  KnownHosts known() const {
    KnownHosts known;
    for (const auto& [name, host] : hosts_) {
      if (!host.addresses.empty()) known.emplace(name, host.addresses);
    }
    return known;
  }

  void remember(KnownHosts known) {
    for (auto& [name, addresses] : known) {
      Host& host = hosts_[name];
      host.addresses = std::move(addresses);
      host.is_heard = true;
    }
  }

 private:
  struct Host {
    std::vector<net::IpAddress> addresses;
    std::optional<net::SteadyTime> asked_at;
    bool is_asked = false;
    bool is_used = false;   // since forget_unused()
    bool is_heard = false;  // of it, whatever it was
  };

  void resolved(const std::string& name, net::ResolveResult result) {
    Host& host = hosts_[name];
    host.is_asked = false;
    if (!std::exchange(host.is_heard, true)) has_changed_ |= --awaited_ == 0;
    if (!result) {
      host.asked_at.reset();
      due_ = std::min(due_, now_() + kRetry);
      return;
    }
    if (host.addresses == result->addresses) return;
    host.addresses = std::move(result->addresses);
    has_changed_ = true;
  }

  net::Resolver& resolver_;
  const std::function<net::SteadyTime()> now_;
  std::map<std::string, Host> hosts_;
  std::size_t awaited_ = 0;                       // asked for, and never heard of
  std::optional<net::SteadyTime> awaited_since_;  // when there first was one
  bool has_changed_ = false;
  net::SteadyTime due_{};
};

HostBook::HostBook(net::Resolver& resolver, std::function<net::SteadyTime()> now)
    : impl_(std::make_shared<Impl>(resolver, std::move(now))) {}
HostBook::~HostBook() = default;
std::vector<net::IpAddress> HostBook::addresses_of(const std::string& host) {
  return impl_->addresses_of(host);
}
bool HostBook::wants_look() { return impl_->wants_look(); }
void HostBook::forget_unused() { impl_->forget_unused(); }
bool HostBook::awaits_first(net::Millis most) const { return impl_->awaits_first(most); }
KnownHosts HostBook::known() const { return impl_->known(); }
void HostBook::remember(KnownHosts hosts) { impl_->remember(std::move(hosts)); }

}  // namespace muster::registry::sources
