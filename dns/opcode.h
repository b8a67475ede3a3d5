// Opcodes (RFC 6895 §2.2). QUERY, NOTIFY and UPDATE are read; the rest is NOTIMP.
#pragma once

#include <cstdint>

namespace muster::dns {

enum class Opcode : std::uint8_t { query = 0, iquery = 1, status = 2, notify = 4, update = 5, dso = 6 };

}  // namespace muster::dns
