// Any octets as what a master wrote into ZooKeeper, and as the address of ZooKeeper itself: a master has an
// address that can be asked, and what is read of an address, shown, is read again.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "registry/sources/zookeeper_nodes.h"
#include "registry/sources/zookeeper_url.h"

namespace {

using namespace muster::registry::sources;

void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto master = read_master_node(text))
    require(master->port != 0 && !master->address.is_unspecified());
  if (const auto url = parse_zookeeper_url(text)) {
    const auto again = parse_zookeeper_url(to_string(*url));
    require(again.has_value() && again->servers == url->servers && again->path == url->path);
  }
  return 0;
}
