// Mesos clusters made of words that meet often: names that collide, that are nothing, that are too long.
#pragma once

#include <random>
#include <sstream>
#include <string>

#include "tests/zones/support/mesos_cluster.h"

namespace muster::zones::test {

class RandomCluster {
 public:
  explicit RandomCluster(unsigned seed) : random_(seed) {}

  // Everything, one element a line.
  std::string text() {
    std::ostringstream text;
    text << "listener\taddresses=" << addresses() << "\n";
    text << masters() << "\n";
    for (std::size_t i = 0; i < 4; ++i) text << agent(i) << "\n";
    for (std::size_t i = 0; i < 8; ++i) text << framework(i) << "\n";
    for (std::size_t i = 0; i < 40; ++i) text << task(i) << "\n";
    return text.str();
  }

  std::string masters() {
    return "masters\tleader=" + endpoint() + "\tlisted=" + endpoint() + "," + endpoint() + "," + endpoint();
  }
  std::string agent(std::size_t id) {
    return "agent\tid=x-S" + std::to_string(id) + "\taddresses=" + addresses() +
           "\tport=" + std::to_string(pick(3));
  }
  std::string framework(std::size_t id) {
    return "framework\tid=f" + std::to_string(id) + "\tname=" + escaped(name()) +
           "\taddresses=" + addresses() + "\tport=" + std::to_string(pick(3));
  }
  std::string task(std::size_t id) {
    std::ostringstream text;
    text << "task\tid=t" << id << "\tname=" << escaped(name()) << "\tframework=" << escaped(name())
         << "\tagent=x-S" << pick(3) << "\taddresses=" << addresses() << "\tagent_addresses=" << addresses();
    if (pick(2) == 0) text << "\tdiscovery";
    if (pick(3) == 0) text << "\tunready";
    if (pick(3) == 0) text << "\tweight=" << pick(4);
    if (pick(2) == 0) text << "\tports=" << 31000 + pick(3) << "," << 31010 + pick(3);
    if (pick(2) == 0) text << "\tdi=" << discovery_port() << ";" << discovery_port();
    return text.str();
  }

  std::size_t pick(std::size_t bound) { return random_() % bound; }

 private:
  std::string one_of(std::initializer_list<const char*> words) { return words.begin()[pick(words.size())]; }

  std::string name() {
    std::string name =
        one_of({"a", "b", "a", "b", "slave", "leader", "ns1", "master1", "_tcp", "_a", "A", "", "!", "-",
                "framework", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-b",
                "ccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc"});
    for (std::size_t more = pick(3); more > 0; --more)
      name += one_of({".", "-", "_"}) + one_of({"a", "b", "slave", ""});
    return name;
  }
  std::string addresses() {
    std::string all;
    for (std::size_t more = pick(4); more > 0; --more) {
      if (!all.empty()) all += ",";
      all += one_of({"10.0.0.1", "10.0.0.2", "fd00::1", "fd00::2", "0.0.0.0", "::ffff:10.0.0.3", "ff02::1"});
    }
    return all;
  }
  std::string endpoint() {
    return one_of({"10.0.0.1", "10.0.0.2", "[fd00::1]", "10.0.0.1", "0.0.0.0"}) + ":" +
           one_of({"0", "5050", "5050"});
  }
  std::string discovery_port() {
    return std::to_string(pick(4)) + "/" + one_of({"", "tcp", "udp", "tcp%2Cudp", "TCP%2C", "!"}) + "/" +
           one_of({"", "http", "HTTP", "a", "b%2F", "!"}) + one_of({"", "/agent"});
  }

  std::mt19937 random_;
};

}  // namespace muster::zones::test
