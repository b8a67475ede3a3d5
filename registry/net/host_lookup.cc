#include "registry/net/host_lookup.h"

#include <ares.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <boost/asio/post.hpp>
#include <climits>
#include <cstring>
#include <stdexcept>
#include <utility>

#include "registry/net/ares_channel.h"
#include "registry/net/deadline.h"

namespace muster::net {

namespace asio = boost::asio;

namespace {

// c-ares cannot be told to give up one name; so that what was given up does not linger, the tries are few.
// Each is with every server and search domain in turn.
constexpr int kTries = 2;

// A channel's UDP socket keeps its port; after so many names it is replaced, so that ports are hard to guess.
constexpr int kNamesOfAChannel = 128;

constexpr int kTtlMostSeconds = 86'400;

std::vector<IpAddress> addresses_in(const ares_addrinfo& info) {
  std::vector<IpAddress> addresses;
  for (const ares_addrinfo_node* node = info.nodes; node != nullptr; node = node->ai_next) {
    asio::ip::address address;
    if (node->ai_family == AF_INET) {
      sockaddr_in native;
      std::memcpy(&native, node->ai_addr, sizeof native);
      address = asio::ip::address_v4(ntohl(native.sin_addr.s_addr));
    } else if (node->ai_family == AF_INET6) {
      sockaddr_in6 native;
      std::memcpy(&native, node->ai_addr, sizeof native);
      asio::ip::address_v6::bytes_type octets;
      std::memcpy(octets.data(), &native.sin6_addr, octets.size());
      address = asio::ip::address_v6(octets);
    } else {
      continue;
    }
    const IpAddress plain = from_asio(address);
    if (std::find(addresses.begin(), addresses.end(), plain) == addresses.end()) addresses.push_back(plain);
  }
  return addresses;
}

// The shortest of all records that led to the addresses, aliases among them.
Millis ttl_in(const ares_addrinfo& info) {
  int seconds = INT_MAX;
  for (const ares_addrinfo_node* node = info.nodes; node != nullptr; node = node->ai_next)
    seconds = std::min(seconds, node->ai_ttl);
  for (const ares_addrinfo_cname* alias = info.cnames; alias != nullptr; alias = alias->next)
    seconds = std::min(seconds, alias->ttl);
  return Millis(1'000LL * std::clamp(seconds, 0, kTtlMostSeconds));
}

ResolveFault fault_of(int status) {
  switch (status) {
    case ARES_ENODATA:
    case ARES_ENOTFOUND: return ResolveFault::not_found;
    case ARES_EBADNAME: return ResolveFault::bad_name;
    case ARES_ETIMEOUT: return ResolveFault::timed_out;
    default: return ResolveFault::failed;
  }
}

}  // namespace

// One name: two answers and a limit, whichever comes first.
class HostLookup::Query final : public std::enable_shared_from_this<Query> {
 public:
  Query(const Strand& strand, Done done) : strand_(strand), limit_(strand), done_(std::move(done)) {}

  void start(Millis limit) {
    limit_.set(limit, [self = shared_from_this()] {
      for (Half& half : self->halves_) {
        if (!half.status) half.status = ARES_ETIMEOUT;
      }
      self->finish();
    });
  }

  // Inside c-ares: nothing of it may be called from here, so the end is told later.
  void on_answer(std::size_t family, int status, const ares_addrinfo* info) {
    if (!done_) return;
    Half& half = halves_[family];
    half.status = status;
    if (status == ARES_SUCCESS && info != nullptr) {
      half.addresses = addresses_in(*info);
      half.ttl = ttl_in(*info);
      if (info->name != nullptr) half.name = info->name;
    }
    if (halves_[0].status && halves_[1].status) {
      limit_.clear();
      asio::post(strand_, [self = shared_from_this()] { self->finish(); });
    }
  }

  void drop() {
    done_ = {};
    limit_.clear();
  }

 private:
  struct Half {
    std::optional<int> status;
    std::string name;  // as found in a search domain
    std::vector<IpAddress> addresses;
    Millis ttl{0};
  };

