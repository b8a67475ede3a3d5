// The road of one query through the live table, in stages over one small state: what is at the name is
// decided once, then written. Used by answer.cc only.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "dns/answer.h"
#include "dns/forward/special_names.h"

namespace muster::dns {

class Road {
 public:
  Road(const Pending& pending, Answerer& self, std::span<std::uint8_t> reply);
  // Returns the size of the reply.
  std::size_t walk();

 private:
  // What stands at the name, or how the road ended.
  enum class State : std::uint8_t {
    hit,      // the asked RRset is there
    nodata,   // the name is there, or a wildcard for it, without the type
    miss,     // no such name
    deleg,    // at or below a cut
    follow,   // an alias leads on
    trunc,    // what must be in the reply has no room
    error,    // rcode_ tells
    hand_on,  // somebody else answers
    done,     // the reply stands as it is
  };

  // A name that exists: the one asked or its closest encloser.
  struct Node {
    const zones::Entry* entry = nullptr;
    std::size_t missing = 0;  // labels of the name in front of it; 0: the name itself
  };

  // answer.cc: from the packet to a decision
  void begin();
  State check();
  State check_type();
  State resolve();
  Node find_node(const FoldedName& name, std::size_t from) const;
  State decide(const Node& node);
  bool is_silent_zone();
  bool is_certain(Rcode rcode) const;
  State fail_unready();
  State decide_missing(const Node& node);
  State decide_at(const zones::Entry& entry);
  State decide_ds(const Node& node);
  State write(State state);
  std::size_t finish(State state);
  std::size_t seal();
  State fail(Rcode rcode, std::optional<ExtendedError> error = {}, std::string_view text = {});
  void shorten();
  State chaos();
  State notify();

  // foreign.cc: names in no zone of ours
  State foreign();
  State leave();
  std::optional<State> answer_from_cache();
  State answer_special(const SpecialName& special);
  State put_special(Owner& owner, zones::RrType type, std::string_view rdata);
  State deny_special(std::string_view apex, Rcode rcode);
  void count(Foreign what) { self_.counters.foreign[static_cast<std::size_t>(what)].add(); }

  // sender.cc: who asks, and how often
  void verify_signature();
  void check_cookie();
  bool is_verified() const { return query_.tsig_at != 0 && scratch_.tsig.check == TsigCheck::verified; }
  // Whose signature the query carries; null: it is not signed.
  const TsigKey* signed_by() const { return is_verified() ? scratch_.tsig.key : nullptr; }
  State refuse_signature();
  std::size_t hand_on_or_limit();
  std::size_t hand_on();
  State answer_only_cookie();
  ReplyKind kind() const;
  std::uint64_t rate_name() const;
  bool keep_rate();
  void slip();
  std::size_t drop_for_rate();

  // sets.cc: what goes into the answer and authority sections
  State write_hit();
  State write_any();
  State write_nothing();
  State write_negative(Rcode rcode);
  // Whether a set may go out in part where its policy, or TCP, allows it.
  enum class Cut : std::uint8_t { by_policy, never };
  // The members of a set that this reply gets, as the set's order has it.
  std::span<const std::uint32_t> draw(const zones::RrsetView& set, std::size_t most);
  bool believes_subnet() const;
  zones::ClientNetwork client_network();
  bool write_set(const zones::RrsetView& set, Owner& owner, Cut cut = Cut::by_policy);
  bool write_whole(const zones::RrsetView& set);
  bool write_drawn(const zones::RrsetView& set, Owner& owner, Cut cut);
  bool keeps_part(const zones::RrsetView& set, std::size_t written);
  void tell(const zones::RrsetView& set);
  void tell_stale(std::string_view text, std::uint32_t since);
  void note_part(std::size_t written, std::size_t there, const char* what);
  std::size_t apex_in_question() const;

  // aliases.cc
  State follow();
  State follow_dname();
  State step_to(std::string_view target, std::size_t at);

  // additional.cc: addresses and what else spares the client a query
  State refer();
  void add_additional();
  void add_ready_addresses(const zones::RrsetView& set);
  void add_looked_up(const zones::RrsetView& set);
  void add_instances(const zones::RrsetView& set);
  void add_service_binding(bool alias, std::string_view target, std::size_t at);
  const zones::Entry* find_target(std::string_view target, bool glue = false);
  bool add_addresses(std::string_view target, std::size_t at, bool glue);
  bool add_whole(const zones::RrsetView& set, Owner owner);
  bool add_ready(std::string_view records, Owner owner);
  bool begin_target(const zones::Entry& entry);

  bool udp() const { return pending_.client->transport == Transport::udp; }
  const FoldedName& name() const { return *name_; }
  ReplyWriter& writer() { return scratch_.writer; }

  const Pending& pending_;
  const Query& query_;
  Answerer& self_;
  Scratch& scratch_;
  std::span<std::uint8_t> reply_;

  const FoldedName* name_;      // the name of this step, folded
  std::string_view name_wire_;  // and as written
  Owner owner_;                 // and where it stands in the reply
  std::size_t step_ = 0;
  std::size_t dnames_ = 0;
  Node node_;                             // what is at this step's name
  const zones::Entry* source_ = nullptr;  // whose records answer: the name, a wildcard, a DNAME's owner
  const zones::ZoneView* zone_ = nullptr;
  std::optional<zones::RrsetView> set_;  // hit: what was asked
  std::size_t zone_row_ = Counters::kNoZone;

  Rcode rcode_ = Rcode::noerror;
  bool authoritative_ = false;
  bool forwarded_ = false;  // the reply is another server's word
  bool truncated_ = false;
  bool cookie_valid_ = false;
  bool cookie_invalid_ = false;
  std::size_t signature_size_ = 0;  // octets kept free for the reply's TSIG
  ReplyEdns edns_;
};

}  // namespace muster::dns
