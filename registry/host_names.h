// The host names in the URLs of instances, and the addresses that DNS last gave them: which is to be looked
// up when, who is concerned when one has moved. Pure: moments in, names out; whoever looks them up says what
// came of it. Belongs to the control thread.
//
// A name is looked up when its first instance comes, and again when what was said has run out, but not sooner
// than after kHostAgain; after a failure it keeps its addresses and is asked again, more and more seldom.
// When its last instance has gone it is kept for kHostLinger and then forgotten.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

#include "registry/net/clock.h"
#include "registry/net/ip_address.h"

namespace muster::registry {

struct Entry;

// What a look-up found. No addresses: nothing, or DNS did not answer.
struct HostFound {
  std::vector<net::IpAddress> addresses;
  net::Millis ttl{0};  // for how long DNS lets it be believed
};

struct HostCounts {
  std::size_t names = 0;
  std::size_t unresolved = 0;  // of these, without an address
  std::size_t in_flight = 0;
  std::uint64_t refused = 0;  // names for which there was no room
  std::uint64_t moved = 0;    // look-ups that gave other addresses than before
};

class HostNames {
 public:
  using Addresses = std::vector<net::IpAddress>;  // sorted, each once

  // Whether a name is there or may come.
  bool has_room(std::string_view host);
  // Null: none is known.
  const Addresses* addresses_of(std::string_view host) const;

  // From before a start; instances that want it are still to come.
  void recall(std::string host, Addresses addresses, net::SteadyTime now);
  void join(std::string_view host, Entry& entry, net::SteadyTime now);
  void leave(std::string_view host, Entry& entry, net::SteadyTime now);

  // Those to be looked up now, at most `most`; each comes back by found().
  std::vector<std::string> due(net::SteadyTime now, std::size_t most);
  // True: its addresses are others than before, whether or not instances have it just now.
  bool found(std::string_view host, HostFound what, net::SteadyTime now);
  // One that shows addresses of before; null: nobody does any more.
  Entry* next_outdated();
  bool has_outdated() const { return !moved_.empty(); }
  // Forgets those that nobody has wanted for long; their names.
  std::vector<std::string> forget(net::SteadyTime now, std::size_t most);

  HostCounts counts() const;

 private:
  struct Host {
    const std::string* name = nullptr;  // the map's key
    Addresses addresses;
    std::unordered_set<Entry*> current;   // show these addresses
    std::unordered_set<Entry*> outdated;  // others
    std::optional<net::SteadyTime> at;    // in queue_: for a look-up, or to be forgotten
    bool in_flight = false;
    unsigned failures = 0;  // in a row
    bool is_idle() const { return current.empty() && outdated.empty(); }
  };
  using Queue = std::set<std::pair<net::SteadyTime, Host*>>;

  Host* find(std::string_view host);
  void plan(Host& host, net::SteadyTime at);
  void unplan(Host& host);
  Queue& queue_of(Host& host) { return host.is_idle() ? idle_ : queue_; }

  std::map<std::string, Host, std::less<>> hosts_;
  Queue queue_;                       // those with instances, by when they are looked up
  Queue idle_;                        // the others, by when they are forgotten
  std::vector<std::string> dropped_;  // made room; not told of yet
  std::set<Host*> moved_;             // with outdated ones
  // Instances whose name found no room, by the name: none of them is in hosts_.
  std::map<std::string, std::unordered_set<Entry*>, std::less<>> waiting_;
  std::size_t in_flight_ = 0;
  std::uint64_t refused_ = 0;
  std::uint64_t moves_ = 0;
};

}  // namespace muster::registry
