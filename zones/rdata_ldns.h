// The text of the rarer types is ldns' business. Thread safety: any thread; one call at a time runs, the
// others wait (a zone's rare records are few).
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "registry/net/result.h"
#include "zones/record.h"

namespace muster::zones {

struct LdnsError {
  const char* what;  // ldns' own, static
};

// Names are relative to `origin`, a wire name.
net::Result<std::string, LdnsError> ldns_rdata_from_text(RrType type, std::span<const Word> words,
                                                         std::string_view origin);
// nullopt: ldns does not know the type, or the octets are not of it.
std::optional<std::string> ldns_rdata_text(RrType type, std::string_view rdata);

}  // namespace muster::zones
