// Where registrations survive a restart. An implementation is used by one thread at a time (the store
// thread, or the registry's writer when it is instant); load() is called once, before the first commit.
#pragma once

#include <functional>
#include <memory>
#include <stdexcept>
#include <string>

#include "registry/net/histogram.h"
#include "registry/store/rows.h"

namespace muster::registry {

// The store cannot be opened and musterd must not start: a newer schema, another process holds it, or it belongs to
// another user.
// Exit status 2; the file is untouched.
class StoreRefused : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// What load() found besides the rows.
struct LoadReport {
  bool clean_stop = false;
  bool recovered_from_damage = false;  // the file was renamed and its readable rows copied over
  bool nothing_readable = false;       // started empty: generated zones answer SERVFAIL for one default lease
  std::string message;                 // for the log; empty when all is well
  std::size_t rows = 0;
  std::size_t skipped = 0;  // rows that were no longer readable as what they should be
};

struct CommitResult {
  bool ok = true;
  std::string message;  // the first error: "disk full: …"
};

// How the write-ahead log is moved into the file.
struct Checkpoints {
  std::uint64_t runs = 0;
  std::uint64_t errors = 0;
  std::string last_error;  // of the last run; empty when it went well
};

class Store {
 public:
  virtual ~Store() = default;
  // Visits every stored row once: meta (always an "epoch") first, claims and pictures last, in any order, but
  // each picture's pieces follow it in theirs.
  virtual LoadReport load(const std::function<void(Row)>& visit) = 0;
  // One transaction, durable when it returns ok. On failure nothing of it is stored.
  virtual CommitResult commit(const Rows& rows) = 0;
  // commit() has nothing to wait for, so that it needs no thread of its own.
  virtual bool is_instant() const { return false; }
  // What is committed outlives the process.
  virtual bool is_lasting() const { return true; }
  // Cheap health: can it still be written?
  virtual CommitResult check() = 0;
  // Of a store that keeps a log.
  virtual Checkpoints checkpoints() const { return {}; }
  // A clean stop: everything checkpointed.
  virtual void close() = 0;
};

struct StoreConfig {
  std::string kind = "sqlite";  // "sqlite" | "memory"
  std::string path = "muster.db";
  Millis commit_every{0};
  std::size_t max_pending_rows = 65536;    // waiting for a commit; beyond it new writes are refused
  std::size_t max_unsaved_rows = 1 << 20;  // keys that wait for a failed store to come back; likewise
  Millis retry_every{1'000};               // after a failed commit
  Millis check_every{10'000};              // of a store that nobody writes to
};

// How the store fares, for /health, /status and metrics.
struct StoreState {
  bool healthy = true;
  std::string last_error;
  std::size_t pending_rows = 0;  // not yet committed, those of a failed store too
  std::uint64_t commits = 0;
  std::uint64_t rows = 0;    // committed
  std::uint64_t errors = 0;  // failed commits
  Millis last_commit{0};     // how long it took
  Millis slowest_commit{0};
  Checkpoints checkpoints;  // as of the last commit or check; while they fail, the log only grows
};

inline constexpr std::array<std::uint64_t, 12> kCommitMicros = {
    50, 100, 250, 500, 1'000, 2'500, 5'000, 10'000, 50'000, 250'000, 1'000'000, 10'000'000};
using CommitTimes = net::Histogram<kCommitMicros>;

// Throws StoreRefused for an unknown kind, a newer schema, a file that another process holds, or one that this user
// may not write.
std::unique_ptr<Store> open_store(const StoreConfig& config);

}  // namespace muster::registry
