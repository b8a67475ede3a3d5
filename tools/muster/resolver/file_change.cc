#include "tools/muster/resolver/file_change.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>

#include "registry/net/file_text.h"
#include "tools/muster/write_whole.h"

namespace muster::resolver {

namespace {

constexpr mode_t kMode = 0644;  // of a file that was not there: every program's C library reads it

std::string trouble(const std::string& path) {
  const int error = errno;
  const bool is_mount = error == EBUSY || error == EXDEV;
  return path + ": " + std::strerror(error) +
         (is_mount ? " (it is mounted there, as containers have it: whoever starts the container says its "
                     "resolver)"
                   : "");
}

std::filesystem::path folder_of(const std::string& file) { return std::filesystem::path(file).parent_path(); }

std::string sync_folder(const std::string& file) {
  const int folder = open(folder_of(file).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder < 0) return trouble(folder_of(file));
  const bool synced = fsync(folder) == 0;
  const std::string failed = synced ? "" : trouble(folder_of(file));
  close(folder);
  return failed;
}

// The new text beside the file, hidden, because some programs read whole folders. Removed unless it is
// renamed.
class Candidate {
 public:
  explicit Candidate(const std::string& file)
      : path_((folder_of(file) / ("." + std::filesystem::path(file).filename().string() + ".muster-new"))
                  .string()) {
    unlink(path_.c_str());  // of one that was killed
    fd_ = open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  }
  ~Candidate() {
    if (fd_ < 0) return;
    close(fd_);
    if (!kept_) unlink(path_.c_str());
  }
  Candidate(const Candidate&) = delete;
  Candidate& operator=(const Candidate&) = delete;

  // "" or what failed.
  std::string write(const std::string& file, const std::string& text) const {
    if (fd_ < 0) return trouble(path_);
    struct stat old {};
    const bool replaces = stat(file.c_str(), &old) == 0;
    if (replaces && fchown(fd_, old.st_uid, old.st_gid) != 0) return trouble(path_);
    if (fchmod(fd_, replaces ? old.st_mode & 07777 : kMode) != 0) return trouble(path_);
    return cli::write_whole(fd_, text) ? "" : trouble(path_);
  }

  bool rename_to(const std::string& file) {
    kept_ = rename(path_.c_str(), file.c_str()) == 0;
    return kept_;
  }

 private:
  std::string path_;
  int fd_ = -1;
  bool kept_ = false;
};

}  // namespace

std::string replace_file(const FilePair& files, const std::optional<std::string>& old,
                         const std::string& text, bool makes_backup) {
  Candidate candidate(files.file);
  if (std::string failed = candidate.write(files.file, text); !failed.empty()) return failed;
  // A second name keeps everything of the old file, and is refused where there is one already.
  if (makes_backup && link(files.file.c_str(), files.backup.c_str()) != 0) return trouble(files.backup);
  const auto fail = [&](std::string what) {
    if (makes_backup) unlink(files.backup.c_str());
    return what;
  };
  const auto now = net::file_text(files.file, net::kConfigFile);
  const bool is_missing = !now && now.error() == std::errc::no_such_file_or_directory;
  if (old ? !now || *now != *old : !is_missing) return fail(files.file + " has changed meanwhile: try again");
  if (!candidate.rename_to(files.file)) return fail(trouble(files.file));
  return sync_folder(files.file);
}

std::string put_back(const FilePair& files) {
  if (rename(files.backup.c_str(), files.file.c_str()) != 0) return trouble(files.file);
  return sync_folder(files.file);
}

std::string remove_file(const FilePair& files) {
  if (unlink(files.file.c_str()) != 0) return trouble(files.file);
  return sync_folder(files.file);
}

}  // namespace muster::resolver
