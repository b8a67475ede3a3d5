// ByteStream over TCP.
#include <boost/asio/buffer.hpp>
#include <boost/asio/write.hpp>
#include <vector>

#include "registry/net/socket.h"

namespace muster::net {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

std::vector<asio::const_buffer> buffers_of(ByteStream::Pieces pieces) {
  std::vector<asio::const_buffer> buffers;
  buffers.reserve(pieces.size());
  for (const auto piece : pieces) buffers.emplace_back(piece.data(), piece.size());
  return buffers;
}

class PlainStream final : public ByteStream {
 public:
  explicit PlainStream(Socket socket) : socket_(std::move(socket)) {
    error_code ignored;
    socket_.non_blocking(true, ignored);
  }

  void handshake(Done done) override {
    asio::post(socket_.get_executor(), [done = std::move(done)]() mutable { done({}, 0); });
  }
  void read_some(std::span<char> into, Done done) override {
    socket_.async_read_some(asio::buffer(into.data(), into.size()), std::move(done));
  }
  std::size_t write_now(Pieces pieces) override {
    error_code error;
    if (pieces.size() == 1)
      return socket_.write_some(asio::buffer(pieces[0].data(), pieces[0].size()), error);
    return socket_.write_some(buffers_of(pieces), error);
  }
  void write(Pieces pieces, Done done) override {
    asio::async_write(socket_, buffers_of(pieces), std::move(done));
  }
  void finish() override {
    error_code ignored;
    socket_.shutdown(Socket::shutdown_send, ignored);
  }
  void close() override {
    error_code ignored;
    socket_.close(ignored);
  }

 private:
  Socket socket_;
};

}  // namespace

std::unique_ptr<ByteStream> make_plain_stream(Socket socket) {
  return std::make_unique<PlainStream>(std::move(socket));
}

IpAddress from_asio(const asio::ip::address& address) {
  IpAddress plain;
  if (address.is_v4() || address.to_v6().is_v4_mapped()) {
    const auto v4 =
        address.is_v4() ? address.to_v4() : asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6());
    const auto octets = v4.to_bytes();
    std::copy(octets.begin(), octets.end(), plain.octets.begin());
  } else {
    plain.family = Family::v6;
    plain.octets = address.to_v6().to_bytes();
  }
  return plain;
}

Endpoint from_asio(const asio::ip::tcp::endpoint& endpoint) {
  return {from_asio(endpoint.address()), endpoint.port()};
}

asio::ip::tcp::endpoint to_asio(const Endpoint& endpoint) {
  if (endpoint.address.family == Family::v6)
    return {asio::ip::address_v6(endpoint.address.octets), endpoint.port};
  asio::ip::address_v4::bytes_type octets{};
  std::copy(endpoint.address.octets.begin(), endpoint.address.octets.begin() + octets.size(), octets.begin());
  return {asio::ip::address_v4(octets), endpoint.port};
}

}  // namespace muster::net
