#include "registry/store/plain_body.h"

#include <boost/container/small_vector.hpp>
#include <charconv>
#include <iterator>

namespace muster::registry {
namespace {

// Lists are gathered here first, so that the body's own have no room to spare.
template <class T>
using Gathered = boost::container::small_vector<T, 8>;

template <class T>
void settle(Gathered<T>& from, std::vector<T>& into) {
  into.assign(std::make_move_iterator(from.begin()), std::make_move_iterator(from.end()));
}

class PlainReader {
 public:
  explicit PlainReader(std::string_view text) : rest_(text) {}

  bool body(InstanceBody& body) {
    char before = '{';
    if (member(before, R"("addresses":)") && !addresses(body.addresses)) return false;
    if (member(before, R"("host_addresses":)") && !addresses(body.host_addresses)) return false;
    if (member(before, R"("ports":)") && !ports(body.ports)) return false;
    if (member(before, R"("weight":)") && !number(body.weight.emplace())) return false;
    if (member(before, R"("priority":)") && !number(body.priority.emplace())) return false;
    if (member(before, R"("order":)") && !number(body.order.emplace())) return false;
    if (member(before, R"("tags":)") && !tags(body.tags)) return false;
    if (member(before, R"("properties":)") && !tags(body.properties)) return false;
    if (member(before, R"("version":)") && !rare_text(body.version)) return false;
    if (member(before, R"("task":)") && !text(body.task)) return false;
    return before == ',' && take("}") && rest_.empty();
  }

 private:
  bool take(std::string_view literal) {
    if (!rest_.starts_with(literal)) return false;
    rest_.remove_prefix(literal.size());
    return true;
  }
  // What opens an object or a list before its first element, and the comma before each other.
  bool open(char& before) {
    if (rest_.empty() || rest_.front() != before) return false;
    rest_.remove_prefix(1);
    before = ',';
    return true;
  }
  // `name` with its quotes and colon.
  bool member(char& before, std::string_view name) {
    if (rest_.empty() || rest_.front() != before || !rest_.substr(1).starts_with(name)) return false;
    return open(before) && take(name);
  }

  bool text(std::string_view& into) {
    if (!take("\"")) return false;
    std::size_t size = 0;
    while (size < rest_.size() && is_plain(rest_[size])) ++size;
    into = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return take("\"");
  }
  bool text(std::string& into) {
    std::string_view view;
    if (!text(view)) return false;
    into = view;
    return true;
  }
  bool rare_text(RareText<>& into) {
    std::string_view view;
    if (!text(view)) return false;
    into = view;
    return true;
  }
  static bool is_plain(char c) { return c >= ' ' && c < '\x7f' && c != '"' && c != '\\'; }

  template <class Number>
  bool number(Number& into) {
    const auto [end, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), into);
    if (error != std::errc()) return false;
    if (rest_.front() == '0' && end - rest_.data() > 1) return false;  // JSON has no 007
    if (rest_.front() == '-' && rest_[1] == '0') return false;
    rest_.remove_prefix(static_cast<std::size_t>(end - rest_.data()));
    return true;
  }

  bool addresses(std::vector<IpAddress>& into) {
    Gathered<IpAddress> gathered;
    for (char before = '['; open(before);) {
      std::string_view literal;
      if (!text(literal)) return false;
      const auto address = net::parse_ip(literal);
      if (!address) return false;
      gathered.push_back(*address);
    }
    settle(gathered, into);
    return !into.empty() && take("]");
  }

  bool ports(std::vector<Port>& into) {
    Gathered<Port> gathered;
    for (char before = '['; open(before);) {
      if (!port(gathered.emplace_back())) return false;
    }
    settle(gathered, into);
    return !into.empty() && take("]");
  }

  bool port(Port& port) {
    char before = '{';
    if (member(before, R"("name":)") && !text(port.name)) return false;
    if (!member(before, R"("port":)") || !number(port.number) || port.number == 0) return false;
    if (member(before, R"("proto":"udp")")) port.protocol = Protocol::udp;
    if (member(before, R"("scope":"container")")) port.scope = PortScope::container;
    if (member(before, R"("service_port":)") && !number(port.service_port)) return false;
    return take("}");
  }

  bool tags(Tags& into) {
    Gathered<Tags::value_type> gathered;
    for (char before = '{'; open(before);) {
      std::string_view key;
      std::string_view value;
      if (!text(key) || !take(":") || !text(value)) return false;
      if (!gathered.empty() && gathered.back().first >= key) return false;
      gathered.emplace_back(key, value);
    }
    settle(gathered, into);
    return !into.empty() && take("}");
  }

  std::string_view rest_;
};

}  // namespace

bool read_plain_body(std::string_view text, InstanceBody& body) { return PlainReader(text).body(body); }

}  // namespace muster::registry
