// TLS 1.2 or 1.3 as a client. One context is shared by all its streams.
#pragma once

#include <memory>
#include <string>

#include "registry/net/socket.h"

struct ssl_ctx_st;

namespace muster::net {

// Paths of PEM files.
struct TlsClientConfig {
  std::string ca_file{};    // whom to trust; "": whom the system trusts
  std::string cert_file{};  // our own certificate with its chain, and its key; "": none
  std::string key_file{};   //
  std::string
      server_name{};   // the name that the server's certificate has to have; "": the host that is asked
  bool verify = true;  // false: any certificate will do
};

class TlsClientContext {
 public:
  // Throws std::runtime_error that names which file cannot be used and why.
  explicit TlsClientContext(TlsClientConfig config);
  ~TlsClientContext();
  TlsClientContext(const TlsClientContext&) = delete;
  TlsClientContext& operator=(const TlsClientContext&) = delete;

  // For a connected socket. `host`: a name or an IP literal. The certificate has to have that name (RFC 6125)
  // or that address; the handshake's error says what is wrong with it.
  std::unique_ptr<ByteStream> make_stream(Socket socket, const std::string& host) const;

 private:
  const TlsClientConfig config_;
  ssl_ctx_st* context_;
};

}  // namespace muster::net
