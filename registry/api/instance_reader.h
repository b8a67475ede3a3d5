// Reads the members of a registration; used for the body of a PUT, the elements of a batch and the instance
// inside a heartbeat, which differ only in what stands around them.
#pragma once

#include "registry/api/json_members.h"

namespace muster::registry::api {

struct InstanceDraft {
  std::string service;
  std::string id;
  InstanceBody body;
  std::optional<std::uint64_t> generation;
  std::optional<Millis> lease;
  // As they stand; read_instance() makes addresses and ports of them.
  std::optional<std::string> url{};
  std::optional<AddressType> address_type{};
};

// Everything but the names, which the caller settles: they may come from the path.
bool read_instance(const boost::json::value& value, const Place& at, Reading& reading, InstanceDraft& out);

bool read_generation(const boost::json::value& value, const Place& at, Reading& reading,
                     std::optional<std::uint64_t>& out);

// `service` and `id` as strings, unchecked.
bool read_name(const boost::json::value& value, const Place& at, Reading& reading, std::string& out);
// Fills `service` and `id` from `named` where they are empty, refuses a contradiction, checks the spelling.
bool settle_names(const Place& at, Reading& reading, const Named& named, std::string& service,
                  std::string& id);

}  // namespace muster::registry::api
