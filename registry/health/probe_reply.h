// What an HTTP server answers to a probe, octet by octet, and what that says of it. Pure. More tolerant than
// a client of the web, as a check has to be: a status line alone will do; and it reads no further than it
// must.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "registry/health/check.h"

namespace muster::registry::health {

class ProbeReply {
 public:
  static constexpr std::size_t kMaxHead = 16 * 1024;  // octets, of all heads together
  static constexpr std::size_t kMaxBody = 64 * 1024;  // octets looked at, after chunks are put together

  // `look` outlives it.
  explicit ProbeReply(const Look& look) : look_(&look) {}

  // The verdict, as soon as there is one.
  std::optional<Verdict> take(std::string_view octets);
  // The connection ended in order.
  Verdict end();
  bool has_begun() const { return status_ != 0; }

 private:
  enum class Part : std::uint8_t { status, head, body, chunk_size, chunk, chunk_end };

  std::optional<Verdict> take_line(std::string_view line);
  std::optional<Verdict> take_status(std::string_view line);
  void take_header(std::string_view line);
  std::optional<Verdict> end_of_head();
  std::optional<Verdict> take_body(std::string_view& rest);
  std::optional<Verdict> take_text(std::string_view text);
  std::optional<Verdict> take_chunk_size(std::string_view line);
  Verdict judge() const;
  Verdict failure(FailureClass what, std::string detail) const;

  const Look* look_;
  Part part_ = Part::status;
  std::string line_;  // that has not ended yet
  std::size_t head_ = 0;
  std::uint16_t status_ = 0;
  bool is_chunked_ = false;
  std::optional<std::uint64_t> length_;  // of what is left of the body, or of a chunk
  std::string text_;
};

}  // namespace muster::registry::health
