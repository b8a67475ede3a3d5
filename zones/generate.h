// $GENERATE lo-hi[/step] (BIND's directive, which the master files of reverse zones rely on): what the range
// is, and what becomes of a word for one number of it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace muster::zones {

constexpr std::uint64_t kGenerateMax = 65536;  // records of one directive

struct GenerateRange {
  std::uint32_t low = 0;
  std::uint32_t high = 0;
  std::uint32_t step = 1;
  std::uint64_t count() const { return (std::uint64_t{high} - low) / step + 1; }
};
std::optional<GenerateRange> read_generate_range(std::string_view text);

// Appends `pattern` with every $ and ${offset[,width[,base]]} replaced; `\$` and `$$` are a dollar sign. Base
// is one of d o x X, or n N for nibbles with dots, the lowest first. False: a pattern that cannot be
// understood.
bool expand_generate(std::string_view pattern, std::uint32_t value, std::string& out);

}  // namespace muster::zones
