// gzip members for tests.
#pragma once

#include <string>
#include <string_view>

namespace muster::test {

std::string gzip(std::string_view text);

}  // namespace muster::test
