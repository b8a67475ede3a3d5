#include "tools/muster/haproxy/runtime.h"

#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <map>
#include <sstream>
#include <string_view>
#include <thread>

#include "tools/muster/haproxy/render.h"

namespace muster::haproxy {

namespace {

constexpr std::string_view kServer = "  server ";
constexpr std::chrono::seconds kReloadMost{10};
constexpr std::string_view kDefaultWeight = "1";

struct ServerLine {
  std::string endpoint;
  std::string weight{kDefaultWeight};
  std::string rest;  // of what no command changes
  bool operator==(const ServerLine&) const = default;
};

struct Parsed {
  std::string others;                                                 // all lines that are no server's
  std::map<std::pair<std::string, std::string>, ServerLine> servers;  // by section and name
};

ServerLine read_server(std::istringstream& words) {
  ServerLine line;
  words >> line.endpoint;
  for (std::string word; words >> word;) {
    if (word == "weight") {
      words >> line.weight;
    } else {
      line.rest += " " + word;
    }
  }
  return line;
}

Parsed parse(const std::string& text) {
  Parsed parsed;
  std::string section;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with(kServer)) {
      if (!line.starts_with(' ')) section = line.substr(std::min(line.find(' '), line.size() - 1) + 1);
      parsed.others += line + '\n';
      continue;
    }
    std::istringstream words(line.substr(kServer.size()));
    std::string name;
    words >> name;
    parsed.servers[{section, name}] = read_server(words);
  }
  return parsed;
}

// "10.0.0.7:8080" → "10.0.0.7 port 8080"
std::string as_address(const std::string& endpoint) {
  const auto colon = endpoint.rfind(':');
  std::string address = endpoint.substr(0, colon);
  if (address.starts_with('[')) address = address.substr(1, address.size() - 2);
  return address + " port " + endpoint.substr(colon + 1);
}

class Difference {
 public:
  // False: what differs no command can change.
  bool change(const std::string& path, const ServerLine& old, const ServerLine& next) {
    if (old.rest != next.rest) return false;
    if (old.endpoint != next.endpoint) commands_.push_back(move_to(path, next.endpoint));
    if (old.weight != next.weight) commands_.push_back({"set server " + path + " weight " + next.weight});
    return true;
  }

  bool add(const std::string& path, const ServerLine& server) {
    if (server.rest != " check" && server.rest != " check backup") return false;
    const std::string backup = server.rest == " check" ? "" : " backup";
    Command add{"add server " + path + " " + server.endpoint + " check " + std::string(kCheckWords) +
                    " weight " + server.weight + backup,
                {"New server registered"}};
    // A backup cannot become another thing.
    if (backup.empty())
      add.if_exists = {move_to(path, server.endpoint), {"set server " + path + " weight " + server.weight}};
    commands_.push_back(std::move(add));
    commands_.push_back({"enable health " + path});
    commands_.push_back({"set server " + path + " state ready"});
    return true;
  }

  // One with connections cannot be deleted; it gets no new ones, and goes with the next reload.
  void remove(const std::string& path) {
    commands_.push_back({"set server " + path + " state maint"});
    commands_.push_back({"del server " + path, {"Server deleted"}, true});
  }

  std::vector<Command> take() { return std::move(commands_); }

 private:
  static Command move_to(const std::string& path, const std::string& endpoint) {
    return {"set server " + path + " addr " + as_address(endpoint),
            {"IP changed from", "no need to change the addr"}};
  }

  std::vector<Command> commands_;
};

class Socket {
 public:
  explicit Socket(const std::string& path) : fd_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (fd_ < 0 || path.size() >= sizeof address.sun_path) {
      errno = path.size() >= sizeof address.sun_path ? ENAMETOOLONG : errno;
      return;
    }
    path.copy(address.sun_path, path.size());
    const timeval limit{5, 0};
    setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    setsockopt(fd_, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    is_connected_ = connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  }
  ~Socket() {
    if (fd_ >= 0) close(fd_);
  }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;

