#include "tools/config/public_names.h"

#include <algorithm>
#include <iterator>

#include "registry/label.h"
#include "zones/naming/native.h"

namespace muster::config {

std::vector<zones::BoundName> public_names(const Config& config) {
  std::vector<zones::BoundName> bound;
  for (const auto& [name, service] : config.services) {
    for (const PublicName& also : service.also) {
      if (auto set = zones::naming::public_set(also.name, registry::ascii_lower(name)))
        bound.push_back({also.name, std::move(set->types), name, also.place});
    }
  }
  return bound;
}

std::vector<zones::BoundName> public_names_in(const zones::Name& apex, const std::vector<ZoneFile>& files,
                                              const std::vector<zones::BoundName>& bound) {
  std::vector<zones::BoundName> in_it;
  std::copy_if(bound.begin(), bound.end(), std::back_inserter(in_it), [&](const zones::BoundName& one) {
    return one.owner.is_at_or_below(apex) &&
           std::none_of(files.begin(), files.end(), [&](const ZoneFile& file) {
             return file.name != apex && file.name.is_at_or_below(apex) &&
                    one.owner.is_at_or_below(file.name);
           });
  });
  return in_it;
}

}  // namespace muster::config
