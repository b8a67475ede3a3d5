// Replies to questions whose name is an alias of ours that leads to somebody else's name: our records first,
// then what an upstream said of that name.
#pragma once

#include <optional>
#include <string>

#include "dns/desk.h"
#include "dns/forward/cache.h"
#include "dns/reply_writer.h"

namespace muster::dns {

struct AliasChain {
  Octets records;  // as they stand behind the question
  std::uint16_t count = 0;
  std::string target;  // where they end: wire form
};

// `reply`: our own to the query, which ends with an alias. nullopt: it does not.
std::optional<AliasChain> read_alias_chain(Packet reply, Packet query);

// The chain, and the records of what was kept for its target; of an answer without records why there is none.
// False: no room.
bool put_behind_alias(ReplyWriter& writer, const AliasChain& chain, const CachedReply& kept,
                      std::uint32_t tick);

}  // namespace muster::dns
