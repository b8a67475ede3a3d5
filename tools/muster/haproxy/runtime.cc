#include "tools/muster/haproxy/runtime.h"

#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <map>
#include <sstream>
#include <string_view>

namespace muster::haproxy {

namespace {

constexpr std::string_view kServer = "  server ";
constexpr std::string_view kDefaultWeight = "1";
// A server that is added knows nothing of default-server: what render() writes there.
constexpr std::string_view kChecks = " check inter 2s fastinter 500ms downinter 2s fall 3 rise 2";

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
    if (old.endpoint != next.endpoint)
      commands_.push_back({"set server " + path + " addr " + as_address(next.endpoint), "IP changed from"});
    if (old.weight != next.weight) commands_.push_back({"set server " + path + " weight " + next.weight, ""});
    return true;
  }

  bool add(const std::string& path, const ServerLine& server) {
    if (server.rest != " check" && server.rest != " check backup") return false;
    const std::string backup = server.rest == " check" ? "" : " backup";
    commands_.push_back({"add server " + path + " " + server.endpoint + std::string(kChecks) + " weight " +
                             server.weight + backup,
                         "New server registered"});
    commands_.push_back({"enable health " + path, ""});
    commands_.push_back({"enable server " + path, ""});
    return true;
  }

  // One with connections cannot be deleted; it gets no new ones, and goes with the next reload.
  void remove(const std::string& path) {
    commands_.push_back({"set server " + path + " state maint", ""});
    commands_.push_back({"del server " + path, "Server deleted", true});
  }

  std::vector<Command> take() { return std::move(commands_); }

 private:
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

std::string send_commands(const std::string& socket, const std::vector<Command>& commands) {
  for (const Command& command : commands) {
    const Socket connection(socket);
    if (!connection.is_connected()) return socket + ": " + std::strerror(errno);
    const auto reply = connection.ask(command.text + "\n");
    if (!reply) return socket + ": " + std::strerror(errno);
    const std::string said = trimmed(*reply);
    const bool is_good = command.good.empty() ? said.empty() : said.starts_with(command.good);
    if (!is_good && !command.may_fail) return command.text + ": " + said;
  }
  return "";
}

}  // namespace muster::haproxy
