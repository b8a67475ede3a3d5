// The socket type that servers accept: its handlers run on a strand, one after the other, whatever the number
// of threads that run the io_context. Heavy (Asio); for .cc files of servers only.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/strand.hpp>
#include <memory>

#include "registry/net/byte_stream.h"
#include "registry/net/ip_address.h"

namespace muster::net {

using Strand = boost::asio::strand<boost::asio::io_context::executor_type>;
using Socket = boost::asio::basic_stream_socket<boost::asio::ip::tcp, Strand>;

std::unique_ptr<ByteStream> make_plain_stream(Socket socket);

IpAddress from_asio(const boost::asio::ip::address& address);
Endpoint from_asio(const boost::asio::ip::tcp::endpoint& endpoint);
boost::asio::ip::tcp::endpoint to_asio(const Endpoint& endpoint);

}  // namespace muster::net
