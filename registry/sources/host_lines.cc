#include "registry/sources/host_lines.h"

#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include "registry/sources/json_writer.h"

namespace muster::registry::sources {

namespace json = boost::json;

void write_hosts(const KnownHosts& hosts, const TextSink& sink) {
  JsonWriter to(sink);
  to.begin_object();
  for (const auto& [host, addresses] : hosts) {
    to.begin_list(host);
    for (const net::IpAddress& address : addresses) to.text(net::to_string(address));
    to.end_list();
    to.hand_on();
  }
  to.end_object();
  to.end_line();
  to.finish();
}

bool HostsReader::write(std::string_view piece) {
  if (is_over_) return rest_(piece);
  const std::size_t end = std::min(piece.find('\n'), piece.size());
  line_ += piece.substr(0, end);
  if (end == piece.size()) return true;
  is_over_ = true;
  piece.remove_prefix(end + 1);
  return piece.empty() || rest_(piece);
}

KnownHosts HostsReader::hosts() const {
  KnownHosts hosts;
  json::error_code error;
  const json::value value = json::parse(line_, error);
  const json::object* all = value.if_object();
  if (error || all == nullptr) return hosts;
  for (const auto& [host, list] : *all) {
    const json::array* addresses = list.if_array();
    if (addresses == nullptr) continue;
    for (const json::value& one : *addresses) {
      const json::string* text = one.if_string();
      const auto address = text == nullptr ? std::nullopt : net::parse_ip(std::string_view(text->data(), text->size()));
      if (address) hosts[std::string(host)].push_back(*address);
    }
  }
  return hosts;
}

}  // namespace muster::registry::sources
