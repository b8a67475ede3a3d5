// Deflates to gzip (RFC 1952), as the text comes in. For what is kept: the fastest level, which takes a state
// of Mesos to a seventh. Free of Asio.
#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace muster::net {

class Gzip {
 public:
  Gzip();
  ~Gzip();
  Gzip(const Gzip&) = delete;
  Gzip& operator=(const Gzip&) = delete;

  void write(std::string_view text);
  std::string finish();      // all of it, once
  std::size_t size() const;  // of what has come out so far

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace muster::net
