#include "tools/muster/haproxy/apply.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>

#include "registry/net/file_text.h"
#include "tools/muster/haproxy/runtime.h"
#include "tools/muster/outside_command.h"
#include "tools/muster/write_whole.h"

namespace muster::haproxy {

namespace {

using cli::CommandResult;
using cli::run_words;

constexpr mode_t kMode = 0640;  // of a file that was not there
constexpr std::size_t kFileMost = std::size_t{64} << 20;

std::string pending_of(const std::string& file) { return file + ".reload-pending"; }
std::string folder_of(const std::string& file) {
  const auto folder = std::filesystem::path(file).parent_path();
  return folder.empty() ? "." : folder.string();
}

std::string trouble(const std::string& what) { return what + ": " + std::strerror(errno); }

bool sync_folder(const std::string& file) {
  const int folder = open(folder_of(file).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder < 0) return false;
  const bool synced = fsync(folder) == 0;
  close(folder);
  return synced;
}

// The text beside the file, on the disk, with the file's mode and owner. Locked, because two may write one
// file, and removed again unless it is renamed; what a process that was killed has left is written over by
// the next.
class Candidate {
 public:
  explicit Candidate(const std::string& file) : path_(file + ".candidate") {
    while (trouble_.empty() && fd_ < 0) open_locked();
  }
  ~Candidate() {
    if (fd_ < 0) return;
    if (!kept_) unlink(path_.c_str());
    close(fd_);
  }
  Candidate(const Candidate&) = delete;
  Candidate& operator=(const Candidate&) = delete;

  const std::string& path() const { return path_; }

  // "" or what failed.
  std::string write(const std::string& file, const std::string& text, bool is_secret) const {
    if (fd_ < 0) return trouble_;
    struct stat old {};
    const bool replaces = stat(file.c_str(), &old) == 0;
    // Who may not give it to the old owner keeps it.
    if (replaces && fchown(fd_, old.st_uid, old.st_gid) != 0 && errno != EPERM) return trouble(path_);
    if (fchmod(fd_, (replaces ? old.st_mode & 07777 : kMode) & (is_secret ? 0770 : 07777)) != 0)
      return trouble(path_);
    return cli::write_whole(fd_, text) ? "" : trouble(path_);
  }

  bool rename_to(const std::string& file) {
    kept_ = rename(path_.c_str(), file.c_str()) == 0;
    return kept_;
  }

 private:
  // No file when the other has renamed it before it was locked here.
  void open_locked() {
    const int fd = open(path_.c_str(), O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0) {
      trouble_ = trouble(path_);
      return;
    }
    struct stat mine {};
    struct stat there {};
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
      trouble_ = errno == EWOULDBLOCK ? path_ + " is being written by another export" : trouble(path_);
    } else if (fstat(fd, &mine) == 0 && stat(path_.c_str(), &there) == 0 && mine.st_ino == there.st_ino) {
      if (ftruncate(fd, 0) == 0) {
        fd_ = fd;
        return;
      }
      trouble_ = trouble(path_);
    }
    close(fd);
  }

  std::string path_;
  std::string trouble_;  // why there is no file
  int fd_ = -1;
  bool kept_ = false;
};

bool exists(const std::string& file) { return access(file.c_str(), F_OK) == 0; }

bool make_pending(const std::string& file) {
  const int fd = open(pending_of(file).c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) return false;
  close(fd);
  return sync_folder(file);
}

std::vector<std::string> with_file(std::vector<std::string> words, const std::string& file) {
  for (std::string& word : words) {
    for (auto at = word.find("{}"); at != word.npos; at = word.find("{}", at + file.size()))
      word.replace(at, 2, file);
  }
  return words;
}

// A command that is well has asked HAProxy to reload; whether it has, a worker of another number tells.
ApplyResult reload(const Target& target) {
  const std::string worker = target.runtime_socket.empty() ? "" : running_worker(target.runtime_socket);
  const CommandResult done = run_words(with_file(target.reload, target.file));
  if (!done.ok()) return {Applied::reload_failed, done.what()};
  if (!worker.empty() && !is_replaced(target.runtime_socket, worker))
    return {Applied::reload_failed,
            "HAProxy still runs the worker " + worker + ", with what it had before: its log says why"};
  if (unlink(pending_of(target.file).c_str()) != 0 && errno != ENOENT)
    return {Applied::failed, trouble(pending_of(target.file))};
  return {Applied::reloaded, ""};
}

// Whoever else reloads HAProxy may have done it between the file of before and what was then told: the new
// worker has neither.
bool may_have_missed(const Target& target, const std::string& told) {
  if (told.empty()) return false;
  const std::string now = running_worker(target.runtime_socket);
  return !now.empty() && now != told;
}

// The file is in its place. HAProxy has `running`, unless that is not known.
ApplyResult tell(const Target& target, const std::string& running, const std::string& text, bool is_known) {
  std::string refused;
  if (!target.runtime_socket.empty() && is_known) {
    const auto commands = commands_between(running, text);
    const std::string worker = commands ? running_worker(target.runtime_socket) : "";
    if (commands) refused = send_commands(target.runtime_socket, *commands);
    if (commands && refused.empty()) {
      unlink(pending_of(target.file).c_str());
      return {Applied::by_runtime, std::to_string(commands->size()) + " commands", worker};
    }
  }
  ApplyResult result = reload(target);
  if (result.what.empty()) result.what = refused;
  return result;
}

}  // namespace

ApplyResult apply(const Target& target, const std::string& text, const std::string& told) {
  const auto old = net::file_text(target.file, kFileMost);
  if (!old && old.error() != std::errc::no_such_file_or_directory)
    return {Applied::failed, target.file + ": " + old.error().message()};
  if (may_have_missed(target, told) && !make_pending(target.file))
    return {Applied::failed, trouble(pending_of(target.file))};
  const bool was_pending = exists(pending_of(target.file));
  if (old && *old == text) {
    if (!was_pending || target.reload.empty()) return {Applied::unchanged, ""};
    return reload(target);
  }
  Candidate candidate(target.file);
  if (const std::string failed = candidate.write(target.file, text, target.is_secret); !failed.empty())
    return {Applied::failed, failed};
  if (!target.validate.empty()) {
    const CommandResult valid = run_words(with_file(target.validate, candidate.path()));
    if (!valid.ok()) {
      const std::string rejected = target.file + ".rejected";
      const std::string kept = candidate.rename_to(rejected) ? " (it is kept as " + rejected + ")" : "";
      return {Applied::invalid, valid.what() + kept};
    }
  }
  const bool tells = !target.reload.empty();
  // With a socket alone the first file is made: who has it, is not known.
  if ((tells || !target.runtime_socket.empty()) && !make_pending(target.file))
    return {Applied::failed, trouble(pending_of(target.file))};
  if (!candidate.rename_to(target.file)) return {Applied::failed, trouble(target.file)};
  if (!sync_folder(target.file)) return {Applied::failed, trouble(folder_of(target.file))};
  if (!tells) return {Applied::written, ""};
  return tell(target, old ? *old : "", text, old && !was_pending);
}

}  // namespace muster::haproxy
