#include "registry/health/prober.h"

#include <array>
#include <boost/asio/post.hpp>
#include <exception>
#include <mutex>
#include <utility>

#include "registry/health/exec_probe.h"
#include "registry/health/probe_connect.h"
#include "registry/health/probe_reply.h"
#include "registry/net/deadline.h"
#include "registry/net/tls_client.h"

namespace muster::registry::health {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

bool is_name(const std::string& host) { return !host.empty() && !net::parse_ip(host); }

std::string authority_of(const ProbeTask& task) {
  if (!task.look.host.empty()) return task.look.host;
  return net::to_string(task.target);
}

std::string request_of(const ProbeTask& task) {
  std::string text = task.look.method + " " + task.look.path + " HTTP/1.1\r\nHost: " + authority_of(task) +
                     "\r\nConnection: close\r\nUser-Agent: muster/" MUSTER_VERSION "\r\n";
  for (const auto& [name, value] : task.look.headers) text += name + ": " + value + "\r\n";
  return text + "\r\n";
}

bool uses_tls(const ProbeTask& task) { return task.type == CheckType::https || task.look.tls; }

}  // namespace

// Made with the first probe that needs them: reading whom the system trusts takes milliseconds.
class Prober::Contexts {
 public:
  // Throws std::runtime_error.
  const net::TlsClientContext& context(bool verify) {
    const std::lock_guard lock(mutex_);
    auto& context = verify ? verified_ : any_;
    if (!context) {
      net::TlsClientConfig config;
      config.verify = verify;
      context = std::make_unique<net::TlsClientContext>(std::move(config));
    }
    return *context;
  }

 private:
  std::mutex mutex_;
  std::unique_ptr<net::TlsClientContext> verified_, any_;
};

namespace {

// One probe over TCP. It lives in its handlers.
class TcpProbe final : public std::enable_shared_from_this<TcpProbe> {
 public:
  using MakeStream = net::UniqueFunction<std::unique_ptr<net::ByteStream>(net::Socket)>;

  TcpProbe(net::Strand strand, std::shared_ptr<const ProbeTask> task, MakeStream make_stream,
           Prober::Found found, Prober::Found late)
      : task_(std::move(task)),
        make_stream_(std::move(make_stream)),
        found_(std::move(found)),
        late_(std::move(late)),
        socket_(strand),
        deadline_(strand),
        reply_(task_->look) {}

  void start() {
    began_ = std::chrono::steady_clock::now();
    deadline_.set(task_->timeout, [self = shared_from_this()] { self->time_out(); });
    connect_to(socket_, task_->target, [self = shared_from_this()](std::optional<Verdict> verdict) {
      if (self->is_over_) return;
      if (verdict) return self->finish(std::move(*verdict));
      self->on_connected();
    });
  }

 private:
  void on_connected() {
    const bool is_tls = uses_tls(*task_);
    if (!is_tls && task_->type == CheckType::tcp) return finish({});
    try {
      stream_ = make_stream_(std::move(socket_));
    } catch (const std::exception& error) {
      return finish({Severity::local, FailureClass::none, 0, {}, error.what()});
    }
    if (!stream_)
      return finish({Severity::local, FailureClass::none, 0, {}, "not a name that a certificate can have"});
    if (!is_tls) return ask();
    stream_->handshake([self = shared_from_this()](error_code error, std::size_t) {
      if (self->is_over_) return;
      if (error) return self->finish(verdict_of_end(error));
      if (self->task_->type == CheckType::tcp) return self->finish({});
      self->ask();
    });
  }

  void ask() {
    request_ = request_of(*task_);
    piece_ = request_;
    // An error is no matter here: an answer may have come before it, and if not the read ends.
    stream_->write({&piece_, 1}, [self = shared_from_this()](error_code, std::size_t) {});
    read();
  }

  void read() {
    stream_->read_some(room_, [self = shared_from_this()](error_code error, std::size_t size) {
      if (self->is_over_) return;
      if (error) {
        const Verdict ended = verdict_of_end(error);
        return self->finish(ended.failure == FailureClass::close ? self->reply_.end() : ended);
      }
      if (auto verdict = self->reply_.take({self->room_.data(), size}))
        return self->finish(std::move(*verdict));
      self->read();
    });
  }

  void finish(Verdict verdict) {
    verdict.latency =
        std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - began_);
    stop();
    auto tell = std::exchange(has_timed_out_ ? late_ : found_, {});
    if (tell) tell(std::move(verdict));
  }

  void time_out() {
    if (!task_->waits_on || has_timed_out_) stop();
    if (has_timed_out_) return;
    has_timed_out_ = true;
    if (!is_over_) {
      const Millis more = std::min(task_->timeout, task_->interval - task_->timeout);
      deadline_.set(more, [self = shared_from_this()] { self->time_out(); });
    }
    const std::string detail = "no answer within " + std::to_string(task_->timeout.count()) + " ms";
    std::exchange(found_, {})(
        Verdict{severity_of(FailureClass::timeout), FailureClass::timeout, 0, task_->timeout, detail});
  }

  void stop() {
    is_over_ = true;
    deadline_.clear();
    error_code ignored;
    socket_.close(ignored);
    if (stream_) stream_->close();
  }

  const std::shared_ptr<const ProbeTask> task_;
  MakeStream make_stream_;
  Prober::Found found_, late_;
  net::Socket socket_;
  std::unique_ptr<net::ByteStream> stream_;
  net::Deadline deadline_;
  ProbeReply reply_;
  std::string request_;
  std::string_view piece_;
  std::array<char, 4096> room_;
  std::chrono::steady_clock::time_point began_{};
  bool is_over_ = false;
  bool has_timed_out_ = false;
};

}  // namespace

Prober::Prober(asio::io_context& io) : io_(io), contexts_(std::make_shared<Contexts>()) {}
Prober::~Prober() = default;

void Prober::probe(std::shared_ptr<const ProbeTask> task, Found found, Found late) {
  const net::Strand strand = asio::make_strand(io_);
  if (task->type == CheckType::exec) return probe_exec(strand, std::move(task), std::move(found));
  auto make_stream = [contexts = contexts_, task](net::Socket socket) {
    if (!uses_tls(*task)) return net::make_plain_stream(std::move(socket));
    const std::string host =
        is_name(task->look.host) ? task->look.host : net::to_string(task->target.address);
    const bool verify = task->look.verify.value_or(is_name(task->look.host));
    return contexts->context(verify).make_stream(std::move(socket), host);
  };
  auto probe = std::make_shared<TcpProbe>(strand, std::move(task), std::move(make_stream), std::move(found),
                                          std::move(late));
  asio::post(strand, [probe] { probe->start(); });
}

}  // namespace muster::registry::health
