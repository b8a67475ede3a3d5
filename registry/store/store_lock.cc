#include "registry/store/store_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "registry/store/store.h"

namespace muster::registry {
namespace {

std::string holder_of(int descriptor) {
  std::array<char, 128> text{};
  const ssize_t size = pread(descriptor, text.data(), text.size(), 0);
  std::string holder(text.data(), size > 0 ? static_cast<std::size_t>(size) : 0);
  while (!holder.empty() && holder.back() == '\n') holder.pop_back();
  return holder.empty() ? "another process" : holder;
}

// Only for people: a full disk must not stop a start, so a failed write is no error.
void write_holder(int descriptor) {
  const std::string holder = "pid " + std::to_string(getpid()) + "\n";
  if (ftruncate(descriptor, 0) == 0) (void)!pwrite(descriptor, holder.data(), holder.size(), 0);
}

// A lock file that is there can be locked, too, where it cannot be written. On failure errno says why none can be made.
int open_lock_file(const std::string& path) {
  const int descriptor = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (descriptor >= 0 || (errno != EROFS && errno != EACCES)) return descriptor;
  const int why = errno;
  const int readable = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  errno = why;
  return readable;
}

bool is_for_now(int error) {
  return error == EROFS || error == EACCES || error == ENOSPC || error == EDQUOT;
}

}  // namespace

StoreLock::StoreLock(std::string store_path) : store_path_(std::move(store_path)) { take(); }

void StoreLock::take() {
  if (held()) return;
  const std::string path = store_path_ + ".lock";
  const int descriptor = open_lock_file(path);
  if (descriptor < 0) {
    if (is_for_now(errno)) return;
    throw StoreRefused(path + ": cannot be created: " + std::strerror(errno) +
                       "; make its folder and let musterd write there, or set store.path");
  }
  if (flock(descriptor, LOCK_EX | LOCK_NB) == 0) {
    descriptor_ = descriptor;
    write_holder(descriptor);
    return;
  }
  const std::string holder = holder_of(descriptor);
  close(descriptor);
  throw StoreRefused(store_path_ + ": in use by " + holder + " (it holds " + path +
                     "); stop that process or set another store.path");
}

StoreLock::~StoreLock() {
  if (descriptor_ >= 0) close(descriptor_);
}

}  // namespace muster::registry
