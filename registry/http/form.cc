#include "registry/http/form.h"

#include "registry/http/ascii.h"
#include "registry/http/percent.h"
#include "registry/net/blanks.h"

namespace muster::registry::http {

namespace {

constexpr std::size_t kMaxBoundary = 70;  // RFC 2046 §5.1.1

// One `; name=value` after another; both token and quoted-string values (RFC 9110 §5.6.6).
class ParameterReader {
 public:
  explicit ParameterReader(std::string_view value) : rest_(value) {
    const auto semicolon = rest_.find(';');
    rest_ = semicolon == rest_.npos ? std::string_view{} : rest_.substr(semicolon);
  }

  bool next(std::string_view& name, std::string& value) {
    while (!rest_.empty() && (rest_.front() == ';' || rest_.front() == ' ' || rest_.front() == '\t')) {
      rest_.remove_prefix(1);
    }
    const auto equals = rest_.find_first_of("=;");
    if (rest_.empty()) return false;
    name = net::trimmed(rest_.substr(0, equals));
    rest_.remove_prefix(equals == rest_.npos ? rest_.size() : equals);
    value.clear();
    if (rest_.empty() || rest_.front() == ';') return true;
    rest_.remove_prefix(1);
    rest_.starts_with('"') ? read_quoted(value) : read_token(value);
    return true;
  }

 private:
  void read_token(std::string& value) {
    const auto end = rest_.find(';');
    value = net::trimmed(rest_.substr(0, end));
    rest_.remove_prefix(end == rest_.npos ? rest_.size() : end);
  }

  void read_quoted(std::string& value) {
    std::size_t i = 1;
    for (; i < rest_.size() && rest_[i] != '"'; ++i) {
      if (rest_[i] == '\\' && i + 1 < rest_.size()) ++i;
      value += rest_[i];
    }
    rest_.remove_prefix(std::min(i + 1, rest_.size()));
  }

  std::string_view rest_;
};

// The value of one header line in a part's header block; case-insensitive name.
std::optional<std::string_view> part_header(std::string_view block, std::string_view name) {
  while (!block.empty()) {
    const auto end = block.find("\r\n");
    const auto line = block.substr(0, end);
    const auto colon = line.find(':');
    if (colon != line.npos && ascii_iequals(line.substr(0, colon), name))
      return net::trimmed(line.substr(colon + 1));
    if (end == block.npos) break;
    block.remove_prefix(end + 2);
  }
  return std::nullopt;
}

// One part between two boundaries: header lines, an empty line, the value.
bool read_part(std::string_view part, FormFields& fields) {
  std::string_view head, value;
  if (part.starts_with("\r\n")) {
    value = part.substr(2);
  } else {
    const auto end = part.find("\r\n\r\n");
    if (end == part.npos) return false;
    head = part.substr(0, end);
    value = part.substr(end + 4);
  }
  const auto disposition = part_header(head, "content-disposition");
  if (!disposition || !ascii_iequals(media_type(*disposition), "form-data")) return false;
  auto name = header_parameter(*disposition, "name");
  if (!name) return false;
  if (header_parameter(*disposition, "filename") || header_parameter(*disposition, "filename*")) return true;
  fields.emplace_back(std::move(*name), std::string(value));
  return true;
}

}  // namespace

std::string_view to_string(FormError error) {
  switch (error) {
    case FormError::not_a_form: return "the Content-Type is neither form-urlencoded nor multipart/form-data";
    case FormError::bad_escape: return "a % is not followed by two hex digits";
    case FormError::no_boundary: return "multipart/form-data needs a boundary of 1 to 70 characters";
    case FormError::bad_multipart: return "a part or the closing boundary is malformed";
    case FormError::too_many_fields: return "a form may have at most 1000 fields";
  }
  return "";
}

std::string_view media_type(std::string_view content_type) {
  return net::trimmed(content_type.substr(0, content_type.find(';')));
}

std::optional<std::string> header_parameter(std::string_view value, std::string_view name) {
  ParameterReader parameters(value);
  std::string_view found;
  std::string text;
  while (parameters.next(found, text)) {
    if (ascii_iequals(found, name)) return text;
  }
  return std::nullopt;
}

FormResult read_urlencoded(std::string_view body) {
  FormFields fields;
  while (!body.empty()) {
    const auto end = body.find('&');
    const auto pair = body.substr(0, end);
    body.remove_prefix(end == body.npos ? body.size() : end + 1);
    if (pair.empty()) continue;
    if (fields.size() == kMaxFormFields) return FormError::too_many_fields;
    const auto equals = pair.find('=');
    auto name = percent_decode(pair.substr(0, equals), Plus::space);
    auto value =
        percent_decode(equals == pair.npos ? std::string_view{} : pair.substr(equals + 1), Plus::space);
    if (!name || !value) return FormError::bad_escape;
    fields.emplace_back(std::move(*name), std::move(*value));
  }
  return fields;
}

FormResult read_multipart(std::string_view body, std::string_view boundary) {
  if (boundary.empty() || boundary.size() > kMaxBoundary) return FormError::no_boundary;
  const std::string delimiter = "\r\n--" + std::string(boundary);
  FormFields fields;
  // The first delimiter may stand at the very start, without its CRLF; else a preamble comes before it.
  std::size_t at = 0;
  if (body.starts_with(std::string_view(delimiter).substr(2))) {
    at = delimiter.size() - 2;
  } else {
    const auto first = body.find(delimiter);
    if (first == body.npos) return FormError::bad_multipart;
    at = first + delimiter.size();
  }
  for (std::size_t parts = 0;; ++parts) {
    if (body.substr(at).starts_with("--")) return fields;
    if (parts == kMaxFormFields) return FormError::too_many_fields;
    while (at < body.size() && (body[at] == ' ' || body[at] == '\t')) ++at;  // transport padding
    if (!body.substr(at).starts_with("\r\n")) return FormError::bad_multipart;
    at += 2;
    const auto end = body.find(delimiter, at);
    if (end == body.npos || !read_part(body.substr(at, end - at), fields)) return FormError::bad_multipart;
    at = end + delimiter.size();
  }
}

FormResult read_form(std::string_view content_type, std::string_view body) {
  const auto type = media_type(content_type);
  if (ascii_iequals(type, "application/x-www-form-urlencoded")) return read_urlencoded(body);
  if (!ascii_iequals(type, "multipart/form-data")) return FormError::not_a_form;
  const auto boundary = header_parameter(content_type, "boundary");
  return read_multipart(body, boundary ? *boundary : std::string_view{});
}

}  // namespace muster::registry::http
