// Form bodies. The input is a Content-Type, a line feed, and the body; a url-encoded form that is written
// again must read the same.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "registry/http/form.h"

namespace {

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto octet = static_cast<unsigned char>(c);
    out += '%';
    out += "0123456789abcdef"[octet >> 4];
    out += "0123456789abcdef"[octet & 15];
  }
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  namespace http = muster::registry::http;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const auto line = input.find('\n');
  if (line == input.npos) return 0;
  const auto fields = http::read_form(input.substr(0, line), input.substr(line + 1));
  if (!fields) return 0;
  std::string again;
  for (const auto& [name, value] : *fields) again += escaped(name) + "=" + escaped(value) + "&";
  const auto reread = http::read_urlencoded(again);
  if (!reread || *reread != *fields) std::abort();
  return 0;
}
