// What servers may answer to a probe, whole and octet by octet.
#include "registry/health/probe_reply.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace muster::registry::health {
namespace {

struct Answer {
  std::string why;
  std::string octets;
  std::string verdict;    // "" : still open
  std::string after_end;  // where it is open
};

std::string shown(const Verdict& verdict) {
  return verdict.severity == Severity::ok ? "ok " + std::to_string(verdict.http_status)
                                          : class_text(verdict.failure, verdict.http_status);
}

void expect(const Look& look, const Answer& answer) {
  for (const std::size_t step : {std::size_t{1}, std::size_t{7}, answer.octets.size()}) {
    SCOPED_TRACE(answer.why + ", in pieces of " + std::to_string(step));
    ProbeReply reply(look);
    std::optional<Verdict> verdict;
    for (std::size_t at = 0; at < answer.octets.size() && !verdict; at += step)
      verdict = reply.take(std::string_view(answer.octets).substr(at, step));
    EXPECT_EQ(verdict ? shown(*verdict) : "", answer.verdict);
    if (!verdict) {
      EXPECT_EQ(shown(reply.end()), answer.after_end);
    }
  }
}

TEST(ProbeReply, TheStatusDecidesAtTheEndOfTheHead) {
  const Look look;
  const std::vector<Answer> answers = {
      {"a plain answer", "HTTP/1.1 200 OK\r\nA: b\r\n\r\n", "ok 200", ""},
      {"a body that is not waited for", "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nabc", "ok 200", ""},
      {"no content", "HTTP/1.1 204 No Content\r\n\r\n", "ok 204", ""},
      {"a redirect, which is not followed", "HTTP/1.1 302 Found\r\nLocation: /x\r\n\r\n", "ok 302", ""},
      {"a status out of the range", "HTTP/1.1 404 Not Found\r\n\r\n", "http:404", ""},
      {"an error", "HTTP/1.0 503 Busy\r\n\r\n", "http:503", ""},
      {"early hints, then the answer", "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\n\r\n",
       "ok 200", ""},
      {"early hints, then an error", "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 500 No\r\n\r\n", "http:500", ""},
      {"bare line feeds", "HTTP/1.1 200 OK\nA: b\n\n", "ok 200", ""},
      {"no reason", "HTTP/1.1 200\r\n\r\n", "ok 200", ""},
  };
  for (const Answer& answer : answers) expect(look, answer);
}

TEST(ProbeReply, AnAnswerMayEndWithItsConnection) {
  const Look look;
  const std::vector<Answer> answers = {
      {"a status without anything", "HTTP/1.0 200", "", "ok 200"},
      {"a status line", "HTTP/1.0 200 OK\r\n", "", "ok 200"},
      {"half a header", "HTTP/1.0 503 No\r\nConte", "", "http:503"},
      {"nothing", "", "", "close"},
      {"half a status", "HTTP/1.1 20", "", "close"},
      {"hints alone", "HTTP/1.1 103 Early Hints\r\n\r\n", "", "close"},
      {"hints that end in their head", "HTTP/1.1 103 Early Hints\r\nLink", "", "close"},
  };
  for (const Answer& answer : answers) expect(look, answer);
}

TEST(ProbeReply, WhatIsNotHttpIsKnownAtItsFirstOctetThatCannotBe) {
  const Look look;
  for (const std::string octets :
       {"SSH-2.0-OpenSSH_9.2\r\n", "HTTP/2 200\r\n", "HTTP/1.2 200 OK\r\n", "HTTP/1.1 2x0 OK\r\n",
        "HTTP/1.1 2000 OK\r\n", "HTTP/1.1\r\n", "\r\n", "\x16\x03\x01", "HTTP/1.1 099 A\r\n"})
    expect(look, {octets, octets, "garbage", ""});
  ProbeReply reply(look);
  EXPECT_TRUE(reply.take("S")) << "no more is waited for";
}

TEST(ProbeReply, AHeadHasAnEnd) {
  const Look look;
  const std::string status = "HTTP/1.1 200 OK\r\n";
  const std::string line = "X: " + std::string(95, 'x') + "\r\n";
  std::string head = status;
  while (head.size() + line.size() + 2 <= ProbeReply::kMaxHead) head += line;
  expect(look, {"just within", head + "\r\n", "ok 200", ""});
  expect(look, {"too long", head + line + line + "\r\n", "garbage", ""});
  expect(look, {"one line without an end", status + std::string(ProbeReply::kMaxHead, 'x'), "garbage", ""});
  std::string hints;
  while (hints.size() <= ProbeReply::kMaxHead) hints += "HTTP/1.1 103 Early Hints\r\n\r\n";
  expect(look, {"hints for ever", hints, "garbage", ""});
}

TEST(ProbeReply, ATextIsLookedForInTheBody) {
  Look look;
  look.body = "all well";
  const std::string head = "HTTP/1.1 200 OK\r\n";
  const std::string chunked = head + "Transfer-Encoding: chunked\r\n\r\n";
  const std::string filler(ProbeReply::kMaxBody - 4, 'x');
  const std::vector<Answer> answers = {
      {"there", head + "\r\nsay all well now", "ok 200", ""},
      {"there, and the length is known", head + "Content-Length: 8\r\n\r\nall well", "ok 200", ""},
      {"behind the length", head + "Content-Length: 7\r\n\r\nall well", "body:200", ""},
      {"no body", head + "Content-Length: 0\r\n\r\n", "body:200", ""},
      {"not there until the end", head + "\r\nall is well", "", "body:200"},
      {"in two chunks", chunked + "5\r\nall w\r\n3;x=y\r\nell\r\n0\r\n\r\n", "ok 200", ""},
      {"chunks without it", chunked + "3\r\nall\r\n0\r\n\r\n", "body:200", ""},
      {"a chunk's own framing is no body", chunked + "4\r\nall \r\n4\r\nwel \r\n0\r\n", "body:200", ""},
      {"a bad chunk", chunked + "zz\r\n", "garbage:200", ""},
      {"a chunk that is longer", chunked + "3\r\nallx\r\n", "garbage:200", ""},
      {"across the limit", head + "\r\n" + filler + "all well", "body:200", ""},
      {"just within it", head + "\r\n" + filler.substr(4) + "all well", "ok 200", ""},
      {"a status that is not well", "HTTP/1.1 500 No\r\n\r\nall well", "http:500", ""},
  };
  for (Answer answer : answers) {
    for (std::string* text : {&answer.verdict, &answer.after_end})
      if (const auto colon = text->find(":200"); colon != text->npos) text->erase(colon);
    expect(look, answer);
  }
}

TEST(ProbeReply, StatusesThatAreWellCanBeChosen) {
  Look look;
  look.ok = {{200, 299}, {304, 304}};
  expect(look, {"in the first", "HTTP/1.1 299 A\r\n\r\n", "ok 299", ""});
  expect(look, {"in the second", "HTTP/1.1 304 A\r\n\r\n", "ok 304", ""});
  expect(look, {"in none", "HTTP/1.1 302 A\r\n\r\n", "http:302", ""});
}

}  // namespace
}  // namespace muster::registry::health
