// Any octets as the state of a Mesos master. The first octet says where the text is cut: in two pieces it must be what
// it is in one, and a refusal must carry a message.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "registry/sources/mesos_parse.h"

namespace {

using namespace muster::registry::sources;

void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  const std::size_t cut = text.size() * data[0] / 256;
  MesosStateParser whole({});
  whole.write(text);
  MesosStateParser pieces({});
  pieces.write(text.substr(0, cut));
  pieces.write(text.substr(cut));
  const auto one = whole.finish();
  const auto other = pieces.finish();
  require(one.has_value() == other.has_value());
  if (one.has_value()) {
    require(*one == *other);
  } else {
    require(!one.error().message.empty() && one.error().kind == other.error().kind);
  }
  return 0;
}
