#include "registry/net/hosts_file.h"

#include <sys/stat.h>

#include <algorithm>
#include <fstream>
#include <sstream>

namespace muster::net {

namespace {

constexpr off_t kLargest = off_t{16} << 20;  // octets; a larger one is no hosts file

std::string lower(std::string text) {
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + ('a' - 'A'));
  }
  return text;
}

}  // namespace

void HostsFile::refresh() {
  struct stat now {};
  std::string state;
  if (::stat(path_.c_str(), &now) == 0 && now.st_size <= kLargest) {
    for (const auto part : {now.st_dev, now.st_ino}) state += std::to_string(part) + " ";
    for (const auto part : {now.st_size, now.st_mtim.tv_sec, now.st_mtim.tv_nsec})
      state += std::to_string(part) + " ";
  }
  if (state == seen_) return;
  seen_ = std::move(state);
  names_.clear();
  if (!seen_.empty()) read();
}

void HostsFile::read() {
  std::ifstream in(path_);
  for (std::string line; std::getline(in, line);) {
    std::istringstream words(line.substr(0, line.find('#')));
    std::string word;
    if (!(words >> word)) continue;
    const auto address = parse_ip(word);
    if (!address) continue;
    while (words >> word) {
      auto& addresses = names_[lower(std::move(word))];
      if (std::find(addresses.begin(), addresses.end(), *address) == addresses.end())
        addresses.push_back(*address);
    }
  }
}

const std::vector<IpAddress>* HostsFile::find(std::string_view name) const {
  const auto found = names_.find(std::string(name));
  return found == names_.end() ? nullptr : &found->second;
}

}  // namespace muster::net
