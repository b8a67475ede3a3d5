#include "registry/api/batch_reader.h"

namespace muster::registry::api {
namespace {

namespace json = boost::json;
using List = const json::array*;

bool read_instances(const json::value& value, const Place& at, Reading& reading, List& out) {
  if (!value.is_array()) return reading.must_be(at, "a JSON array");
  out = &value.get_array();
  return true;
}

constexpr Member<List> kMembers[] = {{"instances", read_instances}};

}  // namespace

bool read_list(const json::value& root, const Place& at, Reading& reading, std::size_t most, List& out) {
  if (!read_object(root, at, reading, kMembers, out)) return false;
  const Place instances = member_of(at, "instances");
  if (out == nullptr) return reading.refuse(instances, "instances is missing: give a list");
  if (out->size() <= most) return true;
  return reading.refuse(instances,
                        "a batch holds at most " + std::to_string(most) + " elements: send several",
                        ErrorCode::batch_too_long);
}

}  // namespace muster::registry::api
