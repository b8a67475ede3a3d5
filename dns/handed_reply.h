// Single replies to queries that were handed on: refusals, and what fits into one message.
#pragma once

#include <functional>
#include <optional>
#include <string_view>

#include "dns/config.h"
#include "dns/desk.h"
#include "dns/question.h"
#include "dns/reply_writer.h"

namespace muster::dns {

struct HandedReply {
  Rcode rcode = Rcode::noerror;
  bool authoritative = false;
  std::optional<ExtendedError> error{};
  std::string_view error_text{};
  std::optional<std::uint32_t> expire{};  // seconds; sent where it was asked for
  std::optional<std::uint32_t> lease{};   // seconds, as granted (RFC 9664)
  std::optional<bool> forwarded{};        // another server's word; whether it says that it is authenticated
  // Adds the records; false: they do not fit, TC is set and the reply goes out without them.
  std::function<bool(ReplyWriter&)> write{};
};

// What a reply says in its OPT, without an error. It points into the configuration and what was handed.
ReplyEdns edns_for(const Handed& handed, const Query& query, const AnswerConfig& config,
                   std::optional<std::uint32_t> expire);

// Signed where the query was. `now` is in Unix seconds.
Octets write_reply(const Handed& handed, const Query& query, const AnswerConfig& config, std::uint64_t now,
                   const HandedReply& reply);

}  // namespace muster::dns
