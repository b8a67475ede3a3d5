// The lock that keeps a second process away from a store: a file beside it, held with flock(2) for as long as
// this object lives, with the holder's name inside. The file stays when the lock is given up: removing it
// would let two processes lock two different files of one name.
#pragma once

#include <string>

namespace muster::registry {

class StoreLock {
 public:
  // Takes it at once.
  explicit StoreLock(std::string store_path);
  ~StoreLock();
  StoreLock(const StoreLock&) = delete;
  StoreLock& operator=(const StoreLock&) = delete;
  // Throws StoreRefused naming the holder when another process has it, and when its folder is not there. Where nothing
  // can be written (a read-only file system, a full disk) there is nothing to guard yet, and held() stays false: it is
  // to be taken before the first write.
  void take();
  bool held() const { return descriptor_ >= 0; }

 private:
  const std::string store_path_;
  int descriptor_ = -1;
};

}  // namespace muster::registry
