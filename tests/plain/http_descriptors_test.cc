// The HTTP server when the process has no descriptors left. UBSan looks at an object's vptr through a pipe, and without
// descriptors takes each for invalid.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <optional>
#include <thread>
#include <vector>

#include "tests/registry/support/http_house.h"

namespace muster::registry::http {
namespace {

using test::echo;
using test::HttpClient;
using test::HttpHouse;
using test::request;
using namespace std::chrono_literals;

// While it lives, this process has no descriptor left but `spare`.
class NoDescriptors {
 public:
  explicit NoDescriptors(std::size_t spare) {
    getrlimit(RLIMIT_NOFILE, &before_);
    const int highest = open("/dev/null", O_RDONLY | O_CLOEXEC);
    held_.push_back(highest);
    const rlimit low{static_cast<rlim_t>(highest) + 16, before_.rlim_max};
    setrlimit(RLIMIT_NOFILE, &low);
    for (int fd = dup(highest); fd >= 0; fd = dup(highest)) held_.push_back(fd);
    for (; spare > 0; --spare) give_back_one();
  }
  ~NoDescriptors() {
    while (!held_.empty()) give_back_one();
    setrlimit(RLIMIT_NOFILE, &before_);
  }
  NoDescriptors(const NoDescriptors&) = delete;
  NoDescriptors& operator=(const NoDescriptors&) = delete;

 private:
  void give_back_one() {
    close(held_.back());
    held_.pop_back();
  }
  rlimit before_{};
  std::vector<int> held_;
};

TEST(HttpServer, WithoutDescriptorsItWaitsALittleAndGoesOn) {
  HttpHouse house;
  house.add("GET", "/x", echo);
  house.start();
  std::optional<HttpClient> client;
  {
    const NoDescriptors none(1);
    client.emplace(house.at());  // takes the last one; the kernel has accepted, the server cannot
    for (int i = 0; i < 500 && house.count(Limit::open_files) == 0; ++i) std::this_thread::sleep_for(10ms);
    EXPECT_GE(house.count(Limit::open_files), 1u);
    std::this_thread::sleep_for(250ms);
    EXPECT_LE(house.count(Limit::open_files), 50u) << "it must not spin";
    EXPECT_EQ(house.counters().connections_accepted, 0u);
  }
  EXPECT_EQ(client->ask(request("GET", "/x"))->status, 200) << "who waited is served";
}

}  // namespace
}  // namespace muster::registry::http
