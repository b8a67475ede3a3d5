// Services and their instances with revisions and set hashes, and nothing else: what a feed needs to see.
#pragma once

#include <map>
#include <string>

#include "registry/registry.h"

namespace muster::registry::testing {

class SmallRegistry {
 public:
  // Each is one change, added to `batch`.
  void put(Batch& batch, const std::string& service, const std::string& id, const std::string& version = "");
  void remove(Batch& batch, const std::string& service, const std::string& id);

  ServiceView view(std::string_view service) const;
  std::vector<ServiceSummary> list(std::string_view glob, std::string_view after, std::size_t limit) const;
  std::uint64_t revision = 100;

 private:
  struct Service {
    std::uint64_t revision = 0;
    SetHash hash;
    std::map<std::string, InstancePtr> instances;
  };
  std::map<std::string, Service, std::less<>> services_;
};

}  // namespace muster::registry::testing
