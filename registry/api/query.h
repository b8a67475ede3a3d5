// Values of query parameters, read strictly: a parameter that is there but makes no sense is an error, not a
// default.
#pragma once

#include <cstdint>
#include <optional>

#include "registry/api/body_reader.h"
#include "registry/http/message.h"

namespace muster::registry::api {

// A whole number in [min, max]; nullopt when the parameter is absent.
ReadResult<std::optional<std::uint64_t>> query_number(const http::Request& request, std::string_view name,
                                                      std::uint64_t min, std::uint64_t max);
// The name of a port, as a registration writes it.
ReadResult<std::optional<std::string>> query_port_name(const http::Request& request, std::string_view name);
// "true" or "false".
ReadResult<std::optional<bool>> query_flag(const http::Request& request, std::string_view name);

// ?ready=true&tag=k:v (several tags: all of them).
struct InstanceFilter {
  std::optional<bool> ready;
  std::vector<std::pair<std::string, std::string>> tags;
  bool admits(const Instance& instance) const;
};
ReadResult<InstanceFilter> query_filter(const http::Request& request);

}  // namespace muster::registry::api
