// Reading one element of what a scheduler said, as JSON: null is absent, unknown members are ignored, a
// member of a wrong type costs what it stands in.
#pragma once

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "registry/sources/dropped.h"

namespace muster::registry::sources {

inline constexpr std::size_t kLongestName = 1024;  // octets, of ids, hosts, and names of tasks and ports

// Null: absent, which JSON's null is, too; the others: or of another type.
const boost::json::value* member(const boost::json::object& object, std::string_view key);
const boost::json::object* object_at(const boost::json::object& object, std::string_view key);
const boost::json::array* array_at(const boost::json::object& object, std::string_view key);
std::optional<double> number_at(const boost::json::object& object, std::string_view key);
std::optional<bool> flag_at(const boost::json::object& object, std::string_view key);

// False: there is something, and it is no text. `to` stays where there is none.
bool take_text(const boost::json::object& object, std::string_view key, std::string& to);
// "" for what is no text.
std::string text_at(const boost::json::object& object, std::string_view key);

// Visits the objects of a list; what is none is dropped for `reason`.
template <class Visit>
void for_each_object(const boost::json::array* list, std::string_view reason, Dropped& dropped,
                     const Visit& visit) {
  if (list == nullptr) return;
  for (const boost::json::value& element : *list) {
    if (const boost::json::object* object = element.if_object()) {
      visit(*object);
    } else {
      drop(dropped, reason);
    }
  }
}

}  // namespace muster::registry::sources
