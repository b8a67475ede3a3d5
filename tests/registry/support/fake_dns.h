// A DNS server on 127.0.0.1 that answers A and AAAA as a test tells it, over UDP and TCP on the test's own
// io_context.
#pragma once

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/udp.hpp>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "registry/net/ip_address.h"

namespace muster::test {

enum class DnsBehaviour { answer, silent, name_error, server_failure, truncate };

struct DnsAnswer {
  DnsBehaviour behaviour = DnsBehaviour::answer;
  std::vector<net::IpAddress> addresses{};
  std::string alias{};  // the name is a CNAME for this one, which has the addresses
  std::uint16_t ttl = 30;
  std::uint16_t alias_ttl = 30;
};

class FakeDns {
 public:
  explicit FakeDns(boost::asio::io_context& io);

  std::string servers() const;  // for ResolverConfig
  // `family` is 4 or 6. Names that were not given do not exist.
  void set(const std::string& name, int family, DnsAnswer answer) {
    answers_[{name, family}] = std::move(answer);
  }
  void set(const std::string& name, const char* v4, const char* v6 = nullptr);
  // Queries that came for it, over UDP.
  int asked(const std::string& name, int family) const;
  int asked_over_tcp() const { return over_tcp_; }

 private:
  using Key = std::pair<std::string, int>;
  void receive();
  void accept();
  // Nothing: silence.
  std::optional<std::string> reply_to(const std::string& query, bool over_tcp);

  boost::asio::ip::udp::socket udp_;
  boost::asio::ip::tcp::acceptor tcp_;
  std::array<char, 4096> packet_{};
  boost::asio::ip::udp::endpoint from_;
  std::map<Key, DnsAnswer> answers_;
  std::map<Key, int> asked_;
  int over_tcp_ = 0;
};

}  // namespace muster::test
