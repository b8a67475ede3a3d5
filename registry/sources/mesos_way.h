// Which master is asked next, in one round of one question: the leader of last time, then the others as they
// are configured, and from each as far as its redirects lead. Pure.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "registry/net/http_url.h"
#include "registry/net/result.h"

namespace muster::registry::sources {

class MesosWay {
 public:
  static constexpr int kMostHops = 3;

  // `leader`: where the last answer came from; a stranger, unless it is one of the masters, or was announced
  // by one that is trusted. `path` is what is asked for, at every master.
  MesosWay(std::vector<net::HttpOrigin> masters, std::optional<net::HttpOrigin> leader, std::string path,
           bool was_announced = false);

  // The next master to begin with; nullopt: all have been asked, and the round is lost.
  std::optional<net::HttpUrl> next();

  // Where the answer sends us. An error says why we do not go there: then next().
  using Step = net::Result<net::HttpUrl, std::string>;
  Step redirected(std::string_view location);
  // Who leads, as one that is trusted says: trusted, too.
  void announce(std::optional<net::HttpOrigin> leader) { announced_ = std::move(leader); }
  // The answer was good, but names another leader, by address and port.
  Step other_leader(const std::string& host, std::uint16_t port);

  // Whether the master that is being asked is one of those that are configured, or the leader that such a one
  // announces: only they are told who we are.
  bool is_trusted() const { return trusted_; }

 private:
  Step go(std::optional<net::HttpUrl> to, const std::string& shown);
  bool is_known(const net::HttpOrigin& origin) const;

  const std::vector<net::HttpOrigin> masters_;
  const std::optional<net::HttpOrigin> leader_;  // that may be told who we are
  const std::string path_;
  std::optional<net::HttpOrigin> announced_;
  std::vector<net::HttpOrigin> order_;
  std::size_t begun_ = 0;
  net::HttpUrl at_;
  int hops_ = 0;
  bool trusted_ = true;
  std::set<net::HttpUrl> seen_;  // since next()
};

}  // namespace muster::registry::sources
