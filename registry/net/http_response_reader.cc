#include "registry/net/http_response_reader.h"

#include <algorithm>
#include <array>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>

#include "registry/net/gunzip.h"

namespace muster::net {

namespace beast = boost::beast::http;
using boost::beast::error_code;
using boost::beast::iequals;
using boost::beast::string_view;

namespace {

// What a chunked body is at the least: "0" and two line ends.
constexpr std::size_t kLeastOfChunkedBody = 5;
constexpr std::size_t kInflatedPiece = std::size_t{64} * 1024;

enum class Coding : std::uint8_t { none, gzip, unknown };

// RFC 9110 §8.4.1: x-gzip is the same.
Coding coding_of(string_view value) {
  if (value.empty() || iequals(value, "identity")) return Coding::none;
  if (iequals(value, "gzip") || iequals(value, "x-gzip")) return Coding::gzip;
  return Coding::unknown;
}

}  // namespace

// Beast's state machine. It takes one part at a time, and what it tells is a view of the input.
class HttpResponseReader::Message final : public beast::basic_parser<false> {
 public:
  Message(std::size_t max_head, bool to_head_request) {
    header_limit(static_cast<std::uint32_t>(max_head));
    body_limit(boost::none);
    skip(to_head_request);
  }

  HttpHead head;
  Coding coding = Coding::none;
  bool transfer_coding_unknown = false;
  bool in_chunks = false;  // the first chunk's line was seen
  std::string_view piece;

 private:
  void on_response_impl(int status, string_view, int, error_code&) override { head.status = status; }

  void on_field_impl(beast::field field, string_view name, string_view value, error_code& ec) override {
    if (head_done_) return;  // a trailer
    if (field == beast::field::transfer_encoding && !iequals(value, "chunked")) {
      transfer_coding_unknown = true;
      ec = beast::error::bad_transfer_encoding;
      return;
    }
    if (field == beast::field::content_encoding) {
      const Coding said = coding_of(value);
      // One coding over another is unknown, too.
      if (said != Coding::none) coding = coding == Coding::none ? said : Coding::unknown;
    }
    head.headers.emplace_back(std::string(name), std::string(value));
  }

  void on_header_impl(error_code&) override { head_done_ = true; }
  void on_body_init_impl(const boost::optional<std::uint64_t>&, error_code&) override {}
  std::size_t on_body_impl(string_view octets, error_code&) override { return take(octets); }
  void on_chunk_header_impl(std::uint64_t, string_view, error_code&) override { in_chunks = true; }
  std::size_t on_chunk_body_impl(std::uint64_t, string_view octets, error_code&) override {
    return take(octets);
  }
  void on_finish_impl(error_code&) override {}
  void on_request_impl(beast::verb, string_view, string_view, int, error_code&) override {}

  std::size_t take(string_view octets) {
    piece = {octets.data(), octets.size()};
    return octets.size();
  }

