#include "tools/musterd/log_writer.h"

#include <limits.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string_view>

#include "registry/net/thread_name.h"

namespace muster::tools {

namespace {

constexpr int kLookMillis = 100;

}  // namespace

LogWriter::LogWriter(int descriptor)
    : descriptor_(descriptor), thread_([this] {
        net::name_this_thread("muster-log");
        loop();
      }) {}

LogWriter::~LogWriter() {
  flush();
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

void LogWriter::put(std::string line) {
  {
    const std::lock_guard lock(mutex_);
    octets_ += line.size();
    lines_.push_back(std::move(line));
    for (; octets_ > kMostOctets && lines_.size() > 1; ++dropped_) {
      octets_ -= lines_.front().size();
      lines_.pop_front();
    }
  }
  wake_.notify_one();
}

void LogWriter::flush() {
  std::unique_lock lock(mutex_);
  for (std::uint64_t before = ~written_; before != written_ && (writing_ || !lines_.empty());) {
    before = written_;
    moved_.wait_for(lock, kPatience, [&] { return written_ != before; });
  }
}

void LogWriter::loop() {
  std::unique_lock lock(mutex_);
  for (;;) {
    wake_.wait(lock, [this] { return stopping_ || !lines_.empty(); });
    if (stopping_) return;
    const std::string line = std::move(lines_.front());
    lines_.pop_front();
    octets_ -= line.size();
    writing_ = true;
    lock.unlock();
    const bool whole = write(line);
    lock.lock();
    writing_ = false;
    ++written_;
    dropped_ += !whole;
    moved_.notify_all();
  }
}

// False: it could not be written.
bool LogWriter::write(std::string_view text) {
  while (!text.empty()) {
    if (!wait_for_room()) return false;
    const ssize_t size = ::write(descriptor_, text.data(), std::min<std::size_t>(text.size(), PIPE_BUF));
    if (size >= 0) {
      text.remove_prefix(static_cast<std::size_t>(size));
    } else if (errno != EINTR && errno != EAGAIN) {
      return false;
    }
  }
  return true;
}

// A pipe that is ready takes PIPE_BUF octets without waiting (pipe(7)). An error is found by writing.
bool LogWriter::wait_for_room() const {
  pollfd ready{descriptor_, POLLOUT, 0};
  while (poll(&ready, 1, kLookMillis) <= 0) {
    if (stopping_) return false;
  }
  return true;
}

}  // namespace muster::tools
