#include "tools/load/connection.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <stdexcept>

namespace muster::load {

namespace {

constexpr std::string_view kLength = "\r\nContent-Length: ";

template <class T>
T number(std::string_view text) {
  T value{};
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

std::size_t length_of(std::string_view head) {
  const auto at = head.find(kLength);
  return at == head.npos ? 0 : number<std::size_t>(head.substr(at + kLength.size()));
}

}  // namespace

Connection::Connection(const std::string& address, int port) : fd_(socket(AF_INET, SOCK_STREAM, 0)) {
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(static_cast<std::uint16_t>(port));
  if (inet_pton(AF_INET, address.c_str(), &to.sin_addr) != 1 ||
      connect(fd_, reinterpret_cast<sockaddr*>(&to), sizeof to) != 0) {
    close(fd_);
    throw std::runtime_error("cannot connect to " + address + ":" + std::to_string(port));
  }
  const int on = 1;
  setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

Connection::~Connection() { close(fd_); }

void Connection::write() {
  if (!wants_to_write()) return;
  const ssize_t sent = send(fd_, &output_[written_], output_.size() - written_, MSG_DONTWAIT | MSG_NOSIGNAL);
  if (sent > 0) written_ += static_cast<std::size_t>(sent);
  if (written_ == output_.size()) {
    output_.clear();
    written_ = 0;
  }
}

void Connection::read() {
  input_.erase(0, taken_);
  taken_ = 0;
  std::array<char, 65536> buffer;
  const ssize_t octets = recv(fd_, buffer.data(), buffer.size(), MSG_DONTWAIT);
  if (octets > 0) {
    input_.append(buffer.data(), static_cast<std::size_t>(octets));
  } else if (octets == 0 || (errno != EAGAIN && errno != EINTR)) {
    throw std::runtime_error("the server closed a connection");
  }
}

std::optional<HttpReply> HttpConnection::next() {
  const std::string_view text = rest();
  const auto end = text.find("\r\n\r\n");
  if (end == text.npos) return std::nullopt;
  const std::string_view head = text.substr(0, end);
  const std::size_t length = length_of(head);
  if (text.size() < end + 4 + length) return std::nullopt;
  take(end + 4 + length);
  return HttpReply{number<int>(head.substr(std::min<std::size_t>(9, head.size()))), head,
                   text.substr(end + 4, length)};
}

void DnsConnection::ask(std::span<const std::uint8_t> message) {
  const char length[] = {static_cast<char>(message.size() >> 8), static_cast<char>(message.size() & 0xff)};
  queue({length, sizeof length});
  queue({reinterpret_cast<const char*>(message.data()), message.size()});
}

std::optional<std::span<const std::uint8_t>> DnsConnection::next() {
  const std::string_view octets = rest();
  if (octets.size() < 2) return std::nullopt;
  const auto* at = reinterpret_cast<const std::uint8_t*>(octets.data());
  const std::size_t length = static_cast<std::size_t>(at[0] << 8 | at[1]);
  if (octets.size() < 2 + length) return std::nullopt;
  take(2 + length);
  return std::span(at + 2, length);
}

}  // namespace muster::load
