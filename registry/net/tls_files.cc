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

// Sessions that are taken up again keep the names that they were opened with: they are this context's alone.
void ask_for_client_certificates(SSL_CTX* context, const std::string& client_ca) {
  ERR_clear_error();
  STACK_OF(X509_NAME)* names = SSL_load_client_CA_file(client_ca.c_str());
  if (names == nullptr || SSL_CTX_load_verify_locations(context, client_ca.c_str(), nullptr) != 1) {
    sk_X509_NAME_pop_free(names, X509_NAME_free);
    throw_tls_error("TLS authorities of clients " + client_ca);
  }
  SSL_CTX_set_client_CA_list(context, names);
  static constexpr unsigned char kSessions[] = "muster";
  SSL_CTX_set_session_id_context(context, kSessions, sizeof(kSessions) - 1);
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
}

void check_tls_files(const std::string& certificate, const std::string& key, const std::string& client_ca) {
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
  if (!client_ca.empty()) ask_for_client_certificates(context.get(), client_ca);
}

}  // namespace muster::net
