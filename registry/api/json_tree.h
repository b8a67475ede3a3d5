// JSON text into a tree, as boost::json::parser does, but a name that stands twice in one object is refused
// where it stands: of {"weight":1,"weight":9} another reader on the way may have believed the other (RFC 8259
// §4, RFC 7493 §2.3).
#pragma once

#include <boost/json/value.hpp>
#include <optional>
#include <string>
#include <string_view>

namespace muster::registry::api {

struct JsonFault {
  boost::json::error_code error;  // of the parser, unless a name was there twice
  std::size_t octet = 0;          // where the parser stopped
  std::string name;               // what was there twice, unless `error`
  std::string pointer;            // to it (RFC 6901)
};

// The tree's memory belongs to `storage`. Nothing: all is well.
std::optional<JsonFault> read_json_tree(std::string_view text, const boost::json::storage_ptr& storage,
                                        std::size_t max_depth, boost::json::value& out);

}  // namespace muster::registry::api
