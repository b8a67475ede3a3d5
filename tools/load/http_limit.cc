// The canned-reply limit of a change by HTTP: what carrying a request and its reply over TCP costs on this
// machine, and what that does to a name server on the same core, when nothing is changed. One connection at a
// time; each request that begins with PUT, of at most kRequest octets, is answered with the same reply, of
// about the size of musterd's. Usage: muster-http-limit ADDRESS PORT
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

namespace {

constexpr std::size_t kRequest = 16384;
constexpr std::size_t kBody = 280;

const sockaddr* generic(const sockaddr_in& address) { return reinterpret_cast<const sockaddr*>(&address); }

int listen_at(const sockaddr_in& address) {
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  const int on = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (fd < 0 || bind(fd, generic(address), sizeof address) != 0 || listen(fd, 16) != 0) {
    std::perror("muster-http-limit");
    std::exit(1);
  }
  return fd;
}

std::string canned_reply() {
  return "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: " + std::to_string(kBody) +
         "\r\n\r\n" + std::string(kBody, 'x');
}

// How many requests begin in what came; a request line that two reads share is not seen, nor sent by the
// benchmark.
std::size_t requests_in(std::string_view text) {
  std::size_t requests = 0;
  for (auto at = text.find("PUT /"); at != text.npos; at = text.find("PUT /", at + 1)) ++requests;
  return requests;
}

// As an event loop does it: waits, reads all there is, answers all of it with one write.
void serve(int fd) {
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  const int epoll = epoll_create1(0);
  epoll_event event{EPOLLIN, {nullptr}};
  epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
  const std::string reply = canned_reply();
  std::array<char, kRequest> buffer;
  std::string replies;
  while (epoll_wait(epoll, &event, 1, -1) == 1) {
    const ssize_t size = recv(fd, buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (size <= 0) break;
    replies.clear();
    for (auto left = requests_in({buffer.data(), static_cast<std::size_t>(size)}); left > 0; --left)
      replies += reply;
    if (!replies.empty() && send(fd, replies.data(), replies.size(), MSG_NOSIGNAL) < 0) break;
  }
  close(epoll);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: muster-http-limit ADDRESS PORT\n");
    return 2;
  }
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(std::atoi(argv[2])));
  inet_pton(AF_INET, argv[1], &address.sin_addr);
  for (const int listener = listen_at(address);;) {
    const int fd = accept(listener, nullptr, nullptr);
    if (fd < 0) continue;
    serve(fd);
    close(fd);
  }
}
