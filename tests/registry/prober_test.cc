// Probes over real sockets, and real programs: what each kind of peer is found to be.
#include "registry/health/prober.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <fstream>
#include <future>

#include "tests/registry/support/scratch.h"
#include "tests/registry/support/scripted_server.h"

namespace muster::registry::health {
namespace {

using namespace std::chrono_literals;
using muster::test::Visitor;

ProbeTask task_for(CheckType type, std::uint16_t port, const char* ip = "127.0.0.1") {
  ProbeTask task;
  task.type = type;
  task.target = {net::parse_ip(ip).value(), port};
  task.timeout = 2s;
  return task;
}

std::string shown(const Verdict& verdict) {
  std::string text(to_string(verdict.severity));
  if (verdict.failure != FailureClass::none) text += " " + class_text(verdict.failure, verdict.http_status);
  return text;
}

class ProberTest : public ::testing::Test {
 protected:
  // Runs one probe to its end, and what it leaves behind as long as `stay`.
  Verdict probe(ProbeTask task, Millis stay = 0ms) {
    std::optional<Verdict> found;
    late.reset();
    prober.probe(
        std::make_shared<const ProbeTask>(std::move(task)),
        [&](Verdict verdict) { found = std::move(verdict); },
        [&](Verdict verdict) { late = std::move(verdict); });
    const auto give_up = std::chrono::steady_clock::now() + 10s;
    io.restart();
    while (!found && std::chrono::steady_clock::now() < give_up) io.run_one_for(10ms);
    if (!found) {
      ADD_FAILURE() << "no verdict";
      return {};
    }
    const auto end = std::chrono::steady_clock::now() + stay;
    while (std::chrono::steady_clock::now() < end && !late) {
      io.restart();
      io.run_one_for(10ms);
    }
    io.restart();
    io.run_for(20ms);
    return *found;
  }

