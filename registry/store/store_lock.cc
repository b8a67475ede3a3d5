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

int open_lock_file(const std::string& path) {
  const int descriptor = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (descriptor >= 0 || errno != EROFS) return descriptor;
  return open(path.c_str(), O_RDONLY | O_CLOEXEC);
}

}  // namespace

StoreLock::StoreLock(const std::string& store_path) {
  const std::string path = store_path + ".lock";
  descriptor_ = open_lock_file(path);
  if (descriptor_ < 0) {
    const int error = errno;
    if (access(store_path.c_str(), R_OK) == 0 && (error == EROFS || error == ENOENT || error == ENOSPC))
      return;
    throw StoreRefused(path + ": cannot be created: " + std::strerror(error) +
                       "; make its folder and let musterd write there, or set store.path");
  }
  if (flock(descriptor_, LOCK_EX | LOCK_NB) == 0) {
    write_holder(descriptor_);
    return;
  }
  const std::string holder = holder_of(descriptor_);
  close(descriptor_);
  throw StoreRefused(store_path + ": in use by " + holder + " (it holds " + path +
                     "); stop that process or set another store.path");
}

StoreLock::~StoreLock() {
  if (descriptor_ >= 0) close(descriptor_);
}

}  // namespace muster::registry
