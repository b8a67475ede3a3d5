// /health's question to ourselves.
#include <array>

#include "tools/musterd/musterd.h"

namespace muster::tools {

// Our own DNS answer: the domain's SOA, looked up as a query would, without the network.
registry::api::HealthVerdict Musterd::ask_myself() {
  using registry::api::HealthStatus;
  static const std::array<std::uint8_t, 12> kHead = {0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0};
  std::vector<std::uint8_t> query(kHead.begin(), kHead.end());
  const ConfigPtr running = config();
  const std::string_view apex = running->zones.domain.wire();
  query.insert(query.end(), apex.begin(), apex.end());
  query.insert(query.end(), {0, 6, 0, 1});
  dns::Answering self(names_.table, zones::Rng(1), dns::AnswerConfig{});
  const zones::NameTable::Reader::Online online(self.reader);
  std::array<std::uint8_t, 1232> reply{};
  const std::size_t size = dns::answer(query, dns::Client{{}, 1, dns::Transport::udp}, self.answerer, reply);
  if (size < dns::kHeaderSize || (reply[3] & 15) != 0)
    return {HealthStatus::fail, "the domain's SOA is not answered"};
  return {};
}

}  // namespace muster::tools
