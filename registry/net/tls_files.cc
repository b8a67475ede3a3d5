#include "registry/net/tls_files.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <memory>
#include <stdexcept>

namespace muster::net {

[[noreturn]] void throw_tls_error(const std::string& what) {
  const char* reason = ERR_reason_error_string(ERR_peek_error());
  ERR_clear_error();
  throw std::runtime_error(what + ": " + (reason != nullptr ? reason : "not readable as PEM"));
}

void check_tls_files(const std::string& certificate, const std::string& key) {
  ERR_clear_error();
  const std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context(SSL_CTX_new(TLS_server_method()), SSL_CTX_free);
  if (!context) throw_tls_error("TLS");
  if (SSL_CTX_use_certificate_chain_file(context.get(), certificate.c_str()) != 1)
    throw_tls_error("TLS certificate " + certificate);
  // OpenSSL itself compares the key with the certificate here; another key is told by its reason.
  if (SSL_CTX_use_PrivateKey_file(context.get(), key.c_str(), SSL_FILETYPE_PEM) != 1)
    throw_tls_error("TLS key " + key);
  if (SSL_CTX_check_private_key(context.get()) != 1)
    throw_tls_error("TLS key " + key + " does not belong to the certificate " + certificate);
}

}  // namespace muster::net
