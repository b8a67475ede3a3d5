// Words of a master file to rdata, appended to a buffer that the caller keeps, so that reading a million
// records allocates for none of them. rdata_from_words (zones/record.h) is the same for one record.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "zones/record.h"

namespace muster::zones {

constexpr std::size_t kRdataMax = 65535;

// nullopt: read. `origin` is a wire name. On an error `out` may hold a part.
std::optional<RdataError> read_rdata(RrType type, std::span<const Word> words, std::string_view origin,
                                     std::string& out);

}  // namespace muster::zones
