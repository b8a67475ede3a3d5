// From a query packet to its reply: one pure function for UDP threads, TCP, fuzzers and benchmarks. It looks
// at no clock, takes no lock, makes no system call, logs nothing and, after warm-up, allocates nothing.
//
// The stages of the road are in road.h; docs/explanation/query-trace.md walks one packet along it.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "dns/client.h"
#include "dns/config.h"
#include "dns/counters.h"
#include "dns/desk.h"
#include "dns/forward/cache.h"
#include "dns/question.h"
#include "dns/reply_writer.h"
#include "zones/choice.h"
#include "zones/name_table.h"
#include "zones/rng.h"

namespace muster::dns {

// Aliases followed in one reply.
inline constexpr std::size_t kAliasesMax = 16;
// Every reply has room in this; UDP buffers may be as small as the larger of it and edns_udp_size.
inline constexpr std::size_t kReplyMin = 512;
// In place of a size: no reply here, the query is one for a desk (dns/desk.h).
inline constexpr std::size_t kHandOn = static_cast<std::size_t>(-1);

// Memory that answering needs beside the reply, reused from query to query.
struct Scratch {
  // A record of the answer whose target may bring additional records.
  struct Written {
    std::uint32_t member;
    std::size_t at;  // as ReplyWriter::put returns it
  };
  // A name on the road: the question's, or what an alias led to.
  struct Step {
    FoldedName name;
    std::array<char, kNameMax> synthesized;  // a target made by a DNAME
  };

  Scratch();
  std::vector<Written> written;
  std::vector<Written> hosts;                // SRV records of one instance
  std::vector<const zones::Entry*> targets;  // whose addresses are in the reply already
  std::vector<const char*> ready_targets;    // the same, of ready-made ones
  std::array<Step, kAliasesMax + 1> steps;
  std::array<const zones::Entry*, kAliasesMax> dnames;  // written into this reply
  // What was at the question's name, once an alias has led on: the entry, and the labels in front of it.
  struct First {
    const zones::Entry* entry;
    std::size_t missing;
  };
  First first;
  FoldedName target;
  std::array<char, 64> note;
  // Of a query with a TSIG.
  TsigRecord tsig_record;
  TsigVerdict tsig;
  Cookie cookie;  // for the reply
  Sender sender;  // of a query that was just handed on
  Errand errand{};  // and what for
  ReplyWriter writer;
};

// One thread's state. Its reader is online while packets are answered.
struct Answerer {
  Answerer(zones::NameTable::Reader& names_, zones::Rng rng_, AnswerConfig config_)
      : names(names_), rng(rng_), config(std::move(config_)) {}

  zones::NameTable::Reader& names;
  zones::Rng rng;
  AnswerConfig config;
  Counters counters;
  zones::Choice choice;
  Scratch scratch;
  Cache::Reader* cache = nullptr;  // of other servers' answers; online while packets are answered. Null: none
};

// A packet on its way: read, and looked up. The packet and the client stay where they are until
// finish().
struct Pending {
  Packet packet;
  const Client* client = nullptr;
  ReadOutcome outcome;
  std::uint64_t hash = 0;
  const zones::Entry* entry = nullptr;  // at the name itself
  Query query;
};

// From a query packet to its reply; 0 means silence, kHandOn that somebody else answers (only where the
// configuration says that there is somebody). Precondition: reply.size() >= kReplyMin.
std::size_t answer(Packet query, const Client& client, Answerer& self, std::span<std::uint8_t> reply);

// The same in four steps, so that a batch's cache misses overlap: each step is done for the whole batch
// before the next, and fetches what that will touch; fetch() may be left out. At 100,000 services, in batches
// of 64, it is 180 ns instead of 480 for A, 205 instead of 650 for SRV (tests/bench).
void prepare(Packet query, const Client& client, Answerer& self, Pending& pending);
void fetch(const Pending& pending, Answerer& self);
void look_up(Pending& pending, Answerer& self);
std::size_t finish(const Pending& pending, Answerer& self, std::span<std::uint8_t> reply);

}  // namespace muster::dns
