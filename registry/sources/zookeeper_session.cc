#include "registry/sources/zookeeper_session.h"

#include <zookeeper/zookeeper.h>

#include <boost/asio/post.hpp>
#include <mutex>
#include <utility>

namespace muster::registry::sources {

namespace {

ZookeeperFault fault_of(int code) {
  ZookeeperFault fault;
  fault.message = zerror(code);
  switch (code) {
    case ZNONODE: fault.kind = ZookeeperFault::Kind::no_node; break;
    case ZNOAUTH: fault.kind = ZookeeperFault::Kind::no_rights; break;
    case ZCONNECTIONLOSS:
    case ZOPERATIONTIMEOUT:
    case ZSESSIONEXPIRED:
    case ZINVALIDSTATE:
    case ZAUTHFAILED:
    case ZCLOSING: fault.kind = ZookeeperFault::Kind::lost; break;
    default: break;
  }
  return fault;
}

ZookeeperState state_of(int state) {
  if (state == ZOO_CONNECTED_STATE) return ZookeeperState::connected;
  if (state == ZOO_EXPIRED_SESSION_STATE) return ZookeeperState::ended;
  if (state == ZOO_AUTH_FAILED_STATE) return ZookeeperState::refused;
  return ZookeeperState::connecting;
}

// The client parts host and port at the last colon, and wants no brackets.
std::string servers_text(const std::vector<net::Endpoint>& servers) {
  std::string text;
  for (const net::Endpoint& server : servers) {
    if (!text.empty()) text += ',';
    text += net::to_string(server.address) + ":" + std::to_string(server.port);
  }
  return text;
}

}  // namespace

struct ZookeeperSession::Link : std::enable_shared_from_this<Link> {
  Link(const net::Strand& on, ZookeeperSessionHooks with) : strand(on), hooks(std::move(with)) {}

  // From the client's threads: `work` runs on the strand, unless the session has been closed by then.
  template <class Work>
  void tell(Work work) {
    boost::asio::post(strand, [self = shared_from_this(), work = std::move(work)]() mutable {
      if (self->handle != nullptr) work(*self);
    });
  }

  const net::Strand strand;
  const ZookeeperSessionHooks hooks;
  zhandle_t* handle = nullptr;  // the strand's; null: closed
};

// What the client calls, on its own threads.
struct ZookeeperSession::Calls {
  // A question that the client has; it is answered once, at the latest when the session is closed.
  template <class T>
  struct Question {
    std::shared_ptr<Link> link;
    Done<T> done;
  };

  template <class T>
  static void answer(std::unique_ptr<Question<T>> question, net::Result<T, ZookeeperFault> result) {
    Link& link = *question->link;
    link.tell([done = std::move(question->done), result = std::move(result)](Link&) mutable {
      done(std::move(result));
    });
  }

  static void watch(zhandle_t*, int type, int state, const char*, void* context) {
    auto& link = *static_cast<Link*>(context);
    if (type == ZOO_SESSION_EVENT)
      return link.tell([state = state_of(state)](Link& self) { self.hooks.state(state); });
    link.tell([](Link& self) { self.hooks.changed(); });
  }

  static void listed(int code, const String_vector* names, const void* data) {
    std::unique_ptr<Question<std::vector<std::string>>> question(
        static_cast<Question<std::vector<std::string>>*>(const_cast<void*>(data)));
    if (code != ZOK) return answer<std::vector<std::string>>(std::move(question), fault_of(code));
    std::vector<std::string> all;
    for (std::int32_t i = 0; names != nullptr && i < names->count; ++i) {
      // The client does not look whether it could read what it hands over.
      if (names->data == nullptr || names->data[i] == nullptr)
        return answer<std::vector<std::string>>(std::move(question), fault_of(ZMARSHALLINGERROR));
      all.emplace_back(names->data[i]);
    }
    answer<std::vector<std::string>>(std::move(question), std::move(all));
  }

  static void have_read(int code, const char* value, int length, const Stat*, const void* data) {
    std::unique_ptr<Question<std::string>> question(
        static_cast<Question<std::string>*>(const_cast<void*>(data)));
    if (code != ZOK) return answer<std::string>(std::move(question), fault_of(code));
    std::string octets;
    if (value != nullptr && length > 0) octets.assign(value, static_cast<std::size_t>(length));
    answer<std::string>(std::move(question), std::move(octets));
  }

  // Every login is good to ZooKeeper; whether it has rights, the questions tell.
  static void logged_in(int, const void*) {}

  // `code` of a call that took the question, or did not.
  template <class T>
  static void gave(int code, Question<T>* question) {
    if (code != ZOK) answer<T>(std::unique_ptr<Question<T>>(question), fault_of(code));
  }
};

std::unique_ptr<ZookeeperSession> ZookeeperSession::open(const net::Strand& strand,
                                                         const std::vector<net::Endpoint>& servers,
                                                         const std::string& login, net::Millis timeout,
                                                         ZookeeperSessionHooks hooks) {
  // Off: it would write to standard error, and what matters is told as states and faults.
  static std::once_flag quiet;
  std::call_once(quiet, [] { zoo_set_debug_level(static_cast<ZooLogLevel>(0)); });

  auto link = std::make_shared<Link>(strand, std::move(hooks));
  link->handle = zookeeper_init(servers_text(servers).c_str(), &Calls::watch,
                                static_cast<int>(timeout.count()), nullptr, link.get(), ZOO_NO_LOG_CLIENTENV);
  if (link->handle == nullptr) return nullptr;
  if (!login.empty())
    zoo_add_auth(link->handle, "digest", login.data(), static_cast<int>(login.size()), &Calls::logged_in,
                 nullptr);
  return std::unique_ptr<ZookeeperSession>(new ZookeeperSession(std::move(link)));
}

ZookeeperSession::~ZookeeperSession() {
  if (link_->handle != nullptr) close().wait();
}

void ZookeeperSession::list(const std::string& path, Done<std::vector<std::string>> done) {
  auto* question = new Calls::Question<std::vector<std::string>>{link_, std::move(done)};
  Calls::gave(
      zoo_awget_children(link_->handle, path.c_str(), &Calls::watch, link_.get(), &Calls::listed, question),
      question);
}

void ZookeeperSession::read(const std::string& path, Done<std::string> done) {
  auto* question = new Calls::Question<std::string>{link_, std::move(done)};
  Calls::gave(zoo_awget(link_->handle, path.c_str(), &Calls::watch, link_.get(), &Calls::have_read, question),
              question);
}

std::future<void> ZookeeperSession::close() {
  zhandle_t* handle = std::exchange(link_->handle, nullptr);
  return std::async(std::launch::async, [link = link_, handle] {
    if (handle != nullptr) zookeeper_close(handle);
  });
}

}  // namespace muster::registry::sources
