// AXFR and IXFR (RFC 5936, 1995): who may, what they get, and its way to them. The zone is read on the
// control thread in slices (dns/transfer_source.h), written as messages here, and the next slice is asked for
// when the last one has left, so that one transfer holds little memory and nobody waits for another.
//
// Thread safety: one thread, the one that runs the executor's context.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <tuple>

#include "dns/access.h"
#include "dns/client.h"
#include "dns/desk.h"
#include "dns/live_config.h"
#include "dns/transfer_source.h"
#include "registry/net/unique_function.h"

namespace muster::dns {

// How a transfer ended, for logs and metrics.
struct TransferReport {
  std::string zone;         // "": none of ours
  std::string_view kind;    // axfr, ixfr (differences), ixfr_whole, soa
  std::string_view result;  // sent, refused, notauth, formerr, failed, aborted
  net::Endpoint client;
  std::uint32_t serial = 0;
  std::uint64_t records = 0;
  std::uint64_t octets = 0;
  std::chrono::milliseconds took{0};
};

class Transfers {
 public:
  static constexpr std::size_t kAtOnce = 8;
  static constexpr std::size_t kWaiting = 64;

  // Who may transfer; every zone of ours is in it, those that nobody may transfer with an empty list.
  using Access = std::map<zones::Name, AccessList>;
  // Runs work on the control thread; false: it takes none.
  using OnControl = std::function<bool(net::UniqueFunction<void(zones::Zones&)>)>;
  using Ended = std::function<void(const TransferReport&)>;

  Transfers(boost::asio::any_io_executor executor, std::shared_ptr<const LiveConfig> config, Clock clock,
            OnControl on_control, Ended ended);
  ~Transfers();  // ends those under way

  void set_access(Access access);
  // AXFR and IXFR; the question is in class IN.
  void begin(Handed handed);

  struct Counts {
    std::map<std::tuple<std::string, std::string_view, std::string_view>, std::uint64_t>
        ended;  // zone, kind, result
    std::size_t running = 0;
    std::uint64_t waiting_full = 0;  // refused because too many wait
  };
  const Counts& counts() const;

 private:
  class Core;
  class Session;
  std::shared_ptr<Core> core_;
};

}  // namespace muster::dns
