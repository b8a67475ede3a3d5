#include "registry/sources/zookeeper_masters.h"

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <future>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "registry/net/deadline.h"
#include "registry/sources/zookeeper_session.h"

namespace muster::registry::sources {

using net::Millis;

namespace {

constexpr Millis kSession{10'000};         // without a server for so long, the session is over
constexpr Millis kPatience{2'000};         // without one for so long, it is told
constexpr Millis kNext{1'000};             // at most, until the next session
constexpr Millis kRefused{30'000};         // until the next session, when this one's login is not taken
constexpr Millis kClosing{100};            // until the client has ended the last one
constexpr Millis kLookAgain{2'000};        // after one that failed
constexpr Millis kLookEvery{1'000};        // changes in between count as one
constexpr std::size_t kMostAddresses = 8;  // of a server

}  // namespace

class ZookeeperMasters::Impl : public std::enable_shared_from_this<Impl> {
  // `work`, unless all of this is gone by then, or another session has begun.
  template <class Work>
  auto mine(Work work) {
    return [weak = weak_from_this(), turn = turn_, work = std::move(work)](auto&&... what) {
      const auto self = weak.lock();
      if (self && self->turn_ == turn && !self->stopped_) work(*self, std::forward<decltype(what)>(what)...);
    };
  }

 public:
  Impl(net::Strand strand, net::Resolver& resolver, ZookeeperUrl url, ZookeeperMastersHooks hooks)
      : strand_(strand),
        resolver_(resolver),
        url_(std::move(url)),
        hooks_(std::move(hooks)),
        next_session_(strand),
        next_look_(strand),
        patience_(strand),
        over_(strand) {}

  void begin() {
    if (stopped_) return;
    if (closing_.valid() && closing_.wait_for(Millis(0)) != std::future_status::ready)
      return next_session_.set(kClosing, [this] { begin(); });
    addresses_.clear();
    unresolved_.clear();
    left_ = url_.servers.size();
    ++turn_;
    for (const ZookeeperServer& server : url_.servers) {
      resolver_.resolve(server.host, mine([server](Impl& self, net::ResolveResult result) {
                          self.resolved(server, std::move(result));
                        }));
    }
  }

  void stop() {
    stopped_ = true;
    end_session();
    next_session_.clear();
  }

 private:
  // ---- the session

  void resolved(const ZookeeperServer& server, net::ResolveResult result) {
    if (result) {
      for (std::size_t i = 0; i < std::min(result->addresses.size(), kMostAddresses); ++i)
        addresses_.push_back({result->addresses[i], server.port});
    } else {
      unresolved_ += (unresolved_.empty() ? "" : ", ") + server.host + " (" +
                     std::string(net::to_string(result.error())) + ")";
    }
    if (--left_ > 0) return;
    if (!addresses_.empty()) return open();
    fail("the names of its servers cannot be resolved: " + unresolved_);
    begin_soon();
  }

  void open() {
    session_ = ZookeeperSession::open(strand_, addresses_, url_.login, kSession,
                                      {mine([](Impl& self, ZookeeperState state) { self.take(state); }),
                                       mine([](Impl& self) { self.look_soon(); })});
    if (!session_) {
      fail(std::string("no session can be begun: ") + std::strerror(errno));
      return begin_soon();
    }
    wait_for_server();
  }

  void take(ZookeeperState state) {
    switch (state) {
      case ZookeeperState::connected:
        is_connected_ = true;
        patience_.clear();
        over_.clear();
        return look_soon();
      case ZookeeperState::connecting:
        if (std::exchange(is_connected_, false)) wait_for_server();
        return;
      case ZookeeperState::ended: return renew();
      case ZookeeperState::refused:
        fail("the servers take no login: is their scheme digest switched off?");
        end_session();
        next_session_.set(kRefused, [this] { begin(); });
    }
  }

  void wait_for_server() {
    patience_.set(kPatience, [this] {
      fail("no server answers: is ZooKeeper running there, and reached from here?" +
           (unresolved_.empty() ? "" : " Not resolved: " + unresolved_));
    });
    over_.set(kSession, [this] { renew(); });
  }

  void renew() {
    end_session();
    begin_soon();
  }

  void end_session() {
    ++turn_;
    is_connected_ = false;
    is_looking_ = false;
    next_look_.clear();
    patience_.clear();
    over_.clear();
    if (!session_) return;
    closing_ = session_->close();
    session_.reset();
  }

  // By chance, so that many servers do not come back together.
  void begin_soon() {
    const Millis wait(static_cast<Millis::rep>(static_cast<double>(kNext.count()) * hooks_.chance()));
    next_session_.set(wait, [this] { begin(); });
  }

  // ---- a look

  void look_soon() {
    if (is_looking_) {
      look_again_ = true;
      return;
    }
    const auto due = looked_at_ ? *looked_at_ + kLookEvery : net::SteadyTime{};
    const auto now = hooks_.now().steady;
    if (now >= due) return look();
    next_look_.set(due - now, [this] { look(); });
  }

  void look() {
    next_look_.clear();
    if (!is_connected_) return;  // it begins with the connection
    is_looking_ = true;
    look_again_ = false;
    looked_at_ = hooks_.now().steady;
    fault_.reset();
    session_->list(url_.path,
                   mine([](Impl& self, net::Result<std::vector<std::string>, ZookeeperFault> names) {
                     self.listed(std::move(names));
                   }));
  }

  void listed(net::Result<std::vector<std::string>, ZookeeperFault> names) {
    nodes_ = {};
    data_.clear();
    if (names) {
      nodes_ = master_nodes(*names);
    } else {
      fault_ = names.error();
    }
    left_ = nodes_.names.size();
    if (left_ == 0) return end_look();
    for (const std::string& name : nodes_.names) {
      session_->read(url_.path + "/" + name,
                     mine([name](Impl& self, net::Result<std::string, ZookeeperFault> data) {
                       self.have_read(name, std::move(data));
                     }));
    }
  }

  void have_read(const std::string& name, net::Result<std::string, ZookeeperFault> data) {
    if (data) {
      data_[name] = std::move(*data);
    } else if (data.error().kind != ZookeeperFault::Kind::no_node) {  // else it ended in the meantime
      fault_ = data.error();
    }
    if (--left_ == 0) end_look();
  }

  void end_look() {
    is_looking_ = false;
    if (fault_) {
      if (fault_->kind != ZookeeperFault::Kind::lost) fail(said_of(*fault_));
      next_look_.set(kLookAgain, [this] { look(); });
      return;
    }
    AnnouncedMasters masters = announced_masters(nodes_, data_);
    if (masters.listed.empty()) {
      fail(why_nobody());
    } else {
      works();
    }
    if (last_ != masters) {
      last_ = std::move(masters);
      hooks_.announced(*last_);
    }
    if (look_again_) look_soon();
  }

  // ---- what is told

  std::string said_of(const ZookeeperFault& fault) const {
    if (fault.kind == ZookeeperFault::Kind::no_node)
      return "there is no " + url_.path + ": is it the path of the masters' --zk?";
    if (fault.kind == ZookeeperFault::Kind::no_rights)
      return url_.path + " may not be read " +
             (url_.login.empty() ? "without a login: put user:password@ in front of the servers"
                                 : "with this login");
    return fault.message;
  }

  std::string why_nobody() const {
    if (nodes_.is_old)
      return "only masters of Mesos 0.23 or older are there (info_…), which do not write JSON: put their "
             "addresses into `masters`";
    if (nodes_.names.empty()) return "no master has announced itself; the last ones stay";
    return "none of the " + std::to_string(nodes_.names.size()) +
           " nodes of masters holds an address; the last ones stay";
  }

  void fail(const std::string& message) {
    if (failure_ == message) return;
    failure_ = message;
    hooks_.tell({"zookeeper", to_string(url_) + ": " + message});
  }
  void works() {
    if (!std::exchange(failure_, {}).empty()) hooks_.tell({});
  }

  const net::Strand strand_;
  net::Resolver& resolver_;
  const ZookeeperUrl url_;
  const ZookeeperMastersHooks hooks_;
  net::Deadline next_session_;
  net::Deadline next_look_;
  net::Deadline patience_;
  net::Deadline over_;

  std::uint64_t turn_ = 0;  // of the session; what belongs to one before is not heard
  std::vector<net::Endpoint> addresses_;
  std::string unresolved_;
  std::size_t left_ = 0;  // names to be resolved, or nodes to be read
  std::future<void> closing_;
  std::unique_ptr<ZookeeperSession> session_;
  bool is_connected_ = false;

  bool is_looking_ = false;
  bool look_again_ = false;
  std::optional<net::SteadyTime> looked_at_;
  std::optional<ZookeeperFault> fault_;  // of this look
  MasterNodes nodes_;
  std::map<std::string, std::string> data_;

  std::optional<AnnouncedMasters> last_;
  std::string failure_;  // "": none
  bool stopped_ = false;
};

ZookeeperMasters::ZookeeperMasters(net::Strand strand, net::Resolver& resolver, ZookeeperUrl url,
                                   ZookeeperMastersHooks hooks)
    : impl_(std::make_shared<Impl>(std::move(strand), resolver, std::move(url), std::move(hooks))) {}
ZookeeperMasters::~ZookeeperMasters() = default;
void ZookeeperMasters::start() { impl_->begin(); }
void ZookeeperMasters::stop() { impl_->stop(); }

}  // namespace muster::registry::sources
