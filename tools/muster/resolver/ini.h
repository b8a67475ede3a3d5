// The values of a key in a file of sections, as systemd and NetworkManager have them, in their order.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace muster::resolver {

// Whole values, blanks at the ends cut off; "" where the key is set to nothing.
std::vector<std::string> ini_values(std::string_view text, std::string_view section, std::string_view key);

}  // namespace muster::resolver
