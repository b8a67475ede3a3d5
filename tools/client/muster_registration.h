// Registers one instance of a service with musterd, keeps it registered, and takes it out again without a
// failed request. One header for C++17 programs; link with libcurl.
//
//   muster_client::Options options;
//   options.service = "web";
//   options.port = 8080;
//   muster_client::Registration registration(options);
//   serve_until_sigterm();
//   registration.stop();  // out of the answers; returns when no resolver can still hold it
//
// A thread of its own sends heartbeats. A musterd that is away, restarts or forgets is tried again for as
// long as the registration lives: each heartbeat carries the whole instance. One that an operator has
// deregistered stays out for `registry.tombstone`. Nothing here throws once the options are right.
//
// Thread safety: all of Registration may be called by any thread.
#pragma once

#include <curl/curl.h>
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <map>
#include <mutex>
#include <random>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>

namespace muster_client {

inline std::string environment(const char* name, const char* fallback) {
  const char* value = std::getenv(name);
  return value == nullptr ? fallback : value;
}

struct Options {
  std::string service;           // required: one label of a-z, 0-9 and -
  int port = 0;                  // required: 1 to 65535
  std::string address = "auto";  // an IP literal; auto: the one from which musterd sees us
  std::string id;                // "": the host's name and a number of our own
  int weight = -1;               // 0 to 65535; -1: not said
  std::string lease;             // "10s"; "": the server's
  std::map<std::string, std::string> tags;
  std::string more;  // further members of the registration, JSON: R"("priority":1,"checks":[{"type":"tcp"}])"
  std::string server = environment("MUSTER_SERVER", "http://127.0.0.1:8053");
  std::string token_file = environment("MUSTER_TOKEN_FILE", "");
  std::string ca_file = environment("MUSTER_CA_FILE", "");  // "": the machine's authorities
  std::chrono::milliseconds longest_drain{60'000};          // stop() waits no longer
  std::chrono::milliseconds blind_drain{5'000};             // so long where musterd cannot say how long
  std::function<void(const std::string& line)> log;         // of what went wrong, and when it is well again
};

class Registration {
 public:
  // Throws std::invalid_argument when an option is wrong, std::runtime_error when the token file cannot be
  // read.
  explicit Registration(Options options) : options_(std::move(options)), generation_(unix_millis()) {
    if (options_.service.empty()) throw std::invalid_argument("muster: no service is named");
    if (options_.port < 1 || options_.port > 65535)
      throw std::invalid_argument("muster: the port must be 1 to 65535");
    // Process ids are alike in all containers of a host.
    if (options_.id.empty()) options_.id = host_name() + "-" + std::to_string(std::random_device()());
    if (!options_.token_file.empty()) {
      std::ifstream file(options_.token_file);
      if (!std::getline(file, token_))
        throw std::runtime_error("muster: cannot read the token file " + options_.token_file);
    }
    path_ = "/api/v1/services/" + encoded(options_.service) + "/instances/" + encoded(options_.id);
    static const CURLcode once = curl_global_init(CURL_GLOBAL_DEFAULT);
    if (once != CURLE_OK) throw std::runtime_error("muster: libcurl cannot be used");
    // Signals are the program's own threads' business, SIGPIPE of our connections too.
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    thread_ = std::thread([this] { run(); });
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
  }
  ~Registration() { stop(); }
  Registration(const Registration&) = delete;
  Registration& operator=(const Registration&) = delete;

  // Whether musterd knew of us when it was last told.
  bool is_registered() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return registered_;
  }

  // "passing", "warning", "critical" or "starting": told at once, and with every heartbeat from now on.
  void set_status(std::string status, std::string reason = "") {
    const std::lock_guard<std::mutex> lock(mutex_);
    status_ = std::move(status);
    reason_ = std::move(reason);
    told_ = false;
    changed_.notify_all();
  }

  // Drains, waits until no resolver can still hold the address, deregisters. Answer requests until it
  // returns.
  void stop() {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      stopping_ = true;
      changed_.notify_all();
    }
    const std::lock_guard<std::mutex> joining(join_mutex_);
    if (thread_.joinable()) thread_.join();
  }

 private:
  struct Reply {
    long status = 0;  // 0: the server was not reached
    std::string body;
    bool ok() const { return status >= 200 && status < 300; }
  };

  static std::uint64_t unix_millis() {
    return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::milliseconds>(
                                          std::chrono::system_clock::now().time_since_epoch())
                                          .count());
  }

  static std::string host_name() {
    char name[256] = {};
    return gethostname(name, sizeof name - 1) == 0 && name[0] != '\0' ? name : "instance";
  }

  static std::string encoded(const std::string& segment) {
    static const char kHex[] = "0123456789ABCDEF";
    std::string text;
    for (const char c : segment) {
      const auto octet = static_cast<unsigned char>(c);
      const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                         c == '-' || c == '.' || c == '_' || c == '~';
      if (plain) {
        text += c;
      } else {
        ((text += '%') += kHex[octet >> 4]) += kHex[octet & 15];
      }
    }
    return text;
  }

  // RFC 8259 §7.
  static std::string quoted(const std::string& text) {
    static const char kHex[] = "0123456789abcdef";
    std::string out = "\"";
    for (const char c : text) {
      const auto octet = static_cast<unsigned char>(c);
      if (c == '"' || c == '\\') {
        (out += '\\') += c;
      } else if (octet < 0x20) {
        ((out += "\\u00") += kHex[octet >> 4]) += kHex[octet & 15];
      } else {
        out += c;
      }
    }
    return out += '"';
  }

