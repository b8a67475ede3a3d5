// Labels made of hashes: registry/label.h, where the sources need them, too.
#pragma once

#include "registry/label.h"

namespace muster::zones::naming {

using registry::hash_label;

}  // namespace muster::zones::naming
