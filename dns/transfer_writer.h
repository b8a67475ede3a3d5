// Writes the messages of one transfer (RFC 5936 §2.2): AA on each, the question and the OPT in the first,
// records one after the other, each message as full as it gets. Names are compressed where they are octet for
// octet the same, so that the case in which people wrote them is kept (RFC 4343 §4.1); rdata only in the
// types of RFC 1035 (RFC 3597 §4).
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "dns/desk.h"
#include "dns/edns.h"
#include "dns/question.h"
#include "zones/record_list.h"

namespace muster::dns {

class TransferWriter {
 public:
  // Pointers reach no further (RFC 1035 §4.1.4), and about 300 records share one message.
  static constexpr std::size_t kMessageMost = 16'383;

  // `edns` goes into the first message; every message is signed, at the time that the clock tells, over the one
  // before (RFC 8945 §5.3.1).
  TransferWriter(Packet packet, const Query& query, const ReplyEdns& edns, TsigSigner signer, Clock clock);

  // False: it does not fit into any message, the transfer cannot go on.
  bool add(const zones::RecordView& record);
  // Closes the last message.
  void finish();
  // The messages that are whole.
  std::vector<Octets> take() { return std::exchange(whole_, {}); }

  std::uint64_t records() const { return records_; }

 private:
  static constexpr std::size_t kSlots = 8192;  // suffixes known, at most half of them taken

  struct Suffixes;

  void begin(std::size_t limit);
  void close();
  bool put(const zones::RecordView& record);
  bool put_name(std::string_view name);
  bool put_pointer(std::uint16_t at);
  void know(std::uint16_t* slot, std::size_t at);
  void know_question();
  bool put_rdata(zones::RrType type, std::string_view rdata);
  bool copy(std::string_view octets);
  std::uint16_t* slot_of(std::string_view suffix, std::uint32_t hash);
  bool stands_at(std::size_t at, std::string_view suffix) const;
  std::size_t room() const { return end_ - at_; }

  const Octets question_;
  const std::uint16_t id_;
  const std::uint8_t flags_;  // what is copied from the query
  ReplyEdns edns_;            // for the first message
  std::string nsid_;          // what edns_ points to
  Octets cookie_;             // and this
  TsigSigner signer_;
  const Clock clock_;

  Octets buffer_;
  std::size_t at_ = 0;
  std::size_t end_ = 0;  // records end here at the latest
  std::uint16_t count_ = 0;
  bool first_ = true;
  bool open_ = false;
  std::string last_owner_;  // of the record before, in this message
  std::uint16_t last_owner_at_ = 0;
  std::size_t known_ = 0;
  std::array<std::uint16_t, kSlots> slots_{};  // where a suffix stands; 0: free
  std::vector<Octets> whole_;
  std::uint64_t records_ = 0;
};

}  // namespace muster::dns