  bool is_connected() const { return is_connected_; }

  // nullopt: errno says why.
  std::optional<std::string> ask(const std::string& text) const {
    for (std::size_t sent = 0; sent < text.size();) {
      const ssize_t some = send(fd_, text.data() + sent, text.size() - sent, MSG_NOSIGNAL);
      if (some <= 0) return std::nullopt;
      sent += static_cast<std::size_t>(some);
    }
    constexpr std::size_t kReplyMost = 64 * 1024;
    std::string reply;
    char buffer[4096];
    while (reply.size() < kReplyMost) {
      const ssize_t some = recv(fd_, buffer, sizeof buffer, 0);
      if (some < 0) return std::nullopt;
      if (some == 0) break;
      reply.append(buffer, static_cast<std::size_t>(some));
    }
    return reply;
  }

 private:
  int fd_;
  bool is_connected_ = false;
};

// What HAProxy says, on one line.
std::string trimmed(std::string text) {
  std::replace(text.begin(), text.end(), '\n', ' ');
  const auto first = text.find_first_not_of(' ');
  return first == text.npos ? "" : text.substr(first, text.find_last_not_of(' ') - first + 1);
}

}  // namespace

std::optional<std::vector<Command>> commands_between(const std::string& running, const std::string& next) {
  const Parsed old = parse(running);
  const Parsed now = parse(next);
  if (old.others != now.others) return std::nullopt;
  Difference difference;
  const auto path_of = [](const auto& key) { return key.first + "/" + key.second; };
  // Newcomers first: who leaves is replaced before it goes.
  for (const auto& [key, server] : now.servers) {
    const auto before = old.servers.find(key);
    const bool possible = before == old.servers.end()
                              ? difference.add(path_of(key), server)
                              : difference.change(path_of(key), before->second, server);
    if (!possible) return std::nullopt;
  }
  for (const auto& [key, server] : old.servers) {
    if (!now.servers.contains(key)) difference.remove(path_of(key));
  }
  auto commands = difference.take();
  if (commands.size() > kCommandsMost) return std::nullopt;
  return commands;
}

bool is_done(const Command& command, const std::string& reply) {
  const std::string said = trimmed(reply);
  if (command.may_fail || (command.good.empty() && said.empty())) return true;
  return std::any_of(command.good.begin(), command.good.end(),
                     [&](const std::string& good) { return said.starts_with(good); });
}

std::string running_worker(const std::string& socket) {
  const Socket connection(socket);
  const auto reply = connection.is_connected() ? connection.ask("show info\n") : std::nullopt;
  constexpr std::string_view kPid = "\nPid: ";
  const auto at = reply ? reply->find(kPid) : std::string::npos;
  if (at == std::string::npos) return "";
  const auto begin = at + kPid.size();
  return reply->substr(begin, reply->find('\n', begin) - begin);
}

bool is_replaced(const std::string& socket, const std::string& worker) {
  constexpr std::chrono::milliseconds kPause{50};
  for (auto waited = kPause; waited < kReloadMost; waited += kPause) {
    const std::string now = running_worker(socket);
    if (!now.empty() && now != worker) return true;
    std::this_thread::sleep_for(kPause);
  }
  return false;
}

std::string send_commands(const std::string& socket, const std::vector<Command>& commands) {
  for (const Command& command : commands) {
    const Socket connection(socket);
    if (!connection.is_connected()) return socket + ": " + std::strerror(errno);
    const auto reply = connection.ask(command.text + "\n");
    if (!reply) return socket + ": " + std::strerror(errno);
    if (is_done(command, *reply)) continue;
    const std::string said = trimmed(*reply);
    if (command.if_exists.empty() || !said.starts_with("Already exists")) return command.text + ": " + said;
    if (std::string failed = send_commands(socket, command.if_exists); !failed.empty()) return failed;
  }
  return "";
}

}  // namespace muster::haproxy
