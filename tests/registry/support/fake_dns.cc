#include "tests/registry/support/fake_dns.h"

#include <boost/asio/buffer.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <boost/system/system_error.hpp>

namespace muster::test {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

constexpr std::size_t kHeader = 12;

std::string u16(std::size_t value) {
  return {static_cast<char>(value >> 8 & 0xff), static_cast<char>(value & 0xff)};
}

std::string wire_name(const std::string& name) {
  std::string wire;
  for (std::size_t at = 0; at < name.size();) {
    const std::size_t end = std::min(name.find('.', at), name.size());
    wire += static_cast<char>(end - at);
    wire += name.substr(at, end - at);
    at = end + 1;
  }
  return wire + '\0';
}

std::string record(const std::string& owner, int type, const std::string& rdata, std::uint16_t ttl) {
  return owner + u16(static_cast<std::size_t>(type)) + u16(1) + u16(0) + u16(ttl) + u16(rdata.size()) + rdata;
}

struct Session {
  explicit Session(asio::ip::tcp::socket given) : socket(std::move(given)) {}
  asio::ip::tcp::socket socket;
  std::array<char, 2> size{};
  std::string message;
};

}  // namespace

FakeDns::FakeDns(asio::io_context& io) : udp_(io), tcp_(io) {
  // A port that is free for UDP may be taken for TCP.
  error_code error;
  for (int tries = 0; tries < 100; ++tries) {
    udp_ = asio::ip::udp::socket(io, {asio::ip::address_v4::loopback(), 0});
    const asio::ip::tcp::endpoint same(asio::ip::address_v4::loopback(), udp_.local_endpoint().port());
    tcp_ = asio::ip::tcp::acceptor(io, same.protocol());
    tcp_.bind(same, error);
    if (!error) tcp_.listen(asio::socket_base::max_listen_connections, error);
    if (!error) break;
  }
  if (error) throw boost::system::system_error(error);
  receive();
  accept();
}

std::string FakeDns::servers() const { return "127.0.0.1:" + std::to_string(udp_.local_endpoint().port()); }

void FakeDns::set(const std::string& name, const char* v4, const char* v6) {
  const auto give = [&](int family, const char* address) {
    set(name, family, address ? DnsAnswer{.addresses = {*net::parse_ip(address)}} : DnsAnswer{});
  };
  give(4, v4);
  give(6, v6);
}

int FakeDns::asked(const std::string& name, int family) const {
  const auto found = asked_.find({name, family});
  return found == asked_.end() ? 0 : found->second;
}

void FakeDns::receive() {
  udp_.async_receive_from(asio::buffer(packet_), from_, [this](error_code error, std::size_t size) {
    if (error) return;
    if (const auto reply = reply_to(std::string(packet_.data(), size), false)) {
      error_code ignored;
      udp_.send_to(asio::buffer(*reply), from_, 0, ignored);
    }
    receive();
  });
}

void FakeDns::accept() {
  tcp_.async_accept([this](error_code error, asio::ip::tcp::socket socket) {
    if (error) return;
    const auto session = std::make_shared<Session>(std::move(socket));
    asio::async_read(session->socket, asio::buffer(session->size),
                     [this, session](error_code bad, std::size_t) {
                       if (bad) return;
                       const auto high = static_cast<unsigned char>(session->size[0]),
                                  low = static_cast<unsigned char>(session->size[1]);
                       session->message.resize(static_cast<std::size_t>(high << 8 | low));
                       asio::async_read(session->socket, asio::buffer(session->message),
                                        [this, session](error_code worse, std::size_t) {
                                          if (worse) return;
                                          ++over_tcp_;
                                          const auto reply = reply_to(session->message, true);
                                          if (!reply) return;
                                          session->message = u16(reply->size()) + *reply;
                                          asio::async_write(session->socket, asio::buffer(session->message),
                                                            [session](error_code, std::size_t) {});
                                        });
                     });
    accept();
  });
}

std::optional<std::string> FakeDns::reply_to(const std::string& query, bool over_tcp) {
  std::string name;
  std::size_t at = kHeader;
  while (at < query.size() && query[at] != 0) {
    const auto size = static_cast<std::size_t>(query[at]);
    if (!name.empty()) name += '.';
    name += query.substr(at + 1, size);
    at += 1 + size;
  }
  const std::string question = query.substr(kHeader, at + 5 - kHeader);
  const int family = query[at + 2] == 28 ? 6 : 4;
  if (!over_tcp) ++asked_[{name, family}];

  const auto found = answers_.find({name, family});
  DnsAnswer answer{DnsBehaviour::name_error};
  if (found != answers_.end()) answer = found->second;
  if (answer.behaviour == DnsBehaviour::silent) return std::nullopt;
  int flags = 0x8180, rcode = 0;
  if (answer.behaviour == DnsBehaviour::name_error) rcode = 3;
  if (answer.behaviour == DnsBehaviour::server_failure) rcode = 2;
  const bool cut = answer.behaviour == DnsBehaviour::truncate && !over_tcp;
  if (cut) flags |= 0x0200;
  std::string records;
  std::size_t count = 0;
  std::string owner = wire_name(name);
  if (!cut && !answer.alias.empty()) {
    records += record(owner, 5, wire_name(answer.alias), answer.alias_ttl);
    owner = wire_name(answer.alias);
    ++count;
  }
  for (const auto& address : answer.addresses) {
    if (cut) break;
    records += record(owner, family == 6 ? 28 : 1, std::string(address.bytes()), answer.ttl);
    ++count;
  }
  return query.substr(0, 2) + u16(static_cast<std::size_t>(flags | rcode)) + u16(1) + u16(count) + u16(0) +
         u16(0) + question + records;
}

}  // namespace muster::test
