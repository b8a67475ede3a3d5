#include "tests/registry/support/scripted_server.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <csignal>
#include <memory>
#include <stdexcept>

namespace muster::test {

namespace {

using Memory = std::unique_ptr<BIO, decltype(&BIO_free)>;

Memory reader_of(const std::string& text) {
  return {BIO_new_mem_buf(text.data(), static_cast<int>(text.size())), BIO_free};
}

SSL_CTX* context_of(const Certificate& files, const std::string& authority) {
  SSL_CTX* context = SSL_CTX_new(TLS_server_method());
  X509* certificate = PEM_read_bio_X509(reader_of(files.certificate).get(), nullptr, nullptr, nullptr);
  EVP_PKEY* key = PEM_read_bio_PrivateKey(reader_of(files.key).get(), nullptr, nullptr, nullptr);
  SSL_CTX_use_certificate(context, certificate);
  SSL_CTX_use_PrivateKey(context, key);
  X509_free(certificate);
  EVP_PKEY_free(key);
  if (!authority.empty()) {
    X509* trusted = PEM_read_bio_X509(reader_of(authority).get(), nullptr, nullptr, nullptr);
    X509_STORE_add_cert(SSL_CTX_get_cert_store(context), trusted);
    X509_free(trusted);
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  }
  return context;
}

int open_listener(std::uint16_t& port, bool listening) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  auto* plain = reinterpret_cast<sockaddr*>(&address);
  socklen_t size = sizeof address;
  if (bind(fd, plain, size) != 0 || (listening && listen(fd, 64) != 0) || getsockname(fd, plain, &size) != 0)
    throw std::runtime_error("no socket for a test");
  port = ntohs(address.sin_port);
  return fd;
}

}  // namespace

bool Visitor::fill() {
  char buffer[16384];
  const auto got = session_ ? SSL_read(session_, buffer, sizeof buffer) : recv(fd_, buffer, sizeof buffer, 0);
  if (got <= 0) return false;
  pending_.append(buffer, static_cast<std::size_t>(got));
  return true;
}

std::string Visitor::read_head() {
  std::size_t end;
  while ((end = pending_.find("\r\n\r\n")) == pending_.npos) {
    if (!fill()) return "";
  }
  return read(end + 4);
}

std::string Visitor::read(std::size_t size) {
  while (pending_.size() < size) {
    if (!fill()) break;
  }
  std::string octets = pending_.substr(0, size);
  pending_.erase(0, octets.size());
  return octets;
}

void Visitor::send(std::string_view octets) {
  while (!octets.empty()) {
    const auto sent = session_ ? SSL_write(session_, octets.data(), static_cast<int>(octets.size()))
                               : ::send(fd_, octets.data(), octets.size(), MSG_NOSIGNAL);
    if (sent <= 0) return;  // the client has closed; the test sees it
    octets.remove_prefix(static_cast<std::size_t>(sent));
  }
}

void Visitor::drip(std::string_view octets) {
  for (const char& octet : octets) send({&octet, 1});
}

void Visitor::finish() {
  if (session_) SSL_shutdown(session_);
  shutdown(fd_, SHUT_WR);
}

void Visitor::finish_rudely() { shutdown(fd_, SHUT_WR); }

void Visitor::reset() {
  // Connecting a socket to nothing drops its connection with RST, and leaves the descriptor open.
  sockaddr nowhere{};
  nowhere.sa_family = AF_UNSPEC;
  connect(fd_, &nowhere, sizeof nowhere);
}

bool Visitor::wait_for_end() {
  while (fill()) pending_.clear();
  char octet;
  return recv(fd_, &octet, 1, MSG_DONTWAIT) == 0 || (errno != EAGAIN && errno != EWOULDBLOCK);
}

std::string Visitor::server_name() const {
  const char* name = SSL_get_servername(session_, TLSEXT_NAMETYPE_host_name);
  return name ? name : "";
}

ScriptedServer::ScriptedServer(Script script, std::optional<Certificate> tls, const std::string& authority)
    : script_(std::move(script)) {
  std::signal(SIGPIPE, SIG_IGN);  // OpenSSL writes to sockets that the client has closed
  if (tls) context_ = context_of(*tls, authority);
  listener_ = open_listener(port_, true);
  thread_ = std::thread([this] { accept_all(); });
}

ScriptedServer::~ScriptedServer() {
  shutdown(listener_, SHUT_RDWR);
  thread_.join();
  for (Visit& visit : open_) {
    shutdown(visit.fd, SHUT_RDWR);
    visit.thread.join();
    close(visit.fd);
  }
  close(listener_);
  SSL_CTX_free(context_);
}

void ScriptedServer::accept_all() {
  for (;;) {
    const int fd = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0) return;
    const timeval patience{10, 0};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    const int one = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    const int number = ++visits_;
    open_.push_back({fd, std::thread([this, fd, number] { serve(fd, number); })});
  }
}

void ScriptedServer::serve(int fd, int number) {
  SSL* session = nullptr;
  if (context_) {
    session = SSL_new(context_);
    SSL_set_fd(session, fd);
    if (SSL_accept(session) != 1) {
      SSL_free(session);
      shutdown(fd, SHUT_RDWR);
      return;
    }
  }
  Visitor visitor(fd, number, session);
  script_(visitor);
  shutdown(fd, SHUT_RDWR);  // the descriptor itself is closed last, so that its number stays ours
  SSL_free(session);
}

std::uint16_t dead_port() {
  std::uint16_t port = 0;
  close(open_listener(port, false));
  return port;
}

}  // namespace muster::test
