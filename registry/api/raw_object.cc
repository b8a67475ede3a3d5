#include "registry/api/raw_object.h"

#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include "registry/api/raw_text.h"
#include "registry/json_text.h"
#include "registry/net/blanks.h"

namespace muster::registry::api {

namespace {

// The length of the JSON value at the front of valid JSON text.
std::size_t value_length(std::string_view text) {
  std::size_t depth = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\') {
        ++i;
      } else if (c == '"') {
        in_string = false;
      }
    } else if (c == '"') {
      in_string = true;
    } else if (c == '{' || c == '[') {
      ++depth;
    } else if (depth > 0) {
      if (c == '}' || c == ']') --depth;
    } else if (c == ',' || c == ':' || c == '}') {
      return i;
    }
  }
  return text.size();
}

std::string decoded(std::string_view quoted) {
  boost::json::error_code error;
  const auto value = boost::json::parse(quoted, error);
  return error || !value.is_string() ? std::string() : std::string(value.get_string());
}

}  // namespace

RawObjectResult read_raw_object(std::string_view text) {
  boost::json::error_code error;
  const auto value = boost::json::parse(text, error);
  if (error) return RawObjectError::not_json;
  if (!value.is_object()) return RawObjectError::not_an_object;
  RawMembers members;
  std::string_view rest = net::trimmed(text, kJsonBlanks);
  while (rest.front() != '}') {
    rest.remove_prefix(1);  // the opening brace, or a comma
    rest.remove_prefix(std::min(rest.find_first_not_of(kJsonBlanks), rest.size()));
    if (rest.front() == '}') break;
    const std::string key = decoded(net::trimmed(rest.substr(0, value_length(rest)), kJsonBlanks));
    rest.remove_prefix(value_length(rest) + 1);
    const auto length = value_length(rest);
    set_member(members, key, std::string(net::trimmed(rest.substr(0, length), kJsonBlanks)));
    rest.remove_prefix(length);
  }
  return members;
}

std::string write_raw_object(const RawMembers& members) {
  std::string text = "{";
  for (const RawMember& member : members) {
    if (text.size() > 1) text += ',';
    append_json_string(text, member.key);
    text += ':';
    text += member.value;
  }
  return text + "}";
}

const RawMember* find_member(const RawMembers& members, std::string_view key) {
  const auto found = std::ranges::find(members, key, &RawMember::key);
  return found == members.end() ? nullptr : &*found;
}

void set_member(RawMembers& members, std::string_view key, std::string value) {
  const auto found = std::ranges::find(members, key, &RawMember::key);
  if (found == members.end()) {
    members.push_back({std::string(key), std::move(value)});
  } else {
    found->value = std::move(value);
  }
}

}  // namespace muster::registry::api
