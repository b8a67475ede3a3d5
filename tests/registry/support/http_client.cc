#include "tests/registry/support/http_client.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <stdexcept>
#include <utility>

namespace muster::test {

namespace {

sockaddr_in socket_address(const net::IpAddress& address, std::uint16_t port) {
  sockaddr_in native{};
  native.sin_family = AF_INET;
  native.sin_port = htons(port);
  std::memcpy(&native.sin_addr, address.octets.data(), 4);
  return native;
}

void with_address(const sockaddr_in& address, int (*call)(int, const sockaddr*, socklen_t), int fd,
                  const char* what) {
  if (call(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    throw std::runtime_error(what);
}

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::tolower(c); });
  return text;
}

}  // namespace

std::string HttpResponse::header(const std::string& lower_name) const {
  const auto found = headers.find(lower_name);
  return found == headers.end() ? std::string() : found->second;
}

HttpClient::HttpClient(const net::Endpoint& to, bool tls, std::optional<net::IpAddress> from) {
  fd_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (from) with_address(socket_address(*from, 0), ::bind, fd_, "bind");
  const timeval patience{5, 0};
  setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  const int one = 1;
  setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  with_address(socket_address(to.address, to.port), ::connect, fd_, "connect");
  if (!tls) return;
  context_ = SSL_CTX_new(TLS_client_method());
  ssl_ = SSL_new(context_);
  SSL_set_fd(ssl_, fd_);
  if (SSL_connect(ssl_) != 1) throw std::runtime_error("TLS handshake");
}

std::string HttpClient::certificate() const {
  X509* peer = SSL_get1_peer_certificate(ssl_);
  unsigned char* der = nullptr;
  const int size = i2d_X509(peer, &der);
  std::string octets(reinterpret_cast<const char*>(der), static_cast<std::size_t>(size));
  OPENSSL_free(der);
  X509_free(peer);
  return octets;
}

HttpClient::~HttpClient() {
  SSL_free(ssl_);
  SSL_CTX_free(context_);
  if (fd_ >= 0) ::close(fd_);
}

void HttpClient::send(std::string_view octets) {
  while (!octets.empty()) {
    const auto sent = ssl_ ? SSL_write(ssl_, octets.data(), static_cast<int>(octets.size()))
                           : ::send(fd_, octets.data(), octets.size(), MSG_NOSIGNAL);
    if (sent <= 0) return;  // the server has closed; the test sees it when it reads
    octets.remove_prefix(static_cast<std::size_t>(sent));
  }
}

void HttpClient::half_close() { shutdown(fd_, SHUT_WR); }

void HttpClient::reset() {
  const linger at_once{1, 0};
  setsockopt(fd_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  ::close(fd_);
  fd_ = -1;
}

bool HttpClient::fill() {
  char buffer[16384];
  const auto got = ssl_ ? SSL_read(ssl_, buffer, sizeof buffer) : recv(fd_, buffer, sizeof buffer, 0);
  if (got <= 0) return false;
  pending_.append(buffer, static_cast<std::size_t>(got));
  return true;
}

std::string HttpClient::read_some() {
  if (pending_.empty()) fill();
  return std::exchange(pending_, {});
}

bool HttpClient::at_end() {
  if (!pending_.empty()) return false;
  char octet;
  const auto got = ssl_ ? SSL_read(ssl_, &octet, 1) : recv(fd_, &octet, 1, 0);
  return got == 0 || (got < 0 && (errno == ECONNRESET || ssl_));
}

std::optional<HttpResponse> HttpClient::read_response(bool to_head_request) {
  std::size_t end;
  while ((end = pending_.find("\r\n\r\n")) == pending_.npos) {
    if (!fill()) return std::nullopt;
  }
  HttpResponse response;
  std::string head = pending_.substr(0, end + 2);
  pending_.erase(0, end + 4);
  response.status = std::stoi(head.substr(9, 3));
  for (std::size_t at = head.find("\r\n") + 2; at < head.size();) {
    const auto line_end = head.find("\r\n", at);
    const auto colon = head.find(": ", at);
    response.headers[lower(head.substr(at, colon - at))] = head.substr(colon + 2, line_end - colon - 2);
    at = line_end + 2;
  }
  const bool chunked = response.header("transfer-encoding") == "chunked";
  if (to_head_request || response.status < 200 || response.status == 204 || response.status == 304)
    return response;
  if (!chunked) {
    const auto size = static_cast<std::size_t>(std::stoul("0" + response.header("content-length")));
    while (pending_.size() < size) {
      if (!fill()) return std::nullopt;
    }
    response.body = pending_.substr(0, size);
    pending_.erase(0, size);
    return response;
  }
  for (;;) {
    while ((end = pending_.find("\r\n")) == pending_.npos) {
      if (!fill()) return std::nullopt;
    }
    const auto size = std::stoul(pending_.substr(0, end), nullptr, 16);
    while (pending_.size() < end + 2 + size + 2) {
      if (!fill()) return std::nullopt;
    }
    response.body += pending_.substr(end + 2, size);
    pending_.erase(0, end + 2 + size + 2);
    if (size == 0) return response;
  }
}

std::optional<HttpResponse> HttpClient::ask(std::string_view octets) {
  send(octets);
  return read_response();
}

std::string request(std::string_view method, std::string_view target, std::string_view body,
                    std::string_view extra_headers) {
  std::string text = std::string(method) + " " + std::string(target) + " HTTP/1.1\r\nHost: 127.0.0.1\r\n";
  text += extra_headers;
  if (!body.empty()) text += "Content-Length: " + std::to_string(body.size()) + "\r\n";
  return text + "\r\n" + std::string(body);
}

}  // namespace muster::test
