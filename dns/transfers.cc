#include "dns/transfers.h"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <deque>

#include "dns/handed_reply.h"
#include "dns/ixfr_query.h"
#include "dns/transfer_writer.h"

namespace muster::dns {

namespace asio = boost::asio;
using zones::RrType;

namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr std::size_t kChunk = zones::ZoneHistory::kSlice;  // octets of records between two waits

}  // namespace

class Transfers::Core : public std::enable_shared_from_this<Transfers::Core> {
 public:
  Core(asio::any_io_executor run_on, std::shared_ptr<const LiveConfig> live, Clock time, OnControl control,
       Ended tell)
      : executor(std::move(run_on)),
        config(std::move(live)),
        clock(std::move(time)),
        on_control_(std::move(control)),
        tell_(std::move(tell)) {}

  void begin(Handed handed);
  void stop();
  void end(const std::shared_ptr<Session>& session);
  void report(TransferReport report);
  // Hands work to the control thread and its result back to this one; false: it takes none.
  template <class Result>
  bool ask(std::function<Result(zones::Zones&)> work, std::function<void(Result)> done) {
    return on_control_(
        [run_on = executor, work = std::move(work), done = std::move(done)](zones::Zones& all) mutable {
          auto result = std::make_shared<Result>(work(all));
          asio::post(run_on, [result, done = std::move(done)] { done(std::move(*result)); });
        });
  }

  asio::any_io_executor executor;
  const std::shared_ptr<const LiveConfig> config;
  const Clock clock;
  Access access;
  Counts counts;

 private:
  void start(std::shared_ptr<Session> session);

  OnControl on_control_;
  Ended tell_;
  std::vector<std::shared_ptr<Session>> running_;
  std::deque<std::shared_ptr<Session>> waiting_;
};

// One transfer: opened on the control thread, then slice by slice until the closing SOA has left.
class Transfers::Session : public std::enable_shared_from_this<Session> {
 public:
  Session(std::shared_ptr<Core> core, Handed handed)
      : core_(std::move(core)), handed_(std::move(handed)), began_(SteadyClock::now()) {
    static_cast<void>(read_query(handed_.packet, query_).ok);  // it was read before
    report_.kind = query_.type == RrType::axfr ? "axfr" : "ixfr";
    report_.client = {handed_.client.address, handed_.client.port};
  }

  // True: it may go on.
  bool check() {
    const auto apex = zones::Name::from_wire(
        {reinterpret_cast<const char*>(handed_.packet.data()) + kHeaderSize, query_.name.size});
    const auto zone = core_->access.find(*apex);
    if (zone == core_->access.end()) {
      answer("notauth", {.rcode = Rcode::notauth, .error = ExtendedError::not_authoritative});
      return false;
    }
    apex_ = zone->first;
    report_.zone = apex_.text();
    if (!zone->second.permits(handed_.client.address, key())) {
      answer("refused", {.rcode = Rcode::refused, .error = ExtendedError::prohibited});
      return false;
    }
    if (query_.type == RrType::axfr) return true;
    serial_ = read_ixfr_serial(handed_.packet, query_);
    if (!serial_) answer("formerr", {.rcode = Rcode::formerr});
    return serial_.has_value();
  }

  void refuse_busy() { fail("too many transfers at once"); }

  void open() {
    const bool taken = core_->ask<Opening>(
        [apex = apex_, serial = serial_, soa_only = udp()](zones::Zones& all) {
          return open_transfer(all, apex, serial, soa_only);
        },
        [self = shared_from_this()](Opening opening) { self->opened(std::move(opening)); });
    if (!taken) {
      fail("too busy");
      end();
    }
  }

  void stop() {
    if (opening_.walk) opening_.walk->abandon();
    ended_ = true;
    handed_.outlet.reset();
  }

 private:
  const zones::Name* key() const { return handed_.sender.key ? &*handed_.sender.key : nullptr; }
  bool udp() const { return handed_.client.transport == Transport::udp; }

  void opened(Opening opening) {
    if (ended_) {
      if (opening.walk) opening.walk->abandon();
      return;
    }
    opening_ = std::move(opening);
    report_.serial = opening_.soa.soa.serial;
    switch (opening_.state) {
      case Opening::State::ready: break;
      case Opening::State::load_failed:
        fail("zone failed to load", ExtendedError::invalid_data);
        return end();
      case Opening::State::busy: fail("the zone is being replaced"); return end();
      default: fail("zone not filled yet", ExtendedError::not_ready); return end();
    }
    if (!opening_.walk && opening_.differences.empty()) {
      send_soa();
      return end();
    }
    if (opening_.walk && serial_) report_.kind = "ixfr_whole";
    writer_.emplace(handed_.packet, query_, edns_for(handed_, query_, config_, opening_.soa.soa.expire),
                    handed_.sender.signer, core_->clock);
    put(opening_.soa.view());
    go_on();
  }

  void go_on() {
    if (opening_.walk) return ask_for_slice();
    put_differences();
  }

  void ask_for_slice() {
    const bool taken = core_->ask<Slice>(
        [apex = apex_, walk = opening_.walk](zones::Zones& all) { return next_slice(all, apex, *walk); },
        [self = shared_from_this()](Slice slice) { self->take_slice(slice); });
    if (!taken) abort();
  }

  void take_slice(const Slice& slice) {
    if (ended_) return;
    if (slice.aborted) return abort();
    slice.records.for_each([this](const zones::RecordView& record) { put(record); });
    last_ = slice.last;
    send();
  }

