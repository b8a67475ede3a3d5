// Opcodes (RFC 6895 §2.2). Only QUERY is answered; the rest is NOTIMP until its part is built.
#pragma once

#include <cstdint>

namespace muster::dns {

enum class Opcode : std::uint8_t { query = 0, iquery = 1, status = 2, notify = 4, update = 5, dso = 6 };

}  // namespace muster::dns
