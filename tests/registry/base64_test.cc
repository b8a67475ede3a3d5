#include "registry/net/base64.h"

#include <gtest/gtest.h>

namespace muster::net {
namespace {

// The vectors of RFC 4648 §10, and octets beyond ASCII.
TEST(Base64, EncodesAndDecodes) {
  const std::pair<std::string, std::string> rows[] = {
      {"", ""},
      {"f", "Zg=="},
      {"fo", "Zm8="},
      {"foo", "Zm9v"},
      {"foob", "Zm9vYg=="},
      {"fooba", "Zm9vYmE="},
      {"foobar", "Zm9vYmFy"},
      {"\xff\xfe\xfb", "//77"},
  };
  for (const auto& [octets, text] : rows) {
    EXPECT_EQ(base64_encode(octets), text);
    EXPECT_EQ(base64_decode(text), octets);
  }
}

}  // namespace
}  // namespace muster::net
