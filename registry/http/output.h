// What waits to be written to one peer, in order: our own text, gathered, and shared pieces of streams, which
// are never copied. Octets of a stream are given back to their exchange when they have gone out.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "registry/http/exchange.h"

namespace muster::registry::http {

class Output {
 public:
  // Our own text, to append to.
  std::string& text();
  void own(std::string&& large);
  void share(const Exchange::Piece& piece, std::shared_ptr<Exchange> owner);
  bool empty() const { return parts_.empty(); }
  std::size_t size() const;

  std::vector<std::string_view> views() const;
  // Everything was written, or never will be: streams get their octets back.
  void settle();

 private:
  struct Part {
    std::string text;
    Exchange::Piece shared;
    std::shared_ptr<Exchange> owner;
  };
  static constexpr std::size_t kGather = 64 * 1024;  // a part of our own text is closed at this size
  std::vector<Part> parts_;
};

}  // namespace muster::registry::http
