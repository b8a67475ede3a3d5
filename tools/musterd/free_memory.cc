#include "tools/musterd/free_memory.h"

#ifdef MUSTER_TCMALLOC
#include <gperftools/malloc_extension_c.h>

#include <cstddef>
#endif

namespace muster::tools {

#ifdef MUSTER_TCMALLOC
namespace {

std::size_t free_octets() {
  std::size_t octets = 0;
  MallocExtension_GetNumericProperty("tcmalloc.pageheap_free_bytes", &octets);
  return octets;
}

}  // namespace

// What one call gives back over its amount, the next ones count as theirs: so more calls than amounts.
void return_free_memory() {
  constexpr std::size_t kAtOnce = std::size_t{16} << 20;
  for (std::size_t calls = 2 * (free_octets() / kAtOnce) + 2; calls > 0 && free_octets() > 0; --calls)
    MallocExtension_ReleaseToSystem(kAtOnce);
}

void share_free_memory() { MallocExtension_MarkThreadIdle(); }
#else
void return_free_memory() {}
void share_free_memory() {}
#endif

}  // namespace muster::tools
