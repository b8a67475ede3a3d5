#include "tools/musterd/service_manager.h"

#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <ctime>

#include "tools/musterd/log.h"

namespace muster::tools {

namespace {

constexpr timeval kPatience{.tv_sec = 1, .tv_usec = 0};
// What a timer takes, whatever the manager says.
constexpr std::uint64_t kOftenestUsec = 1'000;
constexpr std::uint64_t kRarestUsec = 3'600'000'000;

void log_trouble(const std::string& what) { log(LogLevel::warning, "service_manager", {{"error", what}}); }

// A whole number from 1 on, and nothing else.
std::optional<std::uint64_t> number(const char* text) {
  if (text == nullptr) return std::nullopt;
  std::uint64_t value = 0;
  const char* end = text + std::strlen(text);
  const auto [rest, error] = std::from_chars(text, end, value);
  if (error != std::errc{} || rest != end || value == 0) return std::nullopt;
  return value;
}

// Watching is for one process: who inherited the words from it is not meant.
std::optional<std::chrono::microseconds> half_of_watchdog(const ServiceManager::Environment& given) {
  const auto usec = number(given.watchdog_usec);
  if (!usec) return std::nullopt;
  if (given.watchdog_pid != nullptr && number(given.watchdog_pid) != static_cast<std::uint64_t>(getpid()))
    return std::nullopt;
  return std::chrono::microseconds(std::clamp(*usec / 2, kOftenestUsec, kRarestUsec));
}

// The manager tells by it which reload a later READY=1 belongs to; it has CLOCK_MONOTONIC in mind.
std::string monotonic_usec() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return std::to_string(now.tv_sec * 1'000'000 + now.tv_nsec / 1'000);
}

// A line break would begin another assignment.
std::string status_line(std::string_view status) {
  std::string line = "STATUS=";
  for (const char letter : status) line += letter == '\n' ? ' ' : letter;
  return line;
}

}  // namespace

ServiceManager::Environment ServiceManager::environment() {
  return {std::getenv("NOTIFY_SOCKET"), std::getenv("WATCHDOG_USEC"), std::getenv("WATCHDOG_PID")};
}

// "/run/…" is a path, "@…" a name of Linux' abstract ones, whose first octet is 0 and which no 0 ends.
ServiceManager::ServiceManager(const Environment& given) {
  const std::string_view name = given.notify_socket == nullptr ? "" : given.notify_socket;
  if (name.empty()) return;
  if ((name[0] != '/' && name[0] != '@') || name.size() < 2 || name.size() >= sizeof address_.sun_path) {
    log_trouble("NOTIFY_SOCKET is neither a path nor an abstract name of at most 107 octets");
    return;
  }
  address_.sun_family = AF_UNIX;
  std::memcpy(address_.sun_path, name.data(), name.size());
  if (name[0] == '@') address_.sun_path[0] = '\0';
  address_size_ =
      static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size() + (name[0] == '/' ? 1 : 0));
  socket_ = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (socket_ < 0) {
    log_trouble(std::strerror(errno));
    return;
  }
  setsockopt(socket_, SOL_SOCKET, SO_SNDTIMEO, &kPatience, sizeof kPatience);
  alive_every_ = half_of_watchdog(given);
}

ServiceManager::~ServiceManager() {
  if (socket_ >= 0) close(socket_);
}

void ServiceManager::starting(std::string_view status) const { tell(status_line(status)); }

void ServiceManager::ready(std::string_view status) const { tell("READY=1\n" + status_line(status)); }

void ServiceManager::reloading() const { tell("RELOADING=1\nMONOTONIC_USEC=" + monotonic_usec()); }

void ServiceManager::stopping(std::string_view status) const { tell("STOPPING=1\n" + status_line(status)); }

void ServiceManager::alive() const { tell("WATCHDOG=1", MSG_DONTWAIT); }

void ServiceManager::tell(std::string_view message, int flags) const {
  if (socket_ < 0) return;
  const auto* to = reinterpret_cast<const sockaddr*>(&address_);
  while (sendto(socket_, message.data(), message.size(), flags | MSG_NOSIGNAL, to, address_size_) < 0) {
    if (errno == EINTR) continue;
    return log_trouble(std::string(message.substr(0, message.find('\n'))) + ": " + std::strerror(errno));
  }
}

}  // namespace muster::tools
