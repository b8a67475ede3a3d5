#include "tools/musterd/privileges.h"

#include <grp.h>
#include <pwd.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace muster::tools {

std::string drop_privileges(const std::string& user) {
  if (user.empty()) return "";
  errno = 0;
  const passwd* entry = getpwnam(user.c_str());
  if (entry == nullptr) return "server.user: there is no user " + user + " on this machine (create it, or leave the key out)";
  if (getuid() == entry->pw_uid) return "";
  if (initgroups(user.c_str(), entry->pw_gid) != 0 || setgid(entry->pw_gid) != 0 || setuid(entry->pw_uid) != 0) {
    return "server.user: cannot become " + user + ": " + std::strerror(errno) + " (start musterd as root, or as that user)";
  }
  return "";
}

}  // namespace muster::tools
