// Labels that stand for names which make none of their own.
#pragma once

#include <string>
#include <string_view>

namespace muster::zones::naming {

// The first `symbols` (≤ 32) of z-base-32 over SHA-1(text).
std::string hash_label(std::string_view text, std::size_t symbols);

}  // namespace muster::zones::naming
