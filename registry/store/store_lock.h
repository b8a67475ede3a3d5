// The lock that keeps a second process away from a store: a file beside it, held with flock(2) for as long as
// this object lives, with the holder's name inside. The file stays when the lock is given up: removing it
// would let two processes lock two different files of one name.
#pragma once

#include <string>

namespace muster::registry {

class StoreLock {
 public:
  // Throws StoreRefused naming the holder when another process has it. Where nothing can be written (a
  // read-only file system) there is nothing to guard, and held() is false.
  explicit StoreLock(const std::string& store_path);
  ~StoreLock();
  StoreLock(const StoreLock&) = delete;
  StoreLock& operator=(const StoreLock&) = delete;
  bool held() const { return descriptor_ >= 0; }

 private:
  int descriptor_ = -1;
};

}  // namespace muster::registry
