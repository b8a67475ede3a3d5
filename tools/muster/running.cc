// run -- COMMAND…: the command is in DNS exactly while it lives.
#include <fcntl.h>
#include <poll.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>

#include "tools/muster/command.h"
#include "tools/muster/instance.h"

namespace muster::cli {

namespace json = boost::json;

namespace {

constexpr std::array kPassedOn = {SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2, SIGWINCH};
constexpr std::chrono::milliseconds kRetry{2'000};

// "/usr/bin/python3.11" → "python3-11": a label made of the command's name.
std::string label_of(const std::string& command) {
  std::string label = command.substr(command.rfind('/') + 1).substr(0, 62);
  for (char& c : label) {
    c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    if (std::isalnum(static_cast<unsigned char>(c)) == 0) c = '-';
  }
  while (label.ends_with('-')) label.pop_back();
  while (label.starts_with('-')) label.erase(0, 1);
  return label;
}

// The command runs with the signals that muster had when it started.
pid_t start(const std::vector<std::string>& command, const sigset_t& original) {
  std::vector<char*> argv;
  for (const std::string& word : command) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  const pid_t pid = fork();
  if (pid != 0) return pid;
  sigprocmask(SIG_SETMASK, &original, nullptr);
  execvp(argv[0], argv.data());
  std::fprintf(stderr, "muster: cannot run %s: %s\n", argv[0], std::strerror(errno));
  _exit(errno == ENOENT ? 127 : 126);
}

// The command's life beside its registration. One loop: signals, the command's end, heartbeats.
class Companion {
 public:
  Companion(const Context& context, Instance instance) : context_(context), instance_(std::move(instance)) {
    sigset_t set;
    sigemptyset(&set);
    for (const int signal : kPassedOn) sigaddset(&set, signal);
    sigaddset(&set, SIGCHLD);
    sigprocmask(SIG_BLOCK, &set, &original_);
    signals_ = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
  }
  ~Companion() { close(signals_); }
  Companion(const Companion&) = delete;
  Companion& operator=(const Companion&) = delete;

  int run(const std::vector<std::string>& command) {
    pid_ = start(command, original_);
    if (pid_ < 0) {
      std::fprintf(stderr, "muster: cannot start a process: %s\n", std::strerror(errno));
      return refused;
    }
    for (auto wait = beat(); !ended_; wait = beat()) wait_for(wait);
    remove_instance(context_.client, instance_);
    return WIFSIGNALED(status_) ? 128 + WTERMSIG(status_) : WEXITSTATUS(status_);
  }

 private:
  // Registers or renews; how long until the next time. A server that is away never harms the command.
  std::chrono::milliseconds beat() {
    const Reply reply = registered_ ? renew(context_.client, instance_) : put(context_.client, instance_);
    if (!reply.ok()) {
      if (!complained_) report(context_.client, reply);
      complained_ = true;
      return kRetry;
    }
    registered_ = true;
    complained_ = false;
    return heartbeat_interval(reply);
  }

  void wait_for(std::chrono::milliseconds span) {
    const auto until = std::chrono::steady_clock::now() + span;
    while (!ended_) {
      const auto left =
          std::chrono::duration_cast<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
      if (left.count() <= 0) return;
      pollfd look{signals_, POLLIN, 0};
      if (poll(&look, 1, static_cast<int>(left.count())) > 0) take_signal();
    }
  }

  void take_signal() {
    signalfd_siginfo info;
    if (read(signals_, &info, sizeof info) != static_cast<ssize_t>(sizeof info)) return;
    const int signal = static_cast<int>(info.ssi_signo);
    if (signal == SIGCHLD) {
      ended_ = waitpid(pid_, &status_, WNOHANG) == pid_;
      return;
    }
    if (signal == SIGTERM || signal == SIGINT || signal == SIGQUIT)
      drain_instance(context_.client, instance_);
    // What the terminal sends reaches the whole foreground group by itself.
    if (info.ssi_code != SI_KERNEL) kill(pid_, signal);
  }

  const Context& context_;
  Instance instance_;
  sigset_t original_{};
  int signals_ = -1;
  pid_t pid_ = -1;
  int status_ = 0;
  bool ended_ = false;
  bool registered_ = false;
  bool complained_ = false;
};

}  // namespace

int run_command(const Context& context, const RunArguments& arguments) {
  Instance instance;
  instance.service = arguments.service.empty() ? label_of(arguments.command.front()) : arguments.service;
  instance.generation = unix_millis();
  std::array<char, 256> host{};
  gethostname(host.data(), host.size() - 1);
  instance.id =
      arguments.id.empty() ? std::string(host.data()) + "-" + std::to_string(getpid()) : arguments.id;
  instance.body["address"] = arguments.address;
  if (arguments.port != 0) instance.body["port"] = arguments.port;
  if (arguments.weight >= 0) instance.body["weight"] = arguments.weight;
  if (!arguments.task.empty()) instance.body["task"] = arguments.task;
  if (!arguments.lease.empty()) instance.body["lease"] = arguments.lease;
  json::object tags;
  if (!read_tags(arguments.tags, tags)) {
    std::fprintf(stderr, "muster: write tags as --tag KEY=VALUE\n");
    return wrong_usage;
  }
  if (!tags.empty()) instance.body["tags"] = tags;
  return Companion(context, std::move(instance)).run(arguments.command);
}

}  // namespace muster::cli
