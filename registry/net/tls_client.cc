#include "registry/net/tls_client.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <boost/asio/ip/tcp.hpp>
#include <stdexcept>

#include "registry/net/tls_files.h"
#include "registry/net/tls_stream.h"

namespace muster::net {

namespace {

void use_authorities(SSL_CTX* context, const std::string& file) {
  if (file.empty()) {
    if (SSL_CTX_set_default_verify_paths(context) != 1)
      throw_tls_error("the system's certificate authorities");
  } else if (SSL_CTX_load_verify_file(context, file.c_str()) != 1) {
    throw_tls_error("TLS authorities " + file);
  }
}

void use_own_certificate(SSL_CTX* context, const std::string& certificate, const std::string& key) {
  if (SSL_CTX_use_certificate_chain_file(context, certificate.c_str()) != 1)
    throw_tls_error("TLS certificate " + certificate);
  if (SSL_CTX_use_PrivateKey_file(context, key.c_str(), SSL_FILETYPE_PEM) != 1)
    throw_tls_error("TLS key " + key);
  if (SSL_CTX_check_private_key(context) != 1)
    throw_tls_error("TLS key " + key + " does not belong to the certificate " + certificate);
}

struct SessionFree {
  void operator()(SSL* session) const { SSL_free(session); }
};
using Session = std::unique_ptr<SSL, SessionFree>;

// SSL_set_tlsext_host_name without its cast of the old style.
bool announce(SSL* session, std::string name) {
  return SSL_ctrl(session, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, name.data()) == 1;
}

// What the certificate has to have; SNI carries names only (RFC 6066 §3).
bool expect_peer(SSL* session, const std::string& name, bool verify) {
  const bool is_address = parse_ip(name).has_value();
  if (!is_address && !announce(session, name)) return false;
  if (!verify) return true;
  if (is_address) return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(session), name.c_str()) == 1;
  SSL_set_hostflags(session, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  return SSL_set1_host(session, name.c_str()) == 1;
}

}  // namespace

TlsClientContext::TlsClientContext(TlsClientConfig config)
    : config_(std::move(config)), context_(SSL_CTX_new(TLS_client_method())) {
  ERR_clear_error();
  if (context_ == nullptr) throw_tls_error("TLS");
  try {
    SSL_CTX_set_min_proto_version(context_, TLS1_2_VERSION);
    SSL_CTX_set_options(context_, SSL_OP_NO_RENEGOTIATION);
    SSL_CTX_set_verify(context_, config_.verify ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, nullptr);
    static constexpr unsigned char kHttp11[] = "\x08http/1.1";
    SSL_CTX_set_alpn_protos(context_, kHttp11, sizeof(kHttp11) - 1);
    if (config_.verify || !config_.ca_file.empty()) use_authorities(context_, config_.ca_file);
    if (!config_.cert_file.empty()) use_own_certificate(context_, config_.cert_file, config_.key_file);
  } catch (...) {
    SSL_CTX_free(context_);
    throw;
  }
}

TlsClientContext::~TlsClientContext() { SSL_CTX_free(context_); }

std::unique_ptr<ByteStream> TlsClientContext::make_stream(Socket socket, const std::string& host) const {
  Session session(SSL_new(context_));
  std::string name = config_.server_name.empty() ? host : config_.server_name;
  if (name.ends_with('.')) name.pop_back();  // certificates have names without it
  if (!session || !expect_peer(session.get(), name, config_.verify)) return nullptr;
  return make_tls_client_stream(std::move(socket), session.release());
}

}  // namespace muster::net
