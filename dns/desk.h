// What the answer function hands on: queries that need more than the live table (transfers, updates). Whoever
// received one gives it to a Desk, together with a way back.
//
// Thread safety: Desk::take() from any thread; an Outlet belongs to the thread that the desk works on.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "dns/client.h"
#include "dns/cookies.h"
#include "dns/tsig.h"
#include "registry/net/unique_function.h"
#include "zones/name.h"

namespace muster::dns {

using Octets = std::vector<std::uint8_t>;
struct UdpWay;

// The way back to one client for one query. Destroying it ends the conversation.
class Outlet {
 public:
  using Written = net::UniqueFunction<void(bool written)>;

  virtual ~Outlet() = default;
  // Whole messages, in this order. `written` is called later, never from here: true when the system has taken
  // all of them, false when the client is gone. Over UDP only the first goes out, and `written` is not
  // called.
  virtual void send(std::vector<Octets> messages, Written written) = 0;
  // What was sent cannot be finished: the connection is closed.
  virtual void abort() = 0;
  // Over UDP: the way that send() takes, for who sends many together.
  virtual UdpWay* way() { return nullptr; }
};

// Who sent a query, as far as its signature and cookie show, and what the reply owes for them.
struct Sender {
  std::optional<zones::Name> key;  // whose signature was verified
  TsigSigner signer;               // appends nothing where nothing was signed
  std::optional<Cookie> cookie;
};

// What a query is handed on for.
enum class Errand : std::uint8_t { transfer, update, forward };

struct Handed {
  Octets packet;
  Client client;
  Sender sender;
  std::shared_ptr<Outlet> outlet;
  Errand errand = Errand::transfer;
};

class Desk {
 public:
  virtual ~Desk() = default;
  // False: too many wait already; the query stays without an answer.
  virtual bool take(Handed handed) = 0;
  // The same of several that came together; leaves none.
  virtual void take_all(std::vector<Handed>& all) {
    for (Handed& handed : all) take(std::move(handed));
    all.clear();
  }
};

}  // namespace muster::dns
