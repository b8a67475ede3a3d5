// What musterd tells the service manager that started it (systemd, Type=notify): datagrams of NAME=VALUE
// lines to the socket that $NOTIFY_SOCKET names. They are that simple, so musterd does without libsystemd.
// Not started by one, it says nothing.
//
// Thread safety: any thread.
#pragma once

#include <sys/socket.h>
#include <sys/un.h>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace muster::tools {

class ServiceManager {
 public:
  // The words of the environment, nullptr for those that are not there.
  struct Environment {
    const char* notify_socket = nullptr;
    const char* watchdog_usec = nullptr;
    const char* watchdog_pid = nullptr;
  };
  static Environment environment();

  explicit ServiceManager(const Environment& given);
  ~ServiceManager();
  ServiceManager(const ServiceManager&) = delete;
  ServiceManager& operator=(const ServiceManager&) = delete;

  // The words of `status` are what `systemctl status` shows. Each waits for a manager that is slow to read,
  // but for a second at most.
  void starting(std::string_view status) const;
  void ready(std::string_view status) const;
  void reloading() const;  // until ready()
  void stopping(std::string_view status) const;

  // How often alive() is to be called: twice in the time after which silence counts as death; nothing when
  // the manager does not watch this process.
  std::optional<std::chrono::microseconds> alive_every() const { return alive_every_; }
  void alive() const;  // waits for nobody

 private:
  void tell(std::string_view message, int flags = 0) const;

  int socket_ = -1;  // -1: there is nobody to tell
  sockaddr_un address_{};
  socklen_t address_size_ = 0;
  std::optional<std::chrono::microseconds> alive_every_;
};

}  // namespace muster::tools