  void finish() {
    if (!done_) return;
    auto done = std::exchange(done_, {});
    auto& [v4, v6] = halves_;
    // A short name may have A in one search domain and AAAA in another; these are two hosts.
    if (!v4.addresses.empty() && v4.name != v6.name) v6.addresses.clear();
    const Millis ttl = v4.addresses.empty()   ? v6.ttl
                       : v6.addresses.empty() ? v4.ttl
                                              : std::min(v4.ttl, v6.ttl);
    v4.addresses.insert(v4.addresses.end(), v6.addresses.begin(), v6.addresses.end());
    if (!v4.addresses.empty()) return done(HostAddresses{std::move(v4.addresses), ttl});
    // That one family does not exist says nothing while the other is unknown.
    const auto is_no = [](const Half& half) {
      return *half.status == ARES_SUCCESS || fault_of(*half.status) == ResolveFault::not_found;
    };
    if (!is_no(v4)) return done(fault_of(*v4.status));
    if (!is_no(v6)) return done(fault_of(*v6.status));
    done(ResolveFault::not_found);
  }

  const Strand strand_;
  Deadline limit_;
  Done done_;
  std::array<Half, 2> halves_;
};

// The names of one c-ares channel.
class HostLookup::Channel final {
 public:
  Channel(const Strand& strand, const ResolverConfig& config) {
    ares_options options{};
    char lookups[] = "b";  // DNS only; the hosts file was looked into
    options.lookups = lookups;
    options.timeout = static_cast<int>(config.resend.count());
    options.tries = kTries;
    int mask = ARES_OPT_LOOKUPS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES;
    std::vector<char*> domains;
    if (config.search) {
      for (const std::string& domain : *config.search) domains.push_back(const_cast<char*>(domain.c_str()));
      options.domains = domains.data();
      options.ndomains = static_cast<int>(domains.size());
      mask |= ARES_OPT_DOMAINS;
    }
    ares_ = std::make_shared<AresChannel>(strand, options, mask, config.servers);
  }

  // Answers what is under way: it is cancelled.
  void close() { ares_->close(); }

  void ask(const std::string& name, const std::shared_ptr<Query>& query) {
    ++names_;
    queries_.push_back(query);
    if (ares_->get() == nullptr) {
      query->on_answer(0, ARES_ENOTINITIALIZED, nullptr);
      query->on_answer(1, ARES_ENOTINITIALIZED, nullptr);
      return;
    }
    ares_addrinfo_hints hints{};
    hints.ai_flags = ARES_AI_NOSORT;
    for (std::size_t family = 0; family < 2; ++family) {
      hints.ai_family = family == 0 ? AF_INET : AF_INET6;
      ++pending_;
      ares_getaddrinfo(ares_->get(), name.c_str(), nullptr, &hints, &Channel::on_answer,
                       new Waiting{this, query, family});
    }
    ares_->watch_time();
  }

  bool is_idle() const { return pending_ == 0; }
  bool is_worn() const { return names_ >= kNamesOfAChannel; }
  void drop_queries() {
    for (const auto& weak : queries_) {
      if (const auto query = weak.lock()) query->drop();
    }
  }

 private:
  // Owned by c-ares until it answers, which it does once whatever happens.
  struct Waiting {
    Channel* channel;
    std::shared_ptr<Query> query;
    std::size_t family;
  };

  static void on_answer(void* argument, int status, int, ares_addrinfo* info) {
    const std::unique_ptr<Waiting> waiting(static_cast<Waiting*>(argument));
    --waiting->channel->pending_;
    waiting->query->on_answer(waiting->family, status, info);
    ares_freeaddrinfo(info);
  }

  std::shared_ptr<AresChannel> ares_;
  int names_ = 0;
  std::size_t pending_ = 0;
  std::vector<std::weak_ptr<Query>> queries_;
};

HostLookup::HostLookup(Strand strand, const ResolverConfig& config)
    : strand_(std::move(strand)), config_(config) {}

HostLookup::~HostLookup() {
  for (const auto& channel : channels_) {
    channel->drop_queries();
    channel->close();
  }
}

// An idle channel is not used again: a new one reads the system's list of servers anew and has another port.
std::shared_ptr<HostLookup::Channel> HostLookup::channel() {
  std::erase_if(channels_, [](const auto& channel) { return channel->is_idle(); });
  if (channels_.empty() || channels_.back()->is_worn())
    channels_.push_back(std::make_shared<Channel>(strand_, config_));
  return channels_.back();
}

void HostLookup::ask(const std::string& name, Millis limit, Done done) {
  const auto query = std::make_shared<Query>(strand_, std::move(done));
  query->start(limit);
  channel()->ask(name, query);
}

}  // namespace muster::net
