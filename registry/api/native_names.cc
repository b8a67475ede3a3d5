#include "registry/api/native_names.h"

#include <algorithm>

#include "registry/api/limits.h"
#include "registry/label.h"
#include "registry/limits.h"

namespace muster::registry::api {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
bool is_let_dig(char c) { return is_lower(c) || is_digit(c); }
bool is_let_dig_hyphen(char c) { return is_let_dig(c) || c == '-'; }

bool is_label(std::string_view text, std::size_t longest) {
  return !text.empty() && text.size() <= longest && is_let_dig(text.front()) && is_let_dig(text.back()) &&
         std::ranges::all_of(text, is_let_dig_hyphen);
}

std::optional<std::string> fault_of_label(std::string_view what, std::string_view text, std::size_t longest) {
  if (is_label(text, longest)) return std::nullopt;
  if (const std::string lower = ascii_lower(text); is_label(lower, longest)) {
    return std::string(what) + " must be lower case: \"" + lower + "\"";
  }
  return std::string(what) + " must be one label of 1 to " + std::to_string(longest) +
         " octets a-z, 0-9 and -, beginning and ending with a letter or digit";
}

bool is_id_char(char c) {
  return is_let_dig(c) || is_upper(c) || std::string_view("._:@-").find(c) != std::string_view::npos;
}

}  // namespace

std::optional<std::string> fault_of_service_name(std::string_view name) {
  return fault_of_label("service", name, kMaxServiceLabel);
}

std::optional<std::string> fault_of_port_name(std::string_view name) {
  return fault_of_label("port name", name, kMaxPortName);
}

std::optional<std::string> fault_of_instance_id(std::string_view id) {
  if (!id.empty() && id.size() <= kMaxNativeId && std::ranges::all_of(id, is_id_char)) return std::nullopt;
  return "id must be 1 to " + std::to_string(kMaxNativeId) + " octets of A-Z, a-z, 0-9 and . _ : @ -";
}

bool is_key(std::string_view text) {
  const auto inner = [](char c) { return is_let_dig_hyphen(c) || c == '_' || c == '.'; };
  return !text.empty() && text.size() <= kMaxTagKey && is_let_dig(text.front()) && is_let_dig(text.back()) &&
         std::ranges::all_of(text, inner);
}

}  // namespace muster::registry::api
