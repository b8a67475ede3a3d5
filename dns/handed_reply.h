// Single replies to queries that were handed on: refusals, and what fits into one message.
#pragma once

#include <functional>
#include <optional>
#include <string_view>

#include "dns/config.h"
#include "dns/desk.h"
#include "dns/question.h"
#include "dns/reply_writer.h"
#include "dns/signer.h"

namespace muster::dns {

struct HandedReply {
  Rcode rcode = Rcode::noerror;
  bool authoritative = false;
  std::optional<ExtendedError> error{};
  std::string_view error_text{};
  std::optional<std::uint32_t> expire{};  // seconds; sent where it was asked for
  // Adds the records; false: they do not fit, TC is set and the reply goes out without them.
  std::function<bool(ReplyWriter&)> write{};
};

// What a reply to this query says in its OPT, without an error. The NSID is the configuration's.
ReplyEdns edns_for(const Query& query, const AnswerConfig& config, std::optional<std::uint32_t> expire);

Octets write_reply(const Handed& handed, const Query& query, const AnswerConfig& config, Signer* signer,
                   const HandedReply& reply);

}  // namespace muster::dns
