// Names in a message, followed through their pointers and copied whole: for readers of records. The query
// path reads its one name itself (question.h).
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "dns/question.h"
#include "zones/wire_name.h"

namespace muster::dns {

// Octets of a message, [begin, end).
struct NamePiece {
  std::size_t begin;
  std::size_t end;
};

// Reads the name at `at` into `name`, uncompressed, its case kept. A pointer leads to a name that came
// before, whole: strictly backwards, never into the header, and what follows there ends before the piece that
// led to it begins (RFC 1035 §4.1.4, "a prior occurrence"). Returns where the name ends in the message;
// nullopt: unreadable. The pieces that pointers lead to are added to `led_to`.
std::optional<std::size_t> read_name(Packet packet, std::size_t at, zones::WireName& name,
                                     std::vector<NamePiece>* led_to = nullptr);

}  // namespace muster::dns
