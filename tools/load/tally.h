// What came back during a measurement, and how long it took; one JSON object in the end.
#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <span>

namespace muster::load {

struct Tally {
  std::uint64_t sent = 0;
  std::uint64_t received = 0;
  std::uint64_t lost = 0;
  std::uint64_t octets = 0;
  std::uint64_t answers = 0;
  std::uint64_t authorities = 0;
  std::uint64_t additionals = 0;
  std::array<std::uint64_t, 16> rcodes{};
  std::array<std::uint32_t, 200'000> latency{};  // by microsecond, the last bin holds the rest

  // Precondition: a whole header.
  void count(std::span<const std::uint8_t> reply, std::chrono::steady_clock::duration took) {
    const auto at = [&reply](std::size_t n) {
      return static_cast<std::uint16_t>(reply[n] << 8 | reply[n + 1]);
    };
    ++received;
    octets += reply.size();
    answers += at(6);
    authorities += at(8);
    additionals += at(10);
    ++rcodes[reply[3] & 15];
    const auto micros = std::chrono::duration_cast<std::chrono::microseconds>(took).count();
    ++latency[std::min(static_cast<std::size_t>(micros), latency.size() - 1)];
  }

  std::size_t percentile(double share) const {
    const auto wanted = static_cast<std::uint64_t>(share * static_cast<double>(received));
    std::uint64_t seen = 0;
    for (std::size_t i = 0; i < latency.size(); ++i) {
      seen += latency[i];
      if (seen > wanted) return i;
    }
    return latency.size();
  }

  void print(double elapsed, double cpu) const {
    const double n = static_cast<double>(std::max<std::uint64_t>(received, 1));
    const auto mean = [n](std::uint64_t sum) { return static_cast<double>(sum) / n; };
    std::printf("{\"seconds\":%.3f,\"sent\":%llu,\"received\":%llu,\"lost\":%llu,\"qps\":%.0f,", elapsed,
                number(sent), number(received), number(lost), static_cast<double>(received) / elapsed);
    std::printf("\"cpu_us\":%.4f,\"octets\":%.2f,\"answers\":%.4f,\"authorities\":%.4f,\"additionals\":%.4f,",
                cpu / n * 1e6, mean(octets), mean(answers), mean(authorities), mean(additionals));
    std::printf("\"p50_us\":%zu,\"p99_us\":%zu,\"rcodes\":{", percentile(0.5), percentile(0.99));
    const char* separator = "";
    for (std::size_t i = 0; i < rcodes.size(); ++i) {
      if (rcodes[i] == 0) continue;
      std::printf("%s\"%zu\":%llu", separator, i, number(rcodes[i]));
      separator = ",";
    }
    std::printf("}}\n");
  }

 private:
  static unsigned long long number(std::uint64_t value) { return value; }
};

}  // namespace muster::load
