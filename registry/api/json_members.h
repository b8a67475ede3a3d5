// Reading a JSON object by a table of its members: every member is looked up, none is skipped, so that a
// misspelt one is refused and not ignored.
#pragma once

#include <boost/json.hpp>
#include <concepts>
#include <span>

#include "registry/api/body_reader.h"
#include "registry/api/place.h"
#include "registry/api/raw_text.h"

namespace muster::registry::api {

// One reading of one body: its context, its text, and the first thing that was refused.
class Reading {
 public:
  Reading(const ReadContext& from, std::string_view text) : context(from), raw(text) {}
  const ReadContext& context;
  RawText raw;
  ReadError error;

  // Each returns false, so that a reader can end with it.
  bool refuse(const Place& place, std::string message, ErrorCode code = ErrorCode::invalid_field);
  bool must_be(const Place& place, std::string_view what);  // "weight must be 0 to 65535"
  bool unknown_member(const Place& place, std::string_view known);
};

template <class T>
struct Member {
  std::string_view name;
  bool (*read)(const boost::json::value& value, const Place& place, Reading& reading, T& out);
};

template <class T>
std::string names_of(std::span<const Member<T>> members) {
  std::string names;
  for (const Member<T>& member : members) names.append(names.empty() ? "" : ", ").append(member.name);
  return names;
}

template <class T>
bool read_member(const boost::json::key_value_pair& pair, const Place& at, Reading& reading,
                 std::span<const Member<T>> members, T& out) {
  const Place here = member_of(at, pair.key());
  for (const Member<T>& member : members) {
    if (member.name == here.key) return member.read(pair.value(), here, reading, out);
  }
  return reading.unknown_member(here, names_of(members));
}

template <class T, std::size_t N>
bool read_object(const boost::json::value& value, const Place& at, Reading& reading,
                 const Member<T> (&members)[N], T& out) {
  if (!value.is_object()) return reading.must_be(at, "a JSON object");
  for (const auto& pair : value.get_object()) {
    if (!read_member(pair, at, reading, std::span<const Member<T>>(members), out)) return false;
  }
  return true;
}

// Calls `read(element, place)` for each element of an array of at most `most`.
template <class Read>
bool read_array(const boost::json::value& value, const Place& at, Reading& reading, std::size_t most,
                Read read) {
  if (!value.is_array()) return reading.must_be(at, "a JSON array");
  const auto& array = value.get_array();
  if (array.size() > most) return reading.must_be(at, "a list of at most " + std::to_string(most));
  for (std::size_t i = 0; i < array.size(); ++i) {
    if (!read(array[i], element_of(at, i))) return false;
  }
  return true;
}

// Whole numbers within [min, max], both ends included.
bool read_signed(const boost::json::value& value, const Place& at, Reading& reading, std::int64_t min,
                 std::int64_t max, std::int64_t& out);

template <std::integral N>
bool read_whole(const boost::json::value& value, const Place& at, Reading& reading, std::int64_t min,
                std::int64_t max, N& out) {
  std::int64_t number = 0;
  if (!read_signed(value, at, reading, min, max, number)) return false;
  out = static_cast<N>(number);
  return true;
}

bool read_number(const boost::json::value& value, const Place& at, Reading& reading, double& out);
bool read_flag(const boost::json::value& value, const Place& at, Reading& reading, bool& out);
bool read_text(const boost::json::value& value, const Place& at, Reading& reading, std::size_t longest,
               std::string& out);
// A string such as "30s"; longer than nothing.
bool read_span(const boost::json::value& value, const Place& at, Reading& reading, Millis& out);
bool read_attributes(const boost::json::value& value, const Place& at, Reading& reading, Attributes& out);

// The document's text as a tree whose memory belongs to `storage`.
bool parse_json(std::string_view text, boost::json::storage_ptr storage, Reading& reading,
                boost::json::value& out);

// parse_json and `read(root, place)` into T, or the error.
template <class T, class Read>
ReadResult<T> read_document(std::string_view text, const ReadContext& context, Read read) {
  unsigned char buffer[4096];
  boost::json::monotonic_resource storage(buffer, sizeof buffer);
  boost::json::value root(&storage);
  Reading reading(context, text);
  T out{};
  if (!parse_json(text, &storage, reading, root)) return std::move(reading.error);
  if (!read(root, Place{}, reading, out)) return std::move(reading.error);
  return out;
}

}  // namespace muster::registry::api
