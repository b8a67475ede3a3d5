#include "registry/store/store_access.h"

#include <fcntl.h>
#include <pwd.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <filesystem>

#include "registry/store/store.h"

namespace muster::registry {
namespace {

// EROFS, ENOENT and the like are other people's business.
bool is_forbidden(const std::string& path, int how) {
  return faccessat(AT_FDCWD, path.c_str(), how, AT_EACCESS) != 0 && (errno == EACCES || errno == EPERM);
}

std::string user_name() {
  std::array<char, 4096> space{};
  passwd entry{};
  passwd* found = nullptr;
  const int error = getpwuid_r(geteuid(), &entry, space.data(), space.size(), &found);
  return error == 0 && found != nullptr ? std::string(entry.pw_name) : std::to_string(geteuid());
}

[[noreturn]] void refuse(const std::string& what, const std::string& mend) {
  const std::string user = user_name();
  throw StoreRefused(what + ": the user " + user + " cannot write there, and the store (store.path) must be written; `chown " +
                     user + " " + mend + "` gives it to that user");
}

}  // namespace

void refuse_unwritable(const std::string& store_path) {
  const std::string parent = std::filesystem::path(store_path).parent_path().string();
  const std::string folder = parent.empty() ? "." : parent;
  if (is_forbidden(folder, W_OK | X_OK)) refuse(folder, folder);
  for (const char* suffix : {"", "-wal", "-shm", ".lock"})
    if (is_forbidden(store_path + suffix, R_OK | W_OK)) refuse(store_path + suffix, store_path + "*");
}

}  // namespace muster::registry