  boost::asio::io_context io;
  Prober prober{io};
  std::optional<Verdict> late;
};

TEST_F(ProberTest, ATcpConnectIsEnoughAndNothingIsSent) {
  std::promise<std::string> said;
  test::ScriptedServer server([&](Visitor& visitor) { said.set_value(visitor.read(1)); });
  const Verdict verdict = probe(task_for(CheckType::tcp, server.port()));
  EXPECT_EQ(shown(verdict), "ok");
  EXPECT_GT(verdict.latency.count(), 0);
  EXPECT_EQ(said.get_future().get(), "");
}

TEST_F(ProberTest, AClosedPortIsRefused) {
  EXPECT_EQ(shown(probe(task_for(CheckType::tcp, test::dead_port()))), "hard refused");
  EXPECT_EQ(shown(probe(task_for(CheckType::tcp, test::dead_port(), "::1"))), "hard refused");
}

TEST_F(ProberTest, WhatTheKernelWillNotEvenTryIsNoVerdict) {
  EXPECT_EQ(shown(probe(task_for(CheckType::tcp, 80, "255.255.255.255"))), "local");
}

TEST_F(ProberTest, WithoutADescriptorThereIsNoVerdict) {
  const ProbeTask task = task_for(CheckType::tcp, test::dead_port());
  EXPECT_EQ(shown(probe(task)), "hard refused") << "the context has all that it needs now";
  rlimit before{};
  getrlimit(RLIMIT_NOFILE, &before);
  const rlimit none{3, before.rlim_max};
  setrlimit(RLIMIT_NOFILE, &none);
  const Verdict verdict = probe(task);
  setrlimit(RLIMIT_NOFILE, &before);
  EXPECT_EQ(shown(verdict), "local");
}

TEST_F(ProberTest, SilenceEndsAtTheDeadline) {
  test::ScriptedServer server([](Visitor& visitor) { visitor.wait_for_end(); });
  ProbeTask task = task_for(CheckType::http, server.port());
  task.timeout = 200ms;
  const auto begin = std::chrono::steady_clock::now();
  const Verdict verdict = probe(task);
  EXPECT_EQ(shown(verdict), "soft timeout");
  EXPECT_EQ(verdict.latency, 200ms) << "a time-out counts as long as it was given";
  EXPECT_GE(std::chrono::steady_clock::now() - begin, 200ms);
  EXPECT_FALSE(late);
}

TEST_F(ProberTest, ADripDoesNotOutliveTheDeadline) {
  test::ScriptedServer server([](Visitor& visitor) {
    visitor.read_head();
    for (int i = 0; i < 100 && !visitor.wait_for_end(); ++i) visitor.send("H");
  });
  ProbeTask task = task_for(CheckType::http, server.port());
  task.timeout = 300ms;
  EXPECT_EQ(probe(task).severity, Severity::soft);
}

TEST_F(ProberTest, HttpIsAskedAsItShouldBe) {
  std::promise<std::string> asked;
  test::ScriptedServer server([&](Visitor& visitor) {
    asked.set_value(visitor.read_head());
    visitor.send("HTTP/1.1 200 OK\r\nContent-Length: 5000000\r\n\r\n");
    visitor.wait_for_end();
  });
  ProbeTask task = task_for(CheckType::http, server.port());
  task.look.path = "/health?x=1";
  task.look.headers = {{"X-Key", "a b"}};
  EXPECT_EQ(shown(probe(task)), "ok") << "the body is not waited for";
  const std::string head = asked.get_future().get();
  EXPECT_TRUE(head.starts_with(
      "GET /health?x=1 HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(server.port()) + "\r\n"));
  EXPECT_NE(head.find("\r\nConnection: close\r\n"), head.npos);
  EXPECT_NE(head.find("\r\nX-Key: a b\r\n"), head.npos);
}

TEST_F(ProberTest, HttpServersOfAllKinds) {
  struct Row {
    std::string why;
    test::ScriptedServer::Script script;
    std::string verdict;
  };
  const auto answer = [](std::string octets) {
    return [octets](Visitor& visitor) {
      visitor.read_head();
      visitor.send(octets);
      visitor.wait_for_end();
    };
  };
  const std::vector<Row> rows = {
      {"an error", answer("HTTP/1.1 503 Busy\r\n\r\n"), "soft http:503"},
      {"garbage", answer("SSH-2.0-x\r\n"), "soft garbage"},
      {"hints first", answer("HTTP/1.1 103 Hints\r\n\r\nHTTP/1.1 204 No\r\n\r\n"), "ok"},
      {"the end without an answer", [](Visitor& visitor) { visitor.read_head(), visitor.finish(); },
       "soft close"},
      {"a status and the end",
       [](Visitor& visitor) {
         visitor.read_head();
         visitor.send("HTTP/1.0 200");
         visitor.finish();
       },
       "ok"},
      {"a reset", [](Visitor& visitor) { visitor.read_head(), visitor.reset(); }, "soft reset"},
      {"octet by octet",
       [](Visitor& visitor) { visitor.read_head(), visitor.drip("HTTP/1.1 200 OK\r\n\r\n"); }, "ok"},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.why);
    test::ScriptedServer server(row.script);
    EXPECT_EQ(shown(probe(task_for(CheckType::http, server.port()))), row.verdict);
  }
}

TEST_F(ProberTest, ALateAnswerIsHeardWhereItIsWaitedFor) {
  test::ScriptedServer server([](Visitor& visitor) {
    visitor.read_head();
    std::this_thread::sleep_for(300ms);
    visitor.send("HTTP/1.1 200 OK\r\n\r\n");
    visitor.wait_for_end();
  });
  ProbeTask task = task_for(CheckType::http, server.port());
  task.timeout = 200ms;
  task.interval = 10s;
  task.waits_on = true;
  EXPECT_EQ(shown(probe(task, 2s)), "soft timeout");
  ASSERT_TRUE(late);
  EXPECT_EQ(shown(*late), "ok");
  EXPECT_GE(late->latency, 300ms);
}

TEST_F(ProberTest, TlsIsCheckedWhereTheHostIsAName) {
  const auto script = [](Visitor& visitor) {
    visitor.read_head();
    visitor.send("HTTP/1.1 200 OK\r\n\r\n");
    visitor.wait_for_end();
  };
  test::ScriptedServer server(script, test::self_signed("DNS:localhost"));
  ProbeTask task = task_for(CheckType::https, server.port());
  EXPECT_EQ(shown(probe(task)), "ok") << "an address: any certificate will do";
  task.look.verify = true;
  EXPECT_EQ(shown(probe(task)), "hard tls");
  task.look.verify.reset();
  task.look.host = "localhost";
  EXPECT_EQ(shown(probe(task)), "hard tls") << "nobody trusts who signed it";
  task.look.verify = false;
  EXPECT_EQ(shown(probe(task)), "ok");
  ProbeTask shaken = task_for(CheckType::tcp, server.port());
  shaken.look.tls = true;
  EXPECT_EQ(shown(probe(shaken)), "ok") << "a handshake is enough";
}

TEST_F(ProberTest, NoTlsWhereTlsIsAskedFor) {
  test::ScriptedServer server([](Visitor& visitor) {
    visitor.read(1);
    visitor.send("HTTP/1.1 400 Bad Request\r\n\r\n");
    visitor.wait_for_end();
  });
  EXPECT_EQ(shown(probe(task_for(CheckType::https, server.port()))), "hard tls");
}

class ExecTest : public ProberTest {
 protected:
  ProbeTask task_of(const std::string& script) {
    const std::string path = scratch.path("check.sh");
    std::ofstream(path) << "#!/bin/sh\n" << script << "\n";
    chmod(path.c_str(), 0755);
    ProbeTask task;
    task.type = CheckType::exec;
    task.target = {net::parse_ip("10.0.0.7").value(), 8080};
    task.look.argv = {path, "a b", "$HOME"};
    task.timeout = 2s;
    task.service = "web";
    task.id = "i1";
    return task;
  }
  testing::Scratch scratch;
};

TEST_F(ExecTest, TheStatusIsTheVerdict) {
  EXPECT_EQ(shown(probe(task_of("exit 0"))), "ok");
  const Verdict failed = probe(task_of("echo it is broken; exit 3"));
  EXPECT_EQ(shown(failed), "soft exec");
  EXPECT_EQ(failed.detail, "status 3: it is broken\n");
  EXPECT_EQ(shown(probe(task_of("kill -9 $$"))), "soft exec");
}

TEST_F(ExecTest, AProgramIsToldWhomItLooksAtAndNothingElse) {
  const std::string seen = scratch.path("seen");
  setenv("MUSTER_SECRET_OF_OURS", "x", 1);
  EXPECT_EQ(shown(probe(task_of("printf '%s|' \"$@\" >" + seen + "; env | grep MUSTER | sort >>" + seen +
                                "; ls /proc/self/fd | wc -l >>" + seen))),
            "ok");
  unsetenv("MUSTER_SECRET_OF_OURS");
  std::ifstream file(seen);
  const std::string text((std::istreambuf_iterator<char>(file)), {});
  EXPECT_EQ(
      text,
      "a b|$HOME|MUSTER_ADDRESS=10.0.0.7\nMUSTER_INSTANCE=i1\nMUSTER_PORT=8080\nMUSTER_SERVICE=web\n4\n")
      << "its words as they are, four variables, and no file of ours";
}

TEST_F(ExecTest, AMissingProgramIsAHardFailure) {
  ProbeTask task = task_of("exit 0");
  task.look.argv = {scratch.path("none")};
  EXPECT_EQ(shown(probe(task)), "hard exec-missing");
}

TEST_F(ExecTest, OneThatDoesNotEndIsEndedWithItsGroup) {
  const std::string mark = scratch.path("mark");
  ProbeTask task = task_of("(trap '' TERM; sleep 3; echo still here >" + mark + ") & trap '' TERM; wait");
  task.timeout = 200ms;
  EXPECT_EQ(shown(probe(task, 4s)), "soft timeout");
  EXPECT_FALSE(std::ifstream(mark).good()) << "SIGKILL came a second later, to all of them";
}

TEST_F(ExecTest, MuchOutputDoesNotStopIt) {
  const Verdict verdict = probe(task_of("head -c 1000000 /dev/zero | tr '\\0' x; exit 1"));
  EXPECT_EQ(shown(verdict), "soft exec");
  EXPECT_EQ(verdict.detail.size(), 256U);
}

}  // namespace
}  // namespace muster::registry::health
