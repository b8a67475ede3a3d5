// The page of a running musterd against docs/reference/metrics.md, both ways, and against the strict reader.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <regex>
#include <thread>

#include "tests/tools/support/metrics_reader.h"

namespace muster::test {
namespace {

using ::testing::IsEmpty;

// A musterd of its own on ports the kernel chooses; it ends with the test.
class Daemon {
 public:
  Daemon() {
    int ends[2];
    if (pipe(ends) != 0) return;
    pid_ = fork();
    if (pid_ == 0) {
      dup2(ends[1], STDERR_FILENO);
      const int nothing = open("/dev/null", O_WRONLY);
      dup2(nothing, STDOUT_FILENO);
      execl(MUSTER_BIN_DIR "/musterd", "musterd", "--dev", "--set", "dns.listen=[\"127.0.0.1:0\"]", "--set",
            "http.listen=[\"127.0.0.1:0\"]", "--set", "source.mesos=[{masters=[\"http://127.0.0.1:1\"]}]",
            "--set", "forward.enabled=true", "--set", "forward.upstreams=[\"127.0.0.1:1\"]", nullptr);
      _exit(127);
    }
    close(ends[1]);
    log_ = fdopen(ends[0], "r");
    read_ports();
  }
  ~Daemon() {
    if (pid_ > 0) {
      kill(pid_, SIGTERM);
      waitpid(pid_, nullptr, 0);
    }
    if (log_ != nullptr) fclose(log_);
  }
  Daemon(const Daemon&) = delete;
  Daemon& operator=(const Daemon&) = delete;

  int http_port() const { return http_; }
  int dns_port() const { return dns_; }
  const std::string& log() const { return text_; }

 private:
  void read_ports() {
    std::array<char, 4096> line{};
    const std::regex serving("serving.* dns=[^ ]*:([0-9]+).* http=[^ ]*:([0-9]+)");
    while (http_ == 0 && fgets(line.data(), line.size(), log_) != nullptr) {
      text_ += line.data();
      std::cmatch found;
      if (!std::regex_search(line.data(), found, serving)) continue;
      dns_ = std::stoi(found[1]);
      http_ = std::stoi(found[2]);
    }
  }

  pid_t pid_ = -1;
  FILE* log_ = nullptr;
  std::string text_;
  int dns_ = 0;
  int http_ = 0;
};

int connected(int type, int port) {
  const int fd = socket(AF_INET, type, 0);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(static_cast<std::uint16_t>(port));
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  timeval limit{5, 0};
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  return connect(fd, reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0 ? fd : -1;
}

// The body of a reply with Content-Length; Connection: close ends it.
std::string ask(int port, const std::string& request) {
  const int fd = connected(SOCK_STREAM, port);
  if (fd < 0 || write(fd, request.data(), request.size()) < 0) return "";
  std::string reply;
  std::array<char, 65536> buffer{};
  for (ssize_t got = 0; (got = read(fd, buffer.data(), buffer.size())) > 0;)
    reply.append(buffer.data(), static_cast<std::size_t>(got));
  close(fd);
  const std::size_t end = reply.find("\r\n\r\n");
  return end == reply.npos ? "" : reply.substr(end + 4);
}

std::string get(int port, const std::string& target) {
  return ask(port, "GET " + target + " HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n");
}

std::string put(int port, const std::string& target, const std::string& body) {
  return ask(port, "PUT " + target +
                       " HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nContent-Type: "
                       "application/json\r\nContent-Length: " +
                       std::to_string(body.size()) + "\r\n\r\n" + body);
}

void ask_dns(int port) {
  const std::string query("\0\1\1\0\0\1\0\0\0\0\0\0\3web\6muster\0\0\1\0\1", 28);
  const int fd = connected(SOCK_DGRAM, port);
  std::array<char, 512> reply{};
  EXPECT_EQ(send(fd, query.data(), query.size(), 0), static_cast<ssize_t>(query.size()));
  EXPECT_GT(recv(fd, reply.data(), reply.size(), 0), 0);
  close(fd);
}

struct Documented {
  std::string type;
  std::set<std::string> labels;
};

std::map<std::string, Documented> read_document() {
  std::ifstream in(MUSTER_SOURCE_DIR "/docs/reference/metrics.md");
  const std::regex row(R"(\| `([a-z_]+)` \| ([a-z]+) \| ([^|]*) \| .*)");
  const std::regex label("[a-z_]+");
  std::map<std::string, Documented> rows;
  for (std::string line; std::getline(in, line);) {
    std::smatch found;
    if (!std::regex_match(line, found, row)) continue;
    Documented documented{found[2], {}};
    const std::string labels = found[3];
    for (std::sregex_iterator at(labels.begin(), labels.end(), label), end; at != end; ++at)
      documented.labels.insert(at->str());
    EXPECT_TRUE(rows.emplace(found[1], documented).second) << found[1] << " is described twice";
  }
  return rows;
}

TEST(MetricsReference, SaysWhatTheLivePageSays) {
  const Daemon daemon;
  ASSERT_NE(daemon.http_port(), 0) << daemon.log();
  EXPECT_THAT(put(daemon.http_port(), "/api/v1/services/web/instances/i1",
                  R"({"generation":1,"addresses":["192.0.2.1"]})"),
              ::testing::HasSubstr("\"durable\":true"));
  ask_dns(daemon.dns_port());
  const std::string text = get(daemon.http_port(), "/metrics");
  const MetricsPage page = read_metrics(text);
  EXPECT_THAT(page.faults, IsEmpty());

  const auto documented = read_document();
  EXPECT_GT(documented.size(), 50U);
  for (const auto& [name, family] : page.families) {
    const auto row = documented.find(name);
    if (row == documented.end()) {
      ADD_FAILURE() << name << " is on the page, not in the document";
      continue;
    }
    EXPECT_EQ(family.type, row->second.type) << name;
    for (const MetricSample& sample : family.samples) {
      std::set<std::string> labels;
      for (const auto& [label, value] : sample.labels) {
        if (label != "le") labels.insert(label);
      }
      EXPECT_EQ(labels, row->second.labels) << name;
    }
  }
  for (const auto& [name, row] : documented)
    EXPECT_TRUE(page.families.contains(name)) << name << " is documented, not on the page";

  const auto value = [&](const std::string& name, const std::map<std::string, std::string>& labels = {}) {
    const MetricSample* sample = page.find(name, labels);
    return sample == nullptr ? -1 : sample->value;
  };
  EXPECT_EQ(value("muster_instances", {{"service", "web"}, {"state", "ACTIVE"}}), 1) << text.substr(0, 300);
  EXPECT_EQ(value("muster_dns_queries_total", {{"transport", "udp"}, {"type", "A"}}), 1);
  EXPECT_EQ(value("muster_dns_batch_size_count", {{"transport", "udp"}}), 1);
  EXPECT_EQ(value("muster_change_durable_seconds_count"), 1);
  EXPECT_GE(value("muster_change_visible_seconds_count"), 2) << "musterd's own registration and web's";
  EXPECT_GE(value("process_open_fds"), 5);
  EXPECT_GT(value("process_max_fds"), value("process_open_fds"));
}

}  // namespace
}  // namespace muster::test
