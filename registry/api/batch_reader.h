// {"instances":[…]}: a list whose elements stand alone. A bad element carries its own error; only a bad list,
// or one that is too long, refuses the whole.
#pragma once

#include "registry/api/instance_reader.h"

namespace muster::registry::api {

// The array under "instances", or what is wrong with the list itself.
bool read_list(const boost::json::value& root, const Place& at, Reading& reading, std::size_t most,
               const boost::json::array*& out);

// `read(value, place, reading, Named{}, out)` reads one element; T has `service` and `id`.
template <class T, class Read>
ReadResult<Elements<T>> read_batch(std::string_view text, const ReadContext& context, std::size_t most,
                                   Read read) {
  const auto read_root = [&](const boost::json::value& root, const Place& at, Reading& reading,
                             Elements<T>& out) {
    const boost::json::array* list = nullptr;
    if (!read_list(root, at, reading, most, list)) return false;
    const Place instances = member_of(at, "instances");
    out.resize(list->size());
    for (std::size_t i = 0; i < list->size(); ++i) {
      const Place here = element_of(instances, i);
      if (!read((*list)[i], here, reading, Named{}, out[i].value)) out[i].error = std::move(reading.error);
    }
    return true;
  };
  return read_document<Elements<T>>(text, context, read_root);
}

}  // namespace muster::registry::api
