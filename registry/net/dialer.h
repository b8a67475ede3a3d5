// From an origin to a connected stream: resolve the host, try its addresses in turn, shake hands when it is
// https.
//
// Thread safety: all of it on its strand.
#pragma once

#include <memory>
#include <optional>

#include "registry/net/byte_stream.h"
#include "registry/net/clock.h"
#include "registry/net/http_message.h"
#include "registry/net/resolver.h"
#include "registry/net/tls_client.h"

namespace muster::net {

struct Dialed {
  std::unique_ptr<ByteStream> stream;
  Endpoint peer;
};

class Dialer {
 public:
  using Done = UniqueFunction<void(Result<Dialed, HttpError>)>;

  // `tls` may be missing where no https origin is dialed. The resolver outlives the dialer.
  Dialer(Strand strand, Resolver& resolver, std::shared_ptr<const TlsClientContext> tls);
  ~Dialer();  // cancels
  Dialer(const Dialer&) = delete;
  Dialer& operator=(const Dialer&) = delete;

  // One at a time. `limit` is for the connection, of which each address has an equal share of what is left;
  // the handshake has the same again. Calls `done` once, never inside this call.
  void dial(const HttpOrigin& origin, std::optional<Millis> limit, Done done);
  // `done` will not be called.
  void cancel();

 private:
  class Attempt;
  Strand strand_;
  Resolver& resolver_;
  std::shared_ptr<const TlsClientContext> tls_;
  std::shared_ptr<Attempt> attempt_;
};

}  // namespace muster::net
