// HTML form bodies: application/x-www-form-urlencoded and multipart/form-data (RFC 7578), read into name and
// value pairs in the order sent. Pure: octets in, fields out. A body that breaks the rules yields no field at
// all, never some of them.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "registry/net/result.h"

namespace muster::registry::http {

using FormFields = std::vector<std::pair<std::string, std::string>>;

constexpr std::size_t kMaxFormFields = 1000;

enum class FormError : std::uint8_t {
  not_a_form,     // the Content-Type is another
  bad_escape,     // a % without two hex digits
  no_boundary,    // multipart without a boundary of 1 to 70 characters
  bad_multipart,  // no closing boundary, a part without header end or name
  too_many_fields,
};
std::string_view to_string(FormError error);

using FormResult = net::Result<FormFields, FormError>;

FormResult read_urlencoded(std::string_view body);
// Parts with a file name are no fields and are left out.
FormResult read_multipart(std::string_view body, std::string_view boundary);
// Chooses by Content-Type; parameters such as charset are allowed.
FormResult read_form(std::string_view content_type, std::string_view body);

// A parameter of a header value such as `multipart/form-data; boundary="x"`; quoted-pairs are undone.
std::optional<std::string> header_parameter(std::string_view value, std::string_view name);
// What stands before the first `;`, trimmed.
std::string_view media_type(std::string_view content_type);

}  // namespace muster::registry::http
