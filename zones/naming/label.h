// Labels of generated names. Those made of hashes are in registry/label.h, where the sources need them, too.
#pragma once

#include <string>
#include <string_view>

#include "registry/label.h"

namespace muster::zones::naming {

using registry::hash_label;

// "_http" of "http" (RFC 2782, RFC 6763 §4.1).
inline std::string underscored(std::string_view text) {
  std::string label(1, '_');
  return label.append(text);
}

}  // namespace muster::zones::naming
