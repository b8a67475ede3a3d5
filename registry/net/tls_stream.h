// ByteStream over TLS 1.2 or 1.3. On the server's side one context is shared by all streams; a renewed
// certificate is a new context, and streams that are open keep theirs. The client's side is tls_client.
#pragma once

#include <memory>
#include <string>

#include "registry/net/socket.h"

struct ssl_st;

namespace muster::net {

class TlsContext {
 public:
  // Certificate chain and private key: PEM text, or the path of a PEM file. `client_ca`, the path of a PEM
  // file: clients are asked for a certificate of one of these authorities; one that shows none may speak all
  // the same, one that shows another's may not. "": nobody is asked. Throws std::runtime_error that names
  // which of them cannot be used and why.
  TlsContext(const std::string& certificate, const std::string& key, const std::string& client_ca = "");
  ~TlsContext();

  std::unique_ptr<ByteStream> make_stream(Socket socket);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

// Takes the session, which knows already what is expected of the peer. Its handshake, when the certificate is
// at fault, ends with an error whose message says how ("certificate has expired").
std::unique_ptr<ByteStream> make_tls_client_stream(Socket socket, ssl_st* session);

}  // namespace muster::net
