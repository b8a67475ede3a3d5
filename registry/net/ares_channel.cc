#include "registry/net/ares_channel.h"

#include <boost/asio/posix/basic_stream_descriptor.hpp>
#include <mutex>
#include <utility>

namespace muster::net {

namespace asio = boost::asio;

namespace {

void initialize_once() {
  static std::once_flag once;
  std::call_once(once, [] { ares_library_init(ARES_LIB_INIT_ALL); });
}

}  // namespace

struct AresChannel::Watch {
  explicit Watch(const Strand& strand) : descriptor(strand) {}
  asio::posix::basic_stream_descriptor<Strand> descriptor;
  bool reading = false;  // c-ares wants to know
  bool writing = false;
  bool read_armed = false;  // Asio has been asked
  bool write_armed = false;
};

AresChannel::AresChannel(const Strand& strand, ares_options options, int mask, const std::string& servers,
                         std::optional<Millis> period, std::optional<int> together)
    : strand_(strand), period_(period), timer_(strand) {
  initialize_once();
  options.sock_state_cb = &AresChannel::on_socket_state;
  options.sock_state_cb_data = this;
  if (ares_init_options(&channel_, &options, mask | ARES_OPT_SOCK_STATE_CB) != ARES_SUCCESS) {
    channel_ = nullptr;
  } else if (!servers.empty() && ares_set_servers_ports_csv(channel_, servers.c_str()) != ARES_SUCCESS) {
    close();
  }
  if (!together || channel_ == nullptr) return;
  datagrams_.emplace(*together);
  datagrams_->attach(channel_);
}

void AresChannel::close() {
  timer_.clear();
  if (channel_ != nullptr) ares_destroy(std::exchange(channel_, nullptr));
}

void AresChannel::on_socket_state(void* argument, ares_socket_t socket, int readable, int writable) {
  static_cast<AresChannel*>(argument)->watch(socket, readable != 0, writable != 0);
}

void AresChannel::watch(ares_socket_t socket, bool reading, bool writing) {
  auto& watch = watches_[socket];
  if (!reading && !writing) {
    // c-ares closes it next; Asio must have let go by then.
    if (watch) watch->descriptor.release();
    if (watch) watch->reading = watch->writing = false;
    watches_.erase(socket);
    return;
  }
  if (!watch) {
    watch = std::make_shared<Watch>(strand_);
    boost::system::error_code ignored;
    watch->descriptor.assign(socket, ignored);
  }
  watch->reading = reading;
  watch->writing = writing;
  arm(watch, socket);
}

void AresChannel::arm(const std::shared_ptr<Watch>& watch, ares_socket_t socket) {
  using Descriptor = asio::posix::descriptor_base;
  if (watch->reading && !std::exchange(watch->read_armed, true)) {
    watch->descriptor.async_wait(Descriptor::wait_read, [weak = weak_from_this(), watch, socket](auto error) {
      watch->read_armed = false;
      const auto self = weak.lock();
      if (self && !error && watch->reading) self->process(watch, socket, ARES_SOCKET_BAD);
    });
  }
  if (watch->writing && !std::exchange(watch->write_armed, true)) {
    watch->descriptor.async_wait(Descriptor::wait_write,
                                 [weak = weak_from_this(), watch, socket](auto error) {
                                   watch->write_armed = false;
                                   const auto self = weak.lock();
                                   if (self && !error && watch->writing)
                                     self->process(watch, ARES_SOCKET_BAD, socket);
                                 });
  }
}

void AresChannel::process(const std::shared_ptr<Watch>& watch, ares_socket_t to_read,
                          ares_socket_t to_write) {
  if (channel_ == nullptr) return;
  ares_process_fd(channel_, to_read, to_write);
  flush();  // what c-ares asks once more
  arm(watch, to_read == ARES_SOCKET_BAD ? to_write : to_read);
  watch_time();
}

void AresChannel::flush() {
  if (!datagrams_ || channel_ == nullptr) return;
  for (const ares_socket_t failed : datagrams_->flush()) {
    if (channel_ != nullptr) ares_process_fd(channel_, failed, ARES_SOCKET_BAD);
  }
}

// c-ares has no timer of its own.
void AresChannel::watch_time() {
  if (period_) {
    if (channel_ == nullptr || std::exchange(timed_, true)) return;
    return timer_.set(*period_, [weak = weak_from_this()] {
      if (const auto self = weak.lock()) self->on_time();
    });
  }
  timeval span{};
  if (channel_ == nullptr || ares_timeout(channel_, nullptr, &span) == nullptr) return timer_.clear();
  const Millis wait(span.tv_sec * 1000 + (span.tv_usec + 999) / 1000);
  timer_.set(wait, [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->on_time();
  });
}

void AresChannel::on_time() {
  timed_ = false;
  if (channel_ == nullptr) return;
  ares_process_fd(channel_, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
  flush();
  timeval span{};
  if (ares_timeout(channel_, nullptr, &span) != nullptr) watch_time();
}

}  // namespace muster::net
