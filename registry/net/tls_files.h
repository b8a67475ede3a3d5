// Whether a certificate and its key can be used, without a stream: for who reads a configuration. Free of Asio.
#pragma once

#include <string>

namespace muster::net {

// Paths of PEM files: the certificate chain and its private key. Throws std::runtime_error that names which of the two
// cannot be used and why, as TlsContext would.
void check_tls_files(const std::string& certificate, const std::string& key);

// Throws std::runtime_error: `what` could not be used, and why by OpenSSL's queue of errors, which is empty
// afterwards.
[[noreturn]] void throw_tls_error(const std::string& what);

}  // namespace muster::net
