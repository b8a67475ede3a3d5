#include "registry/api/json_members.h"

#include <algorithm>
#include <cmath>

#include "registry/api/json_tree.h"
#include "registry/api/limits.h"
#include "registry/api/native_names.h"
#include "registry/duration.h"
#include "registry/json_text.h"
#include "registry/limits.h"

namespace muster::registry::api {
namespace {

namespace json = boost::json;

void append_pointer(std::string& out, const Place& place) {
  if (place.parent == nullptr) return;
  append_pointer(out, *place.parent);
  if (place.in_array) return append_pointer_part(out, std::to_string(place.index));
  append_pointer_part(out, place.key);
}

// What a message calls the place: its member's name, an element by its list's.
std::string name_of(const Place& place) {
  if (place.parent == nullptr) return "the body";
  return place.in_array ? "each element of " + name_of(*place.parent) : std::string(place.key);
}

std::string range_text(std::int64_t min, std::int64_t max) {
  return std::to_string(min) + " to " + std::to_string(max);
}

std::string fault_text(const JsonFault& fault) {
  if (!fault.error) return "\"" + fault.name + "\" is there twice: say it once";
  if (fault.error == json::error::too_deep) return "nested deeper than " + std::to_string(kMaxJsonDepth);
  if (fault.error == json::error::incomplete) return "the JSON text ends too early";
  return "not JSON at octet " + std::to_string(fault.octet) + ": " + fault.error.message();
}

}  // namespace

std::string pointer_to(const Place& place) {
  std::string out;
  append_pointer(out, place);
  return out;
}

bool Reading::refuse(const Place& place, std::string message, ErrorCode code) {
  error = {code, std::move(message), pointer_to(place)};
  return false;
}

bool Reading::must_be(const Place& place, std::string_view what) {
  return refuse(place, name_of(place) + " must be " + std::string(what));
}

bool Reading::unknown_member(const Place& place, std::string_view known) {
  std::string message = "unknown member \"" + std::string(place.key) + "\"; known here: ";
  return refuse(place, message.append(known), ErrorCode::unknown_field);
}

bool read_signed(const json::value& value, const Place& at, Reading& reading, std::int64_t min,
                 std::int64_t max, std::int64_t& out) {
  if (!value.is_int64() || value.get_int64() < min || value.get_int64() > max) {
    return reading.must_be(at, range_text(min, max));
  }
  out = value.get_int64();
  return true;
}

bool read_number(const json::value& value, const Place& at, Reading& reading, double& out) {
  if (!value.is_number()) return reading.must_be(at, "a number");
  out = value.to_number<double>();
  return std::isfinite(out) || reading.must_be(at, "a finite number");
}

bool read_flag(const json::value& value, const Place& at, Reading& reading, bool& out) {
  if (!value.is_bool()) return reading.must_be(at, "true or false");
  out = value.get_bool();
  return true;
}

bool read_text(const json::value& value, const Place& at, Reading& reading, std::size_t longest,
               std::string& out) {
  if (!value.is_string()) return reading.must_be(at, "a string");
  const auto& text = value.get_string();
  if (text.size() > longest) return reading.must_be(at, "at most " + std::to_string(longest) + " octets");
  out.assign(text.data(), text.size());
  return true;
}

bool read_span(const json::value& value, const Place& at, Reading& reading, Millis& out) {
  const auto span = value.is_string() ? parse_duration(std::string_view(value.get_string())) : std::nullopt;
  if (!span || span->count() <= 0) return reading.must_be(at, "a duration such as \"30s\", longer than zero");
  out = *span;
  return true;
}

bool read_attributes(const json::value& value, const Place& at, Reading& reading, Attributes& out) {
  if (!value.is_object()) return reading.must_be(at, "a JSON object of numbers");
  const auto& object = value.get_object();
  if (object.size() > kMaxAttributes) return reading.must_be(at, "at most 16 numbers");
  for (const auto& pair : object) {
    const Place here = member_of(at, pair.key());
    double number = 0;
    if (!is_key(here.key)) {
      return reading.refuse(here, "an attribute's name must be 1 to 63 octets of a-z, 0-9 and _ . -");
    }
    if (!read_number(pair.value(), here, reading, number)) return false;
    out.emplace_back(here.key, number);
  }
  std::ranges::sort(out);
  return true;
}

bool parse_json(std::string_view text, json::storage_ptr storage, Reading& reading, json::value& out) {
  auto fault = read_json_tree(text, storage, kMaxJsonDepth, out);
  if (!fault) return true;
  reading.error = {ErrorCode::bad_json, fault_text(*fault), std::move(fault->pointer)};
  return false;
}

}  // namespace muster::registry::api
