#include "registry/health/exec_probe.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <system_error>
#include <utility>
#include <vector>

#include "registry/net/deadline.h"

namespace muster::registry::health {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

constexpr std::size_t kMostOutput = 1'024;  // octets that are kept
constexpr std::size_t kMostDetail = 256;
constexpr Millis kBeforeKill{1'000};

std::vector<std::string> environment_of(const ProbeTask& task) {
  const char* path = std::getenv("PATH");
  return {std::string("PATH=") + (path != nullptr ? path : "/usr/bin:/bin"), "MUSTER_SERVICE=" + task.service,
          "MUSTER_INSTANCE=" + task.id, "MUSTER_ADDRESS=" + net::to_string(task.target.address),
          "MUSTER_PORT=" + std::to_string(task.target.port)};
}

std::vector<char*> pointers(std::vector<std::string>& words) {
  std::vector<char*> list;
  for (std::string& word : words) list.push_back(word.data());
  list.push_back(nullptr);
  return list;
}

Verdict verdict_of_start(int error) {
  const bool is_ours = error == EAGAIN || error == ENOMEM || error == EMFILE || error == ENFILE;
  Verdict verdict{Severity::hard, FailureClass::exec_missing, 0, {}, std::generic_category().message(error)};
  if (is_ours) verdict = {Severity::local, FailureClass::none, 0, {}, verdict.detail};
  return verdict;
}

// A group of its own, every signal as a program expects it, and no file of ours.
int spawn(const ProbeTask& task, int output, pid_t& child) {
  posix_spawnattr_t attributes;
  posix_spawn_file_actions_t files;
  posix_spawnattr_init(&attributes);
  posix_spawn_file_actions_init(&files);
  sigset_t none, all;
  sigemptyset(&none);
  sigfillset(&all);
  posix_spawnattr_setflags(&attributes,
                           POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  posix_spawnattr_setpgroup(&attributes, 0);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setsigdefault(&attributes, &all);
  posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&files, output, STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&files, output, STDERR_FILENO);
  posix_spawn_file_actions_addclosefrom_np(&files, STDERR_FILENO + 1);
  std::vector<std::string> words = task.look.argv;
  std::vector<std::string> environment = environment_of(task);
  const int error = posix_spawnp(&child, words.front().c_str(), &files, &attributes, pointers(words).data(),
                                 pointers(environment).data());
  posix_spawn_file_actions_destroy(&files);
  posix_spawnattr_destroy(&attributes);
  return error;
}

// It lives in its handlers until its program has ended.
class ExecProbe final : public std::enable_shared_from_this<ExecProbe> {
 public:
  ExecProbe(const net::Strand& strand, std::shared_ptr<const ProbeTask> task, Prober::Found found)
      : task_(std::move(task)),
        found_(std::move(found)),
        output_(strand),
        child_end_(strand),
        deadline_(strand) {}

  void start() {
    began_ = std::chrono::steady_clock::now();
    std::array<int, 2> pipe{};
    if (::pipe2(pipe.data(), O_CLOEXEC | O_NONBLOCK) != 0) return finish(verdict_of_start(errno));
    ::fcntl(pipe[1], F_SETFL, 0);  // the program's end blocks, as programs expect
    const int error = spawn(*task_, pipe[1], child_);
    ::close(pipe[1]);
    output_.assign(pipe[0]);
    if (error != 0) return finish(verdict_of_start(error));
    const auto handle = static_cast<int>(::syscall(SYS_pidfd_open, child_, 0));
    if (handle < 0) {
      const int failure = errno;
      ::kill(-child_, SIGKILL);
      ::waitpid(child_, nullptr, 0);
      return finish(verdict_of_start(failure));
    }
    child_end_.assign(handle);
    read();
    child_end_.async_wait(asio::posix::descriptor_base::wait_read,
                          [self = shared_from_this()](error_code) { self->on_ended(); });
    deadline_.set(task_->timeout, [self = shared_from_this()] { self->time_out(); });
  }

 private:
  void read() {
    output_.async_read_some(
        asio::buffer(room_), [self = shared_from_this()](error_code error, std::size_t size) {
          if (error) return;
          self->text_.append(self->room_.data(), std::min(size, kMostOutput - self->text_.size()));
          self->read();
        });
  }

  void on_ended() {
    int status = 0;
    ::waitpid(child_, &status, 0);
    deadline_.clear();
    take_rest();
    error_code ignored;
    output_.close(ignored);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return finish({});
    const std::string how = WIFEXITED(status) ? "status " + std::to_string(WEXITSTATUS(status))
                                              : "signal " + std::to_string(WTERMSIG(status));
    const std::string said = text_.empty() ? how : how + ": " + text_;
    finish({severity_of(FailureClass::exec), FailureClass::exec, 0, {}, said.substr(0, kMostDetail)});
  }

  // What it wrote last may not have been read yet; somebody whom it left behind may hold the pipe open.
  void take_rest() {
    while (text_.size() < kMostOutput) {
      const ssize_t size = ::read(output_.native_handle(), room_.data(), room_.size());
      if (size <= 0) return;
      text_.append(room_.data(), std::min(static_cast<std::size_t>(size), kMostOutput - text_.size()));
    }
  }

  void time_out() {
    ::kill(-child_, SIGTERM);
    deadline_.set(kBeforeKill, [self = shared_from_this()] { ::kill(-self->child_, SIGKILL); });
    const std::string detail = "it did not end within " + std::to_string(task_->timeout.count()) + " ms";
    finish({severity_of(FailureClass::timeout), FailureClass::timeout, 0, {}, detail});
  }

  void finish(Verdict verdict) {
    verdict.latency =
        std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - began_);
    if (auto tell = std::exchange(found_, {})) tell(std::move(verdict));
  }

  using Descriptor = asio::posix::basic_stream_descriptor<net::Strand>;
  const std::shared_ptr<const ProbeTask> task_;
  Prober::Found found_;
  Descriptor output_;
  Descriptor child_end_;
  net::Deadline deadline_;
  pid_t child_ = -1;
  std::string text_;
  std::array<char, 512> room_{};
  std::chrono::steady_clock::time_point began_{};
};

}  // namespace

void probe_exec(const net::Strand& strand, std::shared_ptr<const ProbeTask> task, Prober::Found found) {
  auto probe = std::make_shared<ExecProbe>(strand, std::move(task), std::move(found));
  asio::post(strand, [probe] { probe->start(); });
}

}  // namespace muster::registry::health
