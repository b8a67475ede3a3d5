// ByteStream over TLS 1.2 or 1.3 (server side). One context is shared by all streams; a renewed certificate
// is a new context, and streams that are open keep theirs.
#pragma once

#include <memory>
#include <string>

#include "registry/net/socket.h"

namespace muster::net {

class TlsContext {
 public:
  // Certificate chain and private key: PEM text, or the path of a PEM file. Throws std::runtime_error that
  // names which of the two cannot be used and why.
  TlsContext(const std::string& certificate, const std::string& key);
  ~TlsContext();

  std::unique_ptr<ByteStream> make_stream(Socket socket);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace muster::net
