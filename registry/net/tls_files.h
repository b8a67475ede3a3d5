// Whether a certificate and its key can be used, without a stream: for who reads a configuration. Free of Asio.
#pragma once

#include <string>

struct ssl_ctx_st;

namespace muster::net {

// Paths of PEM files: the certificate chain, its private key, and the authorities whose clients are believed
// ("": none). Throws std::runtime_error that names which of them cannot be used and why, as TlsContext would.
void check_tls_files(const std::string& certificate, const std::string& key,
                     const std::string& client_ca = "");

// From now on, clients are asked for a certificate of these authorities. Throws std::runtime_error.
void ask_for_client_certificates(ssl_ctx_st* context, const std::string& client_ca);

// Throws std::runtime_error: `what` could not be used, and why by OpenSSL's queue of errors, which is empty
// afterwards.
[[noreturn]] void throw_tls_error(const std::string& what);

}  // namespace muster::net
