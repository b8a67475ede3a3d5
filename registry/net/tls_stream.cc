#include "registry/net/tls_stream.h"

#include <boost/asio/buffer.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>
#include <stdexcept>
#include <system_error>
#include <vector>

#include "registry/net/certificate_names.h"
#include "registry/net/tls_files.h"

namespace muster::net {

namespace asio = boost::asio;
namespace ssl = boost::asio::ssl;
using boost::system::error_code;

namespace {

// What a certificate was refused for, as OpenSSL numbers it (X509_V_ERR_…).
class CertificateErrors final : public std::error_category {
 public:
  const char* name() const noexcept override { return "certificate"; }
  std::string message(int number) const override { return X509_verify_cert_error_string(number); }
};
const CertificateErrors kCertificateErrors;

// TLS has no half-close that clients agree on, so finish() sends close_notify and the peer's answer is not
// waited for here: whoever reads on sees it. asio::ssl::stream has no time-outs; the owner's deadlines call
// close().
class TlsStream final : public ByteStream {
 public:
  TlsStream(Socket socket, ssl::context& context)
      : shared_(std::make_shared<ssl::stream<Socket>>(std::move(socket), context)) {}
  TlsStream(Socket socket, SSL* session)
      : shared_(std::make_shared<ssl::stream<Socket>>(std::move(socket), session)),
        side_(ssl::stream_base::client) {}
  ~TlsStream() override { close(); }

  void handshake(Done done) override {
    shared_->async_handshake(side_, [keep = shared_, done = std::move(done)](error_code ec) mutable {
      const auto verdict = SSL_get_verify_result(keep->native_handle());
      if (ec && verdict != X509_V_OK) ec = std::error_code(static_cast<int>(verdict), kCertificateErrors);
      done(ec, 0);
    });
  }
  std::vector<std::string> peer_names() const override {
    SSL* session = shared_->native_handle();
    const std::unique_ptr<X509, decltype(&X509_free)> certificate(SSL_get1_peer_certificate(session),
                                                                  X509_free);
    if (!certificate || SSL_get_verify_result(session) != X509_V_OK) return {};
    return certificate_names(*certificate);
  }
  void read_some(std::span<char> into, Done done) override {
    shared_->async_read_some(asio::buffer(into.data(), into.size()), std::move(done));
  }
  std::size_t write_now(Pieces) override { return 0; }
  void write(Pieces pieces, Done done) override {
    // One record a write: pieces are gathered here, since each buffer would become a record of its own.
    gathered_.clear();
    for (const auto piece : pieces) gathered_ += piece;
    asio::async_write(*shared_, asio::buffer(gathered_), std::move(done));
  }
  void finish() override {
    shared_->async_shutdown([keep = shared_](error_code) {});
  }
  void close() override {
    error_code ignored;
    shared_->next_layer().close(ignored);
  }

 private:
  std::shared_ptr<ssl::stream<Socket>> shared_;  // outlives us while a shutdown is under way
  ssl::stream_base::handshake_type side_ = ssl::stream_base::server;
  std::string gathered_;
};

bool is_pem(const std::string& text) { return text.find("-----BEGIN") != text.npos; }
// " /etc/muster/server.key"; nothing when the text itself was given.
std::string named(const std::string& where) { return is_pem(where) ? "" : " " + where; }

}  // namespace

class TlsContext::Impl {
 public:
  ssl::context context{ssl::context::tls_server};

  void use_certificate(const std::string& certificate) {
    error_code error;
    if (is_pem(certificate)) {
      context.use_certificate_chain(asio::buffer(certificate), error);
    } else {
      context.use_certificate_chain_file(certificate, error);
    }
    fail_on(error, "TLS certificate", certificate);
  }

  void use_key(const std::string& key) {
    error_code error;
    if (is_pem(key)) {
      context.use_private_key(asio::buffer(key), ssl::context::pem, error);
    } else {
      context.use_private_key_file(key, ssl::context::pem, error);
    }
    fail_on(error, "TLS key", key);
  }

 private:
  static void fail_on(const error_code& error, const std::string& what, const std::string& where) {
    if (!error) return;
    throw std::runtime_error(what + named(where) + ": " + error.message());
  }
};

namespace {

// We speak HTTP/1.1 only; a client that offers h2 as well learns that here.
int choose_protocol(SSL*, const unsigned char** out, unsigned char* size, const unsigned char* offered,
                    unsigned int offered_size, void*) {
  static constexpr unsigned char kHttp11[] = "\x08http/1.1";
  unsigned char* chosen = nullptr;
  if (SSL_select_next_proto(&chosen, size, kHttp11, sizeof(kHttp11) - 1, offered, offered_size) !=
      OPENSSL_NPN_NEGOTIATED) {
    return SSL_TLSEXT_ERR_NOACK;
  }
  *out = chosen;
  return SSL_TLSEXT_ERR_OK;
}

}  // namespace

TlsContext::TlsContext(const std::string& certificate, const std::string& key, const std::string& client_ca)
    : impl_(std::make_unique<Impl>()) {
  SSL_CTX* native = impl_->context.native_handle();
  SSL_CTX_set_min_proto_version(native, TLS1_2_VERSION);
  SSL_CTX_set_options(native, SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE);
  SSL_CTX_set_alpn_select_cb(native, choose_protocol, nullptr);
  impl_->use_certificate(certificate);
  impl_->use_key(key);
  if (SSL_CTX_check_private_key(native) != 1)
    throw std::runtime_error("TLS key" + named(key) + " does not belong to the certificate" +
                             named(certificate));
  if (!client_ca.empty()) ask_for_client_certificates(native, client_ca);
}

TlsContext::~TlsContext() = default;

std::unique_ptr<ByteStream> TlsContext::make_stream(Socket socket) {
  return std::make_unique<TlsStream>(std::move(socket), impl_->context);
}

std::unique_ptr<ByteStream> make_tls_client_stream(Socket socket, SSL* session) {
  return std::make_unique<TlsStream>(std::move(socket), session);
}

}  // namespace muster::net
