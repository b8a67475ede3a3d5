#include "registry/net/http_response_reader.h"

#include <gtest/gtest.h>

#include "tests/registry/support/gzip.h"

namespace muster::net {
namespace {

using Step = HttpResponseReader::Step;
using test::gzip;

// What came of some octets: "200 hello ok", or with the fault instead of "ok"; "…" when it waits for more.
class Reading {
 public:
  explicit Reading(HttpReadLimits limits = {}, bool to_head_request = false)
      : reader(limits, to_head_request) {}

  // False: it has ended.
  bool add(std::string_view octets) {
    pending_ += octets;
    std::string_view input = pending_;
    Step step;
    while ((step = reader.next(input)) != Step::need_more) {
      if (!note(step)) break;
    }
    pending_.erase(0, pending_.size() - input.size());
    return !over_;
  }
  void end(bool is_clean = true) {
    if (!over_) note(reader.at_end_of_input(is_clean));
  }
  std::string said() const { return head_ + body_ + (over_ ? end_ : " …"); }
  std::string_view left() const { return pending_; }

  HttpResponseReader reader;

 private:
  bool note(Step step) {
    if (step == Step::head) head_ = std::to_string(reader.head().status) + " ";
    if (step == Step::body) {
      EXPECT_FALSE(reader.piece().empty());
      body_ += reader.piece();
    }
    if (step == Step::end) end_ = " ok";
    if (step == Step::fault) end_ = " " + std::string(to_string(reader.error().kind));
    over_ = step == Step::end || step == Step::fault;
    return !over_;
  }
  std::string pending_, head_, body_, end_;
  bool over_ = false;
};

std::string reading_of(std::string_view octets, HttpReadLimits limits = {}, bool to_head_request = false) {
  Reading reading(limits, to_head_request);
  if (reading.add(octets)) reading.end();
  return reading.said();
}

std::string coded(const std::string& body, const std::string& coding = "gzip") {
  return "HTTP/1.1 200 OK\r\nContent-Encoding: " + coding +
         "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

constexpr std::string_view kChunked =
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    "3\r\nabc\r\n00A;x=\"y\"\r\ndefghijklm\r\n1\r\nn\r\n0;z\r\nTrailer: t\r\n\r\n";

TEST(HttpResponseReader, ReadsEveryFraming) {
  struct Row {
    const char* why;
    std::string octets;
    const char* said;
  };
  const Row rows[] = {
      {"a length", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", "200 hello ok"},
      {"a length of none", "HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n", "404  ok"},
      {"chunks", std::string(kChunked), "200 abcdefghijklmn ok"},
      {"no chunk but the last", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "200  ok"},
      {"until the end", "HTTP/1.0 200 OK\r\n\r\nhello", "200 hello ok"},
      {"no body to 204", "HTTP/1.1 204 No\r\nContent-Length: 5\r\n\r\n", "204  ok"},
      {"no body to 304", "HTTP/1.1 304 No\r\nTransfer-Encoding: chunked\r\n\r\n", "304  ok"},
      {"interim answers are passed over",
       "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: "
       "1\r\n\r\nx",
       "200 x ok"},
      {"no reason phrase", "HTTP/1.1 200 \r\nContent-Length: 1\r\n\r\nx", "200 x ok"},
      {"a folded line", "HTTP/1.1 200 OK\r\nX: a\r\n b\r\nContent-Length: 1\r\n\r\nx", "200 x ok"},
      {"a length said twice the same", "HTTP/1.1 200 OK\r\nContent-Length: 1, 1\r\n\r\nx", "200 x ok"},

      {"the length is not reached", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello",
       "200 hello short_body"},
      {"a chunk is cut", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nhello",
       "200 hello short_body"},
      {"the last chunk is missing", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
       "200 hello short_body"},
      {"the last empty line is missing",
       "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nh\r\n0\r\n", "200 h short_body"},
      {"the head is cut", "HTTP/1.1 200 OK\r\nContent-", " short_body"},
      {"nothing", "", " reset"},

      {"no HTTP", "SSH-2.0-OpenSSH_9.2p1\r\n", " parse"},
      {"HTTP/2", "HTTP/2.0 200 OK\r\n\r\n", " parse"},
      {"a status of two digits", "HTTP/1.1 20 OK\r\n\r\n", " parse"},
      {"a name with a blank", "HTTP/1.1 200 OK\r\nA b: c\r\n\r\n", " parse"},
      {"a bare line feed", "HTTP/1.1 200 OK\nContent-Length: 0\n\n", " parse"},
      {"a bad length", "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", " parse"},
      {"two lengths", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx", " parse"},
      {"a length and chunks", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
       " parse"},
      {"another transfer coding", "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", " parse"},
      {"a bad chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", "200  parse"},
      {"a chunk of more octets than there are",
       "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n", "200  parse"},
      {"a chunk longer than it says",
       "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n0\r\n\r\n", "200 a parse"},
      {"another protocol", "HTTP/1.1 101 Switching\r\nUpgrade: h2c\r\n\r\n", " parse"},
      {"another content coding", coded("x", "br"), " parse"},
      {"a coding over a coding", coded("x", "gzip, gzip"), " parse"},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.why);
    EXPECT_EQ(reading_of(row.octets), row.said);
  }
}

TEST(HttpResponseReader, EverySplitReadsTheSame) {
  const std::string zipped = gzip("hello hello hello");
  for (const std::string& whole :
       {std::string(kChunked), coded(zipped), coded(zipped + zipped),
        std::string("HTTP/1.1 100 C\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked"
                    "\r\n\r\n0\r\n\r\n"),
        std::string("HTTP/1.1 200 OK\r\nA: b\r\nContent-Length: 5\r\n\r\nhello")}) {
    const std::string once = reading_of(whole);
    EXPECT_TRUE(once.ends_with(" ok")) << once;
    for (std::size_t cut = 0; cut <= whole.size(); ++cut) {
      Reading reading;
      if (reading.add(std::string_view(whole).substr(0, cut)))
        reading.add(std::string_view(whole).substr(cut));
      EXPECT_EQ(reading.said(), once) << cut;
    }
    Reading dripped;
    for (const char& octet : whole) dripped.add({&octet, 1});
    EXPECT_EQ(dripped.said(), once);
  }
}

TEST(HttpResponseReader, NoPrefixIsAWholeAnswer) {
  const std::string zipped = gzip("hello hello hello");
  for (const std::string& whole : {std::string(kChunked), coded(zipped)}) {
    for (std::size_t size = 0; size < whole.size(); ++size) {
      const std::string said = reading_of(std::string_view(whole).substr(0, size));
      EXPECT_TRUE(said.ends_with(size == 0 ? " reset" : " short_body")) << size << ": " << said;
    }
  }
}

// A piece of a chunk is told when it comes, not with the chunk's end or the next chunk.
TEST(HttpResponseReader, TellsEveryOctetAtOnce) {
  Reading reading;
  reading.add("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n");
  EXPECT_EQ(reading.said(), "200  …");
  reading.add("a");
  EXPECT_EQ(reading.said(), "200 a …");
  reading.add("b");
  reading.add("cd");
  EXPECT_EQ(reading.said(), "200 abcd …");
  reading.add("\r\n1\r\n");
  reading.add("e");
  EXPECT_EQ(reading.said(), "200 abcde …");
}

TEST(HttpResponseReader, TheHeadHasALimit) {
  const HttpReadLimits limits{.max_head = 1000};
  const auto head_of = [](std::size_t size) {
    const std::string begin = "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nX: ", end = "\r\n\r\n";
    return begin + std::string(size - begin.size() - end.size(), 'x') + end;
  };
  EXPECT_EQ(reading_of(head_of(1000) + "x", limits), "200 x ok");
  EXPECT_EQ(reading_of(head_of(1001) + "x", limits), " limit");
  EXPECT_EQ(reading_of("HTTP/1.1 200 OK\r\nX: " + std::string(1500, 'x'), limits), " limit");
  EXPECT_EQ(reading_of("HTTP/1.1 200 " + std::string(1500, 'x'), limits), " limit");

  Reading lines(limits);
  std::size_t sent = 0;
  lines.add("HTTP/1.1 200 OK\r\n");
  while (sent < 2000 && lines.add("A: b\r\n")) sent += 6;
  EXPECT_EQ(lines.said(), " limit") << "line by line";

  Reading interim(limits);
  for (int i = 0; i < 100 && interim.add("HTTP/1.1 100 C\r\n\r\n"); ++i) continue;
  EXPECT_EQ(interim.said(), " limit") << "interim answers count";
}

TEST(HttpResponseReader, TheBodyHasALimit) {
  const HttpReadLimits limits{.max_body = 5};
  EXPECT_EQ(reading_of("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", limits), "200 hello ok");
  EXPECT_EQ(reading_of("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhello!", limits), "200  limit");
  EXPECT_EQ(reading_of("HTTP/1.0 200 OK\r\n\r\nhello!", limits), "200  limit");
  EXPECT_EQ(
      reading_of("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n3\r\ndef\r\n", limits),
      "200 abc limit");
  EXPECT_EQ(reading_of("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhello!", {.max_body = std::nullopt}),
            "200 hello! ok");
}

TEST(HttpResponseReader, InflatesGzip) {
  const std::string text = "hello hello hello";
  const std::string zipped = gzip(text);
  std::string wrong_sum = zipped;
  wrong_sum[wrong_sum.size() - 5] = static_cast<char>(wrong_sum[wrong_sum.size() - 5] ^ 1);
  struct Row {
    const char* why;
    std::string octets;
    std::string said;
  };
  const Row rows[] = {
      {"one member", coded(zipped), "200 " + text + " ok"},
      {"by its old name, in any case", coded(zipped, "X-GZIP"), "200 " + text + " ok"},
      {"two members", coded(zipped + gzip("!")), "200 " + text + "! ok"},
      {"an empty text", coded(gzip("")), "200  ok"},
      {"an empty body", coded(""), "200  ok"},
      {"not coded at all", coded(text, "identity"), "200 " + text + " ok"},
      {"no gzip", coded(text), "200  parse"},
      {"a wrong checksum", coded(wrong_sum), "200  parse"},
      {"trailing octets", coded(zipped + "x"), "200 " + text + " parse"},
      {"zeros behind it", coded(zipped + std::string(512, '\0')), "200  parse"},
      {"a second member that is cut", coded(zipped + zipped.substr(0, 10)), "200 " + text + " parse"},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.why);
    // What came before a fault may have been told or not.
    const std::string said = reading_of(row.octets);
    if (row.said.ends_with("parse"))
      EXPECT_TRUE(said.ends_with(" parse")) << said;
    else
      EXPECT_EQ(said, row.said);
  }
  for (std::size_t size = 1; size < zipped.size(); ++size) {
    const std::string said = reading_of(coded(zipped.substr(0, size)));
    EXPECT_TRUE(said.ends_with(" parse")) << size << ": " << said;
  }
}

TEST(HttpResponseReader, ALittleGzipDoesNotBecomeALot) {
  const std::string bomb = gzip(std::string(std::size_t{50} << 20, '\0'));
  ASSERT_LT(bomb.size(), 100'000u);
  const std::string said = reading_of(coded(bomb), {.max_body = std::uint64_t{1} << 20});
  EXPECT_TRUE(said.ends_with(" limit"));
  EXPECT_LE(said.size(), (std::size_t{1} << 20) + 100);

  std::string empty_members;
  const std::string empty = gzip("");
  while (empty_members.size() < 200'000) empty_members += empty;
  EXPECT_EQ(reading_of(coded(empty_members), {.max_body = 1000}), "200  limit")
      << "a lot that becomes nothing";
}

TEST(HttpResponseReader, AnswersToHeadHaveNoBody) {
  EXPECT_EQ(reading_of("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", {}, true), "200  ok");
  EXPECT_EQ(
      reading_of("HTTP/1.1 200 OK\r\nContent-Encoding: br\r\nTransfer-Encoding: chunked\r\n\r\n", {}, true),
      "200  ok");
}

TEST(HttpResponseReader, AnEndThatWasNotMeantIsShort) {
  Reading reading;
  reading.add("HTTP/1.0 200 OK\r\n\r\nhello");
  reading.end(false);
  EXPECT_EQ(reading.said(), "200 hello short_body");
}

TEST(HttpResponseReader, SaysWhetherTheConnectionMayBeKept) {
  const auto may_keep = [](std::string_view octets) {
    Reading reading;
    if (reading.add(octets)) reading.end();
    EXPECT_TRUE(reading.said().ends_with(" ok")) << reading.said();
    return reading.reader.may_keep();
  };
  EXPECT_TRUE(may_keep("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"));
  EXPECT_TRUE(may_keep(kChunked));
  EXPECT_FALSE(may_keep("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"));
  EXPECT_FALSE(may_keep("HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n"));
  EXPECT_TRUE(may_keep("HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n"));
  EXPECT_FALSE(may_keep("HTTP/1.1 200 OK\r\n\r\nhello"));
}

TEST(HttpResponseReader, LeavesWhatComesAfterTheEnd) {
  Reading reading;
  reading.add("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nxHTTP/1.1 500 No\r\n");
  EXPECT_EQ(reading.said(), "200 x ok");
  EXPECT_EQ(reading.left(), "HTTP/1.1 500 No\r\n");
}

}  // namespace
}  // namespace muster::net
