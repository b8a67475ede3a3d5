// A directory of its own for one test, removed afterwards; and rows to put into stores.
#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "registry/store/store.h"

namespace muster::registry::testing {

class Scratch {
 public:
  Scratch();
  ~Scratch();
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  std::string path(const std::string& name) const { return (directory_ / name).string(); }
  // Files whose name begins so.
  std::vector<std::string> files(const std::string& begin) const;

 private:
  std::filesystem::path directory_;
};

ClaimRow claim(const std::string& service, const std::string& id, std::uint64_t sequence = 1);

// Everything a store holds, by table and key, as text that two pictures can be compared by.
struct Picture {
  LoadReport report;
  std::map<std::string, std::string> rows;  // "claim web/i1/heartbeat" → the rest
  std::vector<std::uint64_t> sequences;     // of the claims, in the order visited
  std::string epoch;
};
Picture picture_of(Store& store);

}  // namespace muster::registry::testing
