#include "tools/load/http_connection.h"

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

HttpConnection::HttpConnection(const std::string& address, int port) : fd_(socket(AF_INET, SOCK_STREAM, 0)) {
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

HttpConnection::~HttpConnection() { close(fd_); }

void HttpConnection::write() {
  if (!wants_to_write()) return;
  const ssize_t sent = send(fd_, &output_[written_], output_.size() - written_, MSG_DONTWAIT | MSG_NOSIGNAL);
  if (sent > 0) written_ += static_cast<std::size_t>(sent);
  if (written_ == output_.size()) {
    output_.clear();
    written_ = 0;
  }
}

void HttpConnection::read() {
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
  const std::string_view rest = std::string_view(input_).substr(taken_);
  const auto end = rest.find("\r\n\r\n");
  if (end == rest.npos) return std::nullopt;
  const std::string_view head = rest.substr(0, end);
  const std::size_t length = length_of(head);
  if (rest.size() < end + 4 + length) return std::nullopt;
  taken_ += end + 4 + length;
  return HttpReply{number<int>(head.substr(std::min<std::size_t>(9, head.size()))), head,
                   rest.substr(end + 4, length)};
}

}  // namespace muster::load