  bool head_done_ = false;
};

struct HttpResponseReader::Coded {
  Gunzip gunzip;
  std::string_view input;        // of the piece that came last
  bool room_was_filled = false;  // there may be more without further input
  std::array<char, kInflatedPiece> room;
};

HttpResponseReader::HttpResponseReader(HttpReadLimits limits, bool to_head_request)
    : limits_(limits), to_head_request_(to_head_request) {
  restart();
}
HttpResponseReader::~HttpResponseReader() = default;

void HttpResponseReader::restart() {
  message_ = std::make_unique<Message>(limits_.max_head, to_head_request_);
}

const HttpHead& HttpResponseReader::head() const { return message_->head; }
bool HttpResponseReader::has_head() const { return message_->is_header_done(); }
bool HttpResponseReader::may_keep() const { return message_->is_done() && message_->keep_alive(); }

HttpResponseReader::Step HttpResponseReader::next(std::string_view& input) {
  piece_ = {};
  if (!message_->is_header_done()) return read_head(input);
  if (coded_ && (!coded_->input.empty() || coded_->room_was_filled)) {
    const Step step = inflate();
    if (step != Step::need_more) return step;
  }
  if (message_->is_done()) return finish();
  return read_body(input);
}

HttpResponseReader::Step HttpResponseReader::read_head(std::string_view& input) {
  for (;;) {
    if (input.empty()) return Step::need_more;
    began_ = true;
    error_code error;
    const std::size_t taken = message_->put({input.data(), input.size()}, error);
    input.remove_prefix(taken);
    // Beast limits what it has not taken yet, which a head that comes line by line never exceeds.
    head_octets_ += taken;
    if (head_octets_ + (message_->is_header_done() ? 0 : input.size()) > limits_.max_head ||
        error == beast::error::header_limit)
      return fail(HttpFault::limit,
                  "the head is longer than " + std::to_string(limits_.max_head) + " octets");
    if (error == beast::error::need_more) return Step::need_more;
    if (message_->transfer_coding_unknown) return fail(HttpFault::parse, "an unknown transfer coding");
    if (error) return fail(HttpFault::parse, "not an HTTP response: " + error.message());
    if (!message_->is_header_done()) continue;
    if (head().status == 101)
      return fail(HttpFault::parse, "the protocol is switched, which was not asked for");
    if (head().status / 100 != 1) break;
    restart();
  }
  if (message_->is_done()) return Step::head;  // no body, so its coding does not matter
  if (message_->coding == Coding::unknown) return fail(HttpFault::parse, "an unknown content coding");
  if (message_->coding == Coding::gzip) coded_ = std::make_unique<Coded>();
  return Step::head;
}

HttpResponseReader::Step HttpResponseReader::read_body(std::string_view& input) {
  for (;;) {
    if (input.empty()) return Step::need_more;
    // Beast 1.81 asserts so many octets when it comes back to a last chunk that is also the first.
    if (message_->chunked() && !message_->in_chunks && input.front() == '0' &&
        input.size() < kLeastOfChunkedBody)
      return Step::need_more;
    message_->piece = {};
    error_code error;
    const std::size_t taken = message_->put({input.data(), input.size()}, error);
    input.remove_prefix(taken);
    if (error == beast::error::need_more) return Step::need_more;
    if (error) return fail(HttpFault::parse, "a broken chunk: " + error.message());
    if (message_->piece.empty()) {
      if (message_->is_done()) return finish();
      continue;
    }
    body_octets_ += message_->piece.size();
    if (!coded_) return deliver(message_->piece);
    if (limits_.max_body && body_octets_ > *limits_.max_body + *limits_.max_body / 8 + kInflatedPiece)
      return fail(HttpFault::limit,
                  "the body is longer than max_body, " + std::to_string(*limits_.max_body) + " octets");
    coded_->input = message_->piece;
    const Step step = inflate();
    if (step != Step::need_more) return step;
    if (message_->is_done()) return finish();
  }
}

HttpResponseReader::Step HttpResponseReader::inflate() {
  const auto made = coded_->gunzip.inflate(coded_->input, coded_->room);
  if (!made) return fail(HttpFault::parse, "broken gzip: " + made.error());
  coded_->room_was_filled = *made == coded_->room.size();
  if (*made == 0) return Step::need_more;
  return deliver({coded_->room.data(), *made});
}

HttpResponseReader::Step HttpResponseReader::deliver(std::string_view piece) {
  told_octets_ += piece.size();
  if (limits_.max_body && told_octets_ > *limits_.max_body)
    return fail(HttpFault::limit,
                "the body is longer than max_body, " + std::to_string(*limits_.max_body) + " octets");
  piece_ = piece;
  return Step::body;
}

HttpResponseReader::Step HttpResponseReader::finish() {
  if (coded_ && !coded_->gunzip.is_whole()) return fail(HttpFault::parse, "broken gzip: it ends early");
  return Step::end;
}

HttpResponseReader::Step HttpResponseReader::at_end_of_input(bool is_clean) {
  piece_ = {};
  if (!began_) return fail(HttpFault::reset, "the connection was closed without an answer");
  if (!message_->is_header_done()) return fail(HttpFault::short_body, "the head ends early");
  if (message_->is_done()) return finish();
  error_code error;
  if (is_clean) message_->put_eof(error);
  if (!is_clean || error) return fail(HttpFault::short_body, "the body ends early");
  return finish();
}

HttpResponseReader::Step HttpResponseReader::fail(HttpFault kind, std::string message) {
  error_ = {kind, std::move(message)};
  return Step::fault;
}

}  // namespace muster::net
