#include "dns/updates.h"

#include <boost/asio/post.hpp>

#include "dns/handed_reply.h"
#include "dns/update_message.h"

namespace muster::dns {

namespace asio = boost::asio;

namespace {

std::string_view result_name(Rcode rcode) {
  switch (rcode) {
    case Rcode::noerror: return "applied";
    case Rcode::refused: return "refused";
    case Rcode::notauth: return "notauth";
    case Rcode::formerr:
    case Rcode::notzone: return "formerr";
    case Rcode::servfail: return "failed";
    default: return "prerequisite";
  }
}

}  // namespace

class Updates::Core : public std::enable_shared_from_this<Updates::Core> {
 public:
  Core(asio::any_io_executor run_on, std::shared_ptr<const LiveConfig> own, Apply owner, Ended tell)
      : executor(std::move(run_on)), config(std::move(own)), apply_(std::move(owner)), tell_(std::move(tell)) {}

  void begin(Handed handed);

  asio::any_io_executor executor;
  const std::shared_ptr<const LiveConfig> config;
  Access access;
  Counts counts;
  bool closed = false;

 private:
  // One message on its way.
  struct Message {
    Handed handed;
    Query query;
    Report report;
  };
  using MessagePtr = std::shared_ptr<Message>;

  const zones::Name* permitted_zone(Message& message);
  void take(const MessagePtr& message, const zones::Name& apex);
  void answer(Message& message, const Result& result);

  Apply apply_;
  Ended tell_;
  std::size_t running_ = 0;
};

void Updates::Core::begin(Handed handed) {
  const auto message = std::make_shared<Message>();
  message->handed = std::move(handed);
  static_cast<void>(read_query(message->handed.packet, message->query).ok);  // it was read before
  const net::Endpoint client{message->handed.client.address, message->handed.client.port};
  message->report.client = client;
  const auto& key = message->handed.sender.key;
  message->report.by = key ? "key:" + key->text() : to_string(client.address);
  if (message->query.type != zones::RrType::soa || !lease_ok(message->query.edns))
    return answer(*message, {.rcode = Rcode::formerr});
  if (const zones::Name* apex = permitted_zone(*message)) take(message, *apex);
}

// Null: the reply is out.
const zones::Name* Updates::Core::permitted_zone(Message& message) {
  const auto asked = zones::Name::from_wire(
      {reinterpret_cast<const char*>(message.handed.packet.data()) + kHeaderSize, message.query.name.size});
  const auto zone = access.find(*asked);
  if (zone == access.end()) {
    answer(message, {.rcode = Rcode::notauth, .error = ExtendedError::not_authoritative, .reason = "no zone of ours"});
    return nullptr;
  }
  message.report.zone = zone->first.text();
  const auto& key = message.handed.sender.key;
  const bool is_tcp = message.handed.client.transport == Transport::tcp;
  if (key && zone->second.permits_key(*key)) return &zone->first;
  if (is_tcp && zone->second.permits_address(message.handed.client.address)) return &zone->first;
  answer(message, {.rcode = Rcode::refused,
                   .error = ExtendedError::prohibited,
                   .reason = is_tcp ? "not in allow_update" : "not in allow_update; a prefix permits over TCP only"});
  return nullptr;
}

void Updates::Core::take(const MessagePtr& message, const zones::Name& apex) {
  auto update = read_update(message->handed.packet, message->query);
  if (!update) {
    const bool too_many = update.error() == UpdateError::too_many_records;
    return answer(*message, {.rcode = too_many ? Rcode::refused : Rcode::formerr,
                             .error = too_many ? std::optional(ExtendedError::prohibited) : std::nullopt,
                             .error_text = too_many ? "over 200 records" : "",
                             .reason = std::string(to_string(update.error()))});
  }
  update->zone = apex;
  const auto busy = [&] {
    ++counts.full;
    answer(*message, {.rcode = Rcode::servfail, .error = ExtendedError::other, .error_text = "too many updates at once"});
  };
  if (running_ == kAtOnce) return busy();
  ++running_;
  const bool taken = apply_(
      {std::move(*update), lease_in(message->query.edns), message->report.by},
      [self = shared_from_this(), message](Result result) {
        asio::post(self->executor, [self, message, result = std::move(result)] {
          --self->running_;
          self->answer(*message, result);
        });
      });
  if (!taken) {
    --running_;
    busy();
  }
}

void Updates::Core::answer(Message& message, const Result& result) {
  if (closed) return;
  HandedReply reply{.rcode = result.rcode, .error = result.error, .error_text = result.error_text};
  reply.lease = result.lease_seconds;
  message.handed.outlet->send({write_reply(message.handed, message.query, config->get(), message.handed.client.now, reply)}, [](bool) {});
  message.handed.outlet.reset();
  message.report.result = result_name(result.rcode);
  message.report.reason = result.reason;
  ++counts.ended[{message.report.zone, message.report.result}];
  tell_(message.report);
}

Updates::Updates(asio::any_io_executor executor, std::shared_ptr<const LiveConfig> config, Apply apply, Ended ended)
    : core_(std::make_shared<Core>(std::move(executor), std::move(config), std::move(apply), std::move(ended))) {}

Updates::~Updates() { core_->closed = true; }

void Updates::set_access(Access access) { core_->access = std::move(access); }
void Updates::begin(Handed handed) { core_->begin(std::move(handed)); }
const Updates::Counts& Updates::counts() const { return core_->counts; }

}  // namespace muster::dns
