// Inflates gzip (RFC 1952) as it comes in, into room that the caller gives; several members one after the
// other are one text, as RFC 1952 §2.2 has it. Free of Asio.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "registry/net/result.h"

namespace muster::net {

class Gunzip {
 public:
  Gunzip();
  ~Gunzip();
  Gunzip(const Gunzip&) = delete;
  Gunzip& operator=(const Gunzip&) = delete;

  // Takes octets off the front of `input`; how many came out of them. A full `room` means that there may be
  // more for the same input. The error says why this is no gzip, or a broken one; it is final.
  Result<std::size_t, std::string> inflate(std::string_view& input, std::span<char> room);
  // No member is begun and not ended: the text may end here.
  bool is_whole() const { return !inside_; }

 private:
  struct State;
  std::unique_ptr<State> state_;
  bool inside_ = false;
};

}  // namespace muster::net
