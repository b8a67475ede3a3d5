// Lines on their way to standard error: whoever logs hands them over and goes on, one thread writes them. Somebody who
// does not read them (a full pipe) costs old lines, which are counted, and no thread that works.
//
// Lines keep their order. On a pipe no more is written at once than it takes without waiting, so that the thread can
// always be joined. Thread safety: put(), flush() and dropped() from any thread.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

namespace muster::tools {

class LogWriter {
 public:
  static constexpr std::size_t kMostOctets = 1 << 20;  // waiting; beyond it the oldest line goes
  static constexpr std::chrono::milliseconds kPatience{1'000};

  explicit LogWriter(int descriptor);
  ~LogWriter();  // as flush(); what nobody takes is lost
  LogWriter(const LogWriter&) = delete;
  LogWriter& operator=(const LogWriter&) = delete;

  void put(std::string line);  // with its newline
  // Until all is written, or nothing was taken for kPatience.
  void flush();
  std::uint64_t dropped() const { return dropped_; }

 private:
  void loop();
  bool write(std::string_view text);
  bool wait_for_room() const;

  const int descriptor_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::condition_variable moved_;
  std::deque<std::string> lines_;
  std::size_t octets_ = 0;       // of lines_
  std::uint64_t written_ = 0;    // lines that left; flush() sees whether it moves
  bool writing_ = false;
  std::atomic<bool> stopping_{false};
  std::atomic<std::uint64_t> dropped_{0};
  std::thread thread_;
};

}  // namespace muster::tools
