// The embedded store: one SQLite file in WAL mode with synchronous=FULL, so that a commit that returned is on
// the disk. Used by one thread at a time; checkpoints run on another one (Checkpointer).
//
// Invariants:
//  1. A file of a newer schema, or one that another process holds, is refused before anything is written.
//  2. A damaged file is never written: it is renamed, and what can be read of it is copied to a new one,
//     under a new epoch, because the revisions of the old one can no longer be trusted.
//  3. A disk that is full or read-only makes commits fail and nothing else, even if the file is not there yet; each
//     commit tries to open anew. A life that begins on such a disk has an epoch of its own: it cannot reserve revisions.
#pragma once

#include <memory>
#include <string>

#include "registry/store/checkpointer.h"
#include "registry/store/sqlite.h"
#include "registry/store/store.h"
#include "registry/store/store_lock.h"

namespace muster::registry {

class SqliteStore final : public Store {
 public:
  explicit SqliteStore(std::string path, CheckpointConfig checkpoints = {});
  ~SqliteStore() override;  // not a clean stop
  LoadReport load(const std::function<void(Row)>& visit) override;
  CommitResult commit(const Rows& rows) override;
  CommitResult check() override;
  void close() override;
  Checkpoints checkpoints() const override;

 private:
  struct Writer;
  enum class Condition : std::uint8_t { closed, writable, read_only, damaged };

  void refuse_foreign_file() const;
  void end_checkpointer();
  void connect();
  void open_writable();
  void open_read_only();
  void find_damage();
  void repair(LoadReport& report);
  void set_aside(LoadReport& report);
  std::string begin_life();
  void read_all(const std::function<void(Row)>& visit, LoadReport& report);
  void write(const Rows& rows);
  CommitResult failed(const SqliteError& error);
  CommitResult commit_repaired(const SqliteError& damage, const Rows& rows);
  bool is_still_there() const;

  const std::string path_;
  const CheckpointConfig checkpoints_;
  StoreLock lock_;
  Condition condition_ = Condition::closed;
  std::string trouble_;  // why the condition is not `writable`
  Connection connection_;
  std::unique_ptr<Writer> writer_;
  std::unique_ptr<Checkpointer> checkpointer_;
  Checkpoints earlier_;  // of the checkpointers before this one
  std::uint64_t log_bytes_ = 0;
  std::string unwritten_epoch_;  // this life's own epoch, while the disk does not know it
};

}  // namespace muster::registry
