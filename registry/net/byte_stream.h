// A connected stream of octets, whatever carries it: TCP (plain_stream) or TLS over it (tls_stream). Protocol
// code sees only this type, so the heavy templates on stream types stay inside two translation units.
//
// Thread safety: one stream belongs to its strand. At most one read and one write are under way at a time;
// the caller keeps buffers and the stream alive until `done` runs. `done` never runs inside the call that got
// it.
#pragma once

#include <boost/system/error_code.hpp>
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "registry/net/unique_function.h"

namespace muster::net {

class ByteStream {
 public:
  using Done = UniqueFunction<void(boost::system::error_code, std::size_t)>;
  using Pieces = std::span<const std::string_view>;

  virtual ~ByteStream() = default;
  virtual void handshake(Done done) = 0;
  // After it: the names in the certificate that the peer has shown and that is believed.
  virtual std::vector<std::string> peer_names() const { return {}; }
  virtual void read_some(std::span<char> into, Done done) = 0;
  // What the carrier takes at once without waiting, in octets; 0 when it cannot tell, an error shows in
  // write().
  virtual std::size_t write_now(Pieces pieces) = 0;
  virtual void write(Pieces pieces, Done done) = 0;  // all of it
  // Nothing more will be written: FIN, or close_notify. Reading may go on.
  virtual void finish() = 0;
  // Ends everything; what is under way completes with an error.
  virtual void close() = 0;
};

}  // namespace muster::net
