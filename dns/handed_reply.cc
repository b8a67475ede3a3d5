#include "dns/handed_reply.h"

#include <algorithm>

#include "dns/reply_limit.h"

namespace muster::dns {

ReplyEdns edns_for(const Handed& handed, const Query& query, const AnswerConfig& config,
                   std::optional<std::uint32_t> expire) {
  ReplyEdns edns;
  edns.present = query.edns.present;
  edns.dnssec_ok = query.edns.dnssec_ok;
  edns.udp_size = config.edns_udp_size;
  if (query.edns.nsid) edns.nsid = config.server_name;
  if (query.edns.expire) edns.expire = expire;
  if (handed.sender.cookie) edns.cookie = *handed.sender.cookie;
  return edns;
}

Octets write_reply(const Handed& handed, const Query& query, const AnswerConfig& config, std::uint64_t now,
                   const HandedReply& reply) {
  ReplyEdns edns = edns_for(handed, query, config, reply.expire);
  edns.lease = reply.lease;
  edns.error = reply.error;
  edns.error_text = reply.error_text;
  Octets message(reply_limit(query, handed.client.transport, config));
  TsigSigner signer = handed.sender.signer;
  const std::size_t limit = message.size() - signer.size();
  if (query.question_end + opt_size(edns) > limit) edns.nsid = {};
  ReplyWriter writer;
  writer.begin(message, limit, opt_size(edns), handed.packet, query);
  if (reply.forwarded) writer.set_forwarded(*reply.forwarded);
  const ReplyWriter::Mark empty = writer.mark();
  const bool truncated = reply.write && !reply.write(writer);
  if (truncated) writer.rewind(empty);
  const std::size_t size = writer.finish(query, reply.authoritative, truncated, reply.rcode, edns);
  message.resize(signer.sign(message, size, now));
  return message;
}

}  // namespace muster::dns