  std::string instance_json() const {
    std::string out =
        "{\"addresses\":[" + quoted(options_.address) + "],\"port\":" + std::to_string(options_.port);
    if (options_.weight >= 0) out += ",\"weight\":" + std::to_string(options_.weight);
    if (!options_.lease.empty()) out += ",\"lease\":" + quoted(options_.lease);
    if (!options_.tags.empty()) {
      out += ",\"tags\":{";
      for (const auto& [key, value] : options_.tags) {
        if (out.back() != '{') out += ',';
        out += quoted(key) + ":" + quoted(value);
      }
      out += '}';
    }
    if (!options_.more.empty()) out += "," + options_.more;
    return out + "}";
  }

  // The member of that name in a grant, which musterd writes without blanks; `fallback` where it is not a
  // number.
  static std::chrono::milliseconds millis_in(const std::string& body, const std::string& name,
                                             std::chrono::milliseconds fallback) {
    const auto at = body.find("\"" + name + "\":");
    if (at == body.npos) return fallback;
    char* end = nullptr;
    const char* begin = body.c_str() + at + name.size() + 3;
    const long long value = std::strtoll(begin, &end, 10);
    return end == begin || value < 0 ? fallback : std::chrono::milliseconds(value);
  }

  static std::size_t append(char* data, std::size_t, std::size_t size, void* to) {
    static_cast<std::string*>(to)->append(data, size);
    return size;
  }

  Reply request(const char* method, const std::string& path, const std::string& body) const {
    Reply reply;
    CURL* curl = curl_easy_init();
    if (curl == nullptr) return reply;
    const std::string url = options_.server + path;
    curl_slist* headers = curl_slist_append(nullptr, "Content-Type: application/json");
    if (!token_.empty()) headers = curl_slist_append(headers, ("Authorization: Bearer " + token_).c_str());
    curl_easy_setopt(curl, CURLOPT_URL, url.c_str());
    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body.c_str());
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, 2000L);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, 5000L);
    if (!options_.ca_file.empty()) curl_easy_setopt(curl, CURLOPT_CAINFO, options_.ca_file.c_str());
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, &Registration::append);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &reply.body);
    if (curl_easy_perform(curl) == CURLE_OK) curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &reply.status);
    curl_slist_free_all(headers);
    curl_easy_cleanup(curl);
    return reply;
  }

  void say(const std::string& what) const {
    if (!options_.log) return;
    try {
      options_.log("muster: " + options_.service + "/" + options_.id + ": " + what);
    } catch (...) {  // a log that fails takes no service away
    }
  }

  // One heartbeat; how long until the next.
  std::chrono::milliseconds beat(const std::string& status, const std::string& reason) {
    std::string body = "{\"generation\":" + std::to_string(generation_) + ",\"instance\":" + instance_json();
    if (!status.empty()) body += ",\"status\":" + quoted(status);
    if (!reason.empty()) body += ",\"reason\":" + quoted(reason);
    const Reply reply = request("POST", path_ + "/heartbeat", body + "}");
    const bool was_registered = note(reply.ok());
    if (reply.ok()) {
      if (!was_registered) say("registered");
      failures_ = 0;
      return millis_in(reply.body, "heartbeat_in_ms", std::chrono::seconds(10));
    }
    if (was_registered || failures_ == 0)
      say(reply.status == 0 ? "no answer from " + options_.server
                            : "refused with " + std::to_string(reply.status) + ": " + reply.body);
    failures_ = std::min(failures_ + 1, 5);
    return std::chrono::milliseconds(500) * (1 << failures_);
  }

  bool note(bool registered) {
    const std::lock_guard<std::mutex> lock(mutex_);
    return std::exchange(registered_, registered);
  }

  std::chrono::steady_clock::time_point beat_as_told() {
    std::unique_lock<std::mutex> lock(mutex_);
    told_ = true;
    const std::string status = status_;
    const std::string reason = reason_;
    lock.unlock();
    return std::chrono::steady_clock::now() + beat(status, reason);
  }

  void run() {
    while (true) {
      const auto next = beat_as_told();
      std::unique_lock<std::mutex> lock(mutex_);
      changed_.wait_until(lock, next, [this] { return stopping_ || !told_; });
      if (stopping_) break;
    }
    leave();
  }

  // Whatever the last heartbeat came to: musterd, or a resolver, may know of us.
  void leave() {
    const Reply drained = request("POST", path_ + "/drain", "{\"reason\":\"stopping\"}");
    const auto now = std::chrono::steady_clock::now();
    const auto end =
        now + std::min(options_.longest_drain,
                       drained.ok() ? millis_in(drained.body, "safe_stop_in_ms", std::chrono::milliseconds(0))
                                    : options_.blind_drain);
    // What drains stays registered, so that who balances load goes on with its connections.
    for (auto next = now; drained.ok() && next < end; std::this_thread::sleep_until(std::min(next, end)))
      next = beat_as_told();
    std::this_thread::sleep_until(end);
    const Reply gone = request("DELETE", path_ + "?generation=" + std::to_string(generation_), "");
    if (!gone.ok()) say("could not be deregistered; its lease ends by itself");
    note(false);
  }

  Options options_;
  std::string token_;
  std::string path_;
  const std::uint64_t generation_;  // of this life
  int failures_ = 0;                // the thread's
  std::mutex join_mutex_;           // of those who stop us
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;
  bool registered_ = false;
  bool told_ = false;
  std::string status_;
  std::string reason_;
  std::thread thread_;
};

}  // namespace muster_client
