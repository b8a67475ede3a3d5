// UPDATE messages that the answer function handed on (RFC 2136 §3.1, §3.3): whose zone, who may, and whether
// the message says anything. What becomes of it is decided by the zone's owner, on the control thread.
//
// The checks come in this order: form of the zone section, zone, permission, then the records; a stranger
// learns nothing of a zone by its prerequisites.
//
// Thread safety: one thread, the one that runs the executor's context.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "dns/access.h"
#include "dns/live_config.h"
#include "dns/desk.h"
#include "dns/edns.h"
#include "dns/rcode.h"
#include "registry/net/unique_function.h"
#include "zones/update.h"

namespace muster::dns {

// What is asked of a zone's owner.
struct UpdateRequest {
  zones::Update update;  // its zone's name in our case
  std::optional<std::uint32_t> lease_seconds;  // as asked (RFC 9664)
  std::string by;                              // the key's name, else the peer's address
};

class Updates {
 public:
  static constexpr std::size_t kAtOnce = 1024;

  struct Result {
    Rcode rcode = Rcode::noerror;
    std::optional<ExtendedError> error{};
    std::string error_text{};
    std::optional<std::uint32_t> lease_seconds{};  // as granted
    std::string reason{};                          // of a refusal, for the log
  };
  // May be called on any thread, once.
  using Done = net::UniqueFunction<void(Result)>;
  // False: it takes no more now.
  using Apply = std::function<bool(UpdateRequest, Done)>;
  // Who may update; every zone of ours is in it, those that nobody may update with an empty list. A prefix
  // counts over TCP only: the sender of a datagram is whoever it says.
  using Access = std::map<zones::Name, AccessList>;

  struct Report {
    std::string zone;         // "": none of ours
    std::string_view result;  // applied, refused, notauth, formerr, failed, prerequisite
    net::Endpoint client;
    std::string by;
    std::string reason;
  };
  using Ended = std::function<void(const Report&)>;

  Updates(boost::asio::any_io_executor executor, std::shared_ptr<const LiveConfig> config, Apply apply,
          Ended ended);
  ~Updates();

  void set_access(Access access);
  void begin(Handed handed);

  struct Counts {
    std::map<std::pair<std::string, std::string_view>, std::uint64_t> ended;  // zone, result
    std::uint64_t full = 0;                                                   // refused because too many are under way
  };
  const Counts& counts() const;

 private:
  class Core;
  std::shared_ptr<Core> core_;
};

}  // namespace muster::dns
