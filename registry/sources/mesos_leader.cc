#include "registry/sources/mesos_leader.h"

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <utility>

#include "registry/net/ip_address.h"
#include "registry/sources/mesos_answer.h"
#include "registry/sources/mesos_pid.h"

namespace muster::registry::sources {

namespace {

namespace json = boost::json;

constexpr std::string_view kGetMaster = R"({"type":"GET_MASTER"})";
constexpr std::uint64_t kAnswerMost = 64 << 10;  // octets

const json::object* object_at(const json::object* object, std::string_view key) {
  const json::value* value = object == nullptr ? nullptr : object->if_contains(key);
  return value == nullptr ? nullptr : value->if_object();
}

std::string text_at(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

}  // namespace

std::string read_leader(std::string_view text) {
  boost::system::error_code error;
  const json::value value = json::parse(text, error);
  if (error) return "";
  const json::object* info = object_at(object_at(value.if_object(), "get_master"), "master_info");
  if (info == nullptr) return "";
  if (const std::string pid = text_at(*info, "pid"); parse_mesos_pid(pid)) return pid;
  const json::object* address = object_at(info, "address");
  if (address == nullptr) return "";
  const auto ip = net::parse_ip(text_at(*address, "ip"));
  const json::value* port = address->if_contains("port");
  if (!ip || port == nullptr || !port->is_int64() || port->get_int64() < 1 || port->get_int64() > 65535)
    return "";
  return "master@" + net::to_string(net::Endpoint{*ip, static_cast<std::uint16_t>(port->get_int64())});
}

class MesosLeader::Impl {
 public:
  Impl(net::HttpClient& client, MesosAsk ask) : client_(client), ask_(std::move(ask)) {
    ask_.limits.max_body = kAnswerMost;
  }

  void start(const net::HttpOrigin& master, Done done) {
    at_ = net::to_string(master);
    done_ = std::move(done);
    body_.clear();
    status_ = 0;
    net::HttpRequest request;
    request.method = "POST";
    request.target = "/api/v1";
    request.headers = {{"Accept", "application/json"}, {"Content-Type", "application/json"}};
    request.headers.insert(request.headers.end(), ask_.login.begin(), ask_.login.end());
    request.body = kGetMaster;
    client_.ask(master, std::move(request), ask_.limits,
                {[this](const net::HttpHead& head) {
                   status_ = head.status;
                   return status_ == 200 ? net::HttpFlow::go_on : net::HttpFlow::stop;
                 },
                 [this](std::string_view piece) {
                   body_ += piece;
                   return net::HttpFlow::go_on;
                 },
                 [this, mine = ++turn_](net::Result<void, net::HttpError> end) {
                   if (mine == turn_) finish(end);
                 }});
  }

  void cancel() {
    ++turn_;
    if (client_.is_busy()) client_.cancel();
  }

 private:
  void finish(const net::Result<void, net::HttpError>& end) {
    Done done = std::exchange(done_, {});
    if (status_ != 0 && status_ != 200) return done(failure_of(status_, at_));
    if (!end)
      return done(
          SourceFailure{std::string(net::to_string(end.error().kind)), at_ + ": " + end.error().message});
    std::string leader = read_leader(body_);
    if (leader.empty()) return done(SourceFailure{"parse", at_ + ": GET_MASTER names no leader"});
    done({boost::system::in_place_value, std::move(leader)});
  }

  net::HttpClient& client_;
  MesosAsk ask_;
  std::string at_;
  Done done_;
  std::string body_;
  int status_ = 0;
  std::uint64_t turn_ = 0;
};

MesosLeader::MesosLeader(net::HttpClient& client, MesosAsk ask)
    : impl_(std::make_unique<Impl>(client, std::move(ask))) {}
MesosLeader::~MesosLeader() = default;
void MesosLeader::start(const net::HttpOrigin& master, Done done) { impl_->start(master, std::move(done)); }
void MesosLeader::cancel() { impl_->cancel(); }

}  // namespace muster::registry::sources
