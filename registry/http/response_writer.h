// Responses as octets (RFC 9112): status line, Date, framing, headers. Pure.
#pragma once

#include <string>
#include <string_view>

#include "registry/http/message.h"

namespace muster::registry::http {

enum class Framing : std::uint8_t {
  sized,      // Content-Length
  chunked,    // a stream to HTTP/1.1
  until_end,  // a stream to HTTP/1.0
};

struct HeadOptions {
  Framing framing = Framing::sized;
  bool close = false;
  std::string_view date;  // "Sat, 21 Nov 2026 06:13:06 GMT"
};

void append_head(std::string& out, const Response& response, const HeadOptions& options);
// The size line of one chunk, "1f\r\n".
std::string chunk_head(std::size_t size);
constexpr std::string_view kLastChunk = "0\r\n\r\n";

// 1xx, 204 and 304 have no body, whatever the handler put there (RFC 9110 §6.4.1).
bool has_body(int status);
std::string_view reason_phrase(int status);
std::string http_date(net::WallTime at);

}  // namespace muster::registry::http