  // Of each: the old SOA, what goes, the new SOA, what comes.
  void put_differences() {
    const std::uint64_t full = put_octets_ + kChunk;
    while (put_octets_ < full) {
      if (!cursor_.at_end()) {
        put(cursor_.next());
      } else if (half_ < 2 * opening_.differences.size()) {
        const zones::Difference& one = *opening_.differences[half_ / 2];
        cursor_ = zones::RecordList::Cursor(half_ % 2 == 0 ? one.deleted : one.added);
        ++half_;
      } else {
        last_ = true;
        break;
      }
    }
    send();
  }

  void put(const zones::RecordView& record) {
    put_octets_ += record.owner.size() + kRecordFixed + record.rdata.size();
    too_large_ |= !writer_->add(record);
  }

  void send() {
    if (last_) {
      put(opening_.soa.view());
      writer_->finish();
    }
    if (too_large_) return abort();
    std::vector<Octets> messages = writer_->take();
    for (const Octets& message : messages) report_.octets += message.size();
    if (messages.empty()) return go_on();
    handed_.outlet->send(std::move(messages),
                         [self = shared_from_this()](bool written) { self->sent(written); });
  }

  void sent(bool written) {
    if (ended_) return;
    if (!written) return abort();
    if (!last_) return go_on();
    report_.records = writer_->records();
    end("sent");
  }

  // The client has this serial or a newer one, or asked over UDP: it comes back over TCP (RFC 1995 §2).
  void send_soa() {
    HandedReply reply;
    reply.authoritative = true;
    reply.expire = opening_.soa.soa.expire;
    reply.write = [this](ReplyWriter& writer) {
      Owner owner{kQuestionName, {}};
      return writer.put(Section::answer, owner, RrType::soa, zones::RrClass::in, opening_.soa.ttl,
                        opening_.soa.rdata) != 0;
    };
    report_.kind = "soa";
    report_.records = 1;
    answer("sent", reply);
  }

  void fail(std::string_view why, ExtendedError error = ExtendedError::other) {
    answer("failed", {.rcode = Rcode::servfail, .error = error, .error_text = why});
  }

  // One reply, and that is all.
  void answer(std::string_view result, const HandedReply& reply) {
    std::vector<Octets> messages{write_reply(handed_, query_, config_, core_->clock().now, reply)};
    report_.octets = messages.front().size();
    handed_.outlet->send(std::move(messages), [](bool) {});
    tell(result);
  }

  // Part of the zone may be out already: without its closing SOA nobody takes it for the whole. Closing the
  // connection tells the client at once.
  void abort() {
    handed_.outlet->abort();
    end("aborted");
  }

  void end(std::string_view result) {
    tell(result);
    end();
  }

  void end() {
    const auto self = shared_from_this();
    stop();
    core_->end(self);
  }

  void tell(std::string_view result) {
    report_.result = result;
    report_.took = std::chrono::duration_cast<std::chrono::milliseconds>(SteadyClock::now() - began_);
    core_->report(report_);
  }

  std::shared_ptr<Core> core_;
  Handed handed_;
  const AnswerConfig config_ = core_->config->get();  // for all of it
  Query query_;
  zones::Name apex_;
  std::optional<std::uint32_t> serial_;
  Opening opening_;
  std::optional<TransferWriter> writer_;
  zones::RecordList::Cursor cursor_;
  std::size_t half_ = 0;  // which half of which difference comes next
  std::uint64_t put_octets_ = 0;
  bool last_ = false;
  bool too_large_ = false;
  bool ended_ = false;
  TransferReport report_;
  SteadyClock::time_point began_;
};

void Transfers::Core::begin(Handed handed) {
  auto session = std::make_shared<Session>(shared_from_this(), std::move(handed));
  if (!session->check()) return;
  if (running_.size() < kAtOnce) return start(std::move(session));
  if (waiting_.size() < kWaiting) return waiting_.push_back(std::move(session));
  ++counts.waiting_full;
  session->refuse_busy();
}

void Transfers::Core::start(std::shared_ptr<Session> session) {
  running_.push_back(session);
  counts.running = running_.size();
  session->open();
}

void Transfers::Core::end(const std::shared_ptr<Session>& session) {
  std::erase(running_, session);
  counts.running = running_.size();
  if (waiting_.empty() || running_.size() >= kAtOnce) return;
  auto next = std::move(waiting_.front());
  waiting_.pop_front();
  start(std::move(next));
}

void Transfers::Core::stop() {
  waiting_.clear();
  for (const auto& session : running_) session->stop();
  running_.clear();
}

void Transfers::Core::report(TransferReport report) {
  ++counts.ended[{report.zone, report.kind, report.result}];
  if (tell_) tell_(report);
}

Transfers::Transfers(asio::any_io_executor executor, std::shared_ptr<const LiveConfig> config, Clock clock,
                     OnControl on_control, Ended ended)
    : core_(std::make_shared<Core>(std::move(executor), std::move(config), std::move(clock),
                                   std::move(on_control), std::move(ended))) {}

Transfers::~Transfers() { core_->stop(); }

void Transfers::set_access(Access access) { core_->access = std::move(access); }
void Transfers::begin(Handed handed) { core_->begin(std::move(handed)); }
const Transfers::Counts& Transfers::counts() const { return core_->counts; }

}  // namespace muster::dns
