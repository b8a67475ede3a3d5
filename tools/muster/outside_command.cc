#include "tools/muster/outside_command.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <optional>
#include <sstream>

extern char** environ;

namespace muster::cli {

namespace {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::seconds kMost{30};
constexpr std::size_t kOutputMost = 16 * 1024;

struct Pipe {
  int ends[2] = {-1, -1};
  bool made = pipe2(ends, O_CLOEXEC) == 0 && fcntl(ends[0], F_SETFL, O_NONBLOCK) == 0;
  Pipe() = default;
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  ~Pipe() {
    for (const int end : ends) {
      if (end >= 0) close(end);
    }
  }
  void close_writer() {
    close(ends[1]);
    ends[1] = -1;
  }
};

void keep(const char* data, std::size_t size, std::string& output) {
  if (output.size() < kOutputMost) output.append(data, std::min(size, kOutputMost - output.size()));
}

// What is there now. False: nobody holds the other end any more.
bool read_some(int from, std::string& output) {
  char buffer[4096];
  while (true) {
    const ssize_t some = read(from, buffer, sizeof buffer);
    if (some > 0) {
      keep(buffer, static_cast<std::size_t>(some), output);
    } else if (some == 0 || errno != EINTR) {
      return some != 0 && errno == EAGAIN;
    }
  }
}

int status_of(int status) { return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status); }

// nullopt: it had not ended, and was killed. What it left behind may keep the pipe open: that is not waited
// for.
std::optional<int> wait_for(pid_t child, int output_end, std::string& output) {
  const auto until = Clock::now() + kMost;
  bool is_open = true;
  while (true) {
    int status = 0;
    const pid_t ended = waitpid(child, &status, WNOHANG);
    if (is_open) is_open = read_some(output_end, output);
    if (ended == child) return status_of(status);
    if (Clock::now() >= until) {
      kill(-child, SIGKILL);
      while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
      }
      return std::nullopt;
    }
    pollfd ready{is_open ? output_end : -1, POLLIN, 0};
    poll(&ready, 1, 20);
  }
}

}  // namespace

std::string CommandResult::what() const {
  std::string text =
      program + (trouble.empty() ? " ended with status " + std::to_string(status) : " " + trouble);
  if (!output.empty()) text += ":\n" + output;
  while (text.ends_with('\n')) text.pop_back();
  return text;
}

CommandResult run_words(const std::vector<std::string>& words) {
  CommandResult result;
  result.program = words.front();
  std::vector<char*> argv;
  for (const std::string& word : words) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  Pipe pipe;
  if (!pipe.made) {
    result.trouble = std::string("cannot be run: ") + std::strerror(errno);
    return result;
  }
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, pipe.ends[1], 1);
  posix_spawn_file_actions_adddup2(&actions, pipe.ends[1], 2);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
  pid_t child = 0;
  const int error = posix_spawnp(&child, argv.front(), &actions, &attributes, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  if (error != 0) {
    result.trouble = std::string("cannot be run: ") + std::strerror(error);
    return result;
  }
  pipe.close_writer();
  if (const auto status = wait_for(child, pipe.ends[0], result.output)) {
    result.status = *status;
  } else {
    result.trouble = "has not ended within " + std::to_string(kMost.count()) + " s and was killed";
  }
  return result;
}

std::vector<std::string> words_of(const std::string& command) {
  std::istringstream text(command);
  std::vector<std::string> words;
  for (std::string word; text >> word;) words.push_back(word);
  return words;
}

}  // namespace muster::cli
