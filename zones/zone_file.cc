#include "zones/zone_file.h"

#include <sys/stat.h>

#include <cerrno>
#include <cstdio>
#include <memory>

#include "zones/zone_rules.h"

namespace muster::zones {

CompiledZoneResult compile_zone(const std::string& path, const Name& apex, const FileReader& read,
                                const ZoneFileLimits& limits) {
  ZoneDraft draft = read_zone(path, apex, read, limits);
  if (!draft.errors.full()) {
    GroupedZone zone = group_records(draft);
    check_rules(zone, draft);
    if (draft.errors.empty()) {
      return CompiledZone(std::move(zone.content), std::move(draft.warnings));
    }
  }
  return ZoneFileErrors{draft.errors.list()};
}

net::Result<std::string, std::error_code> read_whole_file(const std::string& path) {
  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  constexpr std::size_t kChunk = 1 << 20;
  const std::unique_ptr<std::FILE, Close> file(std::fopen(path.c_str(), "rb"));
  if (!file) return std::error_code(errno, std::generic_category());
  std::string text;
  struct stat facts = {};  // of a pipe the size is not known, and a file may grow meanwhile
  if (fstat(fileno(file.get()), &facts) == 0 && S_ISREG(facts.st_mode))
    text.reserve(static_cast<std::size_t>(facts.st_size) + kChunk);
  for (std::size_t size = 0;; text.resize(size)) {
    text.resize(size + kChunk);
    const std::size_t got = std::fread(text.data() + size, 1, kChunk, file.get());
    size += got;
    if (std::ferror(file.get()) != 0) return std::error_code(errno, std::generic_category());
    if (got == 0) {
      text.resize(size);
      return text;
    }
  }
}

}  // namespace muster::zones
