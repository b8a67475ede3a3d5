// Fuzzes the reader of master files: whatever the octets are, they are read or refused, and what was read is
// written so that it reads back to the same zone. Included files named "inc" exist; all others do not.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "zones/zone_file.h"
#include "zones/zone_writer.h"

namespace {

using namespace muster::zones;

CompiledZoneResult compile(const std::string& text) {
  const FileReader read = [&](const std::string& path) -> muster::net::Result<std::string, std::error_code> {
    if (path == "zone") return text;
    if (path == "inc") return std::string("i 1 A 192.0.2.1\n");
    return std::make_error_code(std::errc::no_such_file_or_directory);
  };
  ZoneFileLimits limits;
  limits.records = 2000;  // a $GENERATE of 30 octets makes 65,536
  return compile_zone("zone", *Name::from_text("example.test."), read, limits);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto zone = compile(std::string(reinterpret_cast<const char*>(data), size));
  if (!zone) return 0;
  const std::string once = write_zone(*zone);
  const auto again = compile(once);
  if (!again || write_zone(*again) != once) std::abort();
  return 0;
}
