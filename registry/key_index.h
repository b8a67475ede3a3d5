// Objects by (service, name) without a node each: pointers in open addressing, cut into 256 tables so that
// the growth of one costs a change some ten microseconds a million instances, not a pause. The objects own
// the strings.
#pragma once

#include <array>
#include <boost/unordered/unordered_flat_set.hpp>
#include <cstdint>

#include "registry/key.h"

namespace muster::registry {

// KeyOf: a stateless functor from const T& to Key.
template <class T, class KeyOf>
class KeyIndex {
 public:
  T* find(const Key& key) const {
    const Hashed hashed{key, hash_of(key)};
    const Table& table = tables_[table_number(hashed.hash)];
    const auto at = table.find(hashed);
    return at == table.end() ? nullptr : *at;
  }
  void insert(T& object) { size_ += table_of(object).insert(&object).second ? 1 : 0; }
  void erase(T& object) { size_ -= table_of(object).erase(&object); }
  std::size_t size() const { return size_; }
  // Room for so many in all; growing step by step reads every object again.
  void reserve(std::size_t objects) {
    for (Table& table : tables_) table.reserve(objects / tables_.size() + objects / tables_.size() / 8);
  }
  template <class Visit>
  void for_each(const Visit& visit) const {
    for (const Table& table : tables_)
      for (T* object : table) visit(*object);
  }

 private:
  struct Hashed {
    Key key;
    std::uint64_t hash;
  };
  struct Hash {
    using is_transparent = void;
    using is_avalanching = void;
    std::size_t operator()(const T* object) const { return hash_of(KeyOf{}(*object)); }
    std::size_t operator()(const Hashed& hashed) const { return hashed.hash; }
  };
  struct Equal {
    using is_transparent = void;
    bool operator()(const T* a, const T* b) const { return a == b; }
    bool operator()(const T* a, const Hashed& b) const { return KeyOf{}(*a) == b.key; }
    bool operator()(const Hashed& a, const T* b) const { return (*this)(b, a); }
  };
  using Table = boost::unordered_flat_set<T*, Hash, Equal>;
  // Bits from the middle: the table itself places by the highest and tags by the lowest ones, which must
  // still differ.
  static std::size_t table_number(std::uint64_t hash) { return hash >> 24 & 255; }
  Table& table_of(const T& object) { return tables_[table_number(hash_of(KeyOf{}(object)))]; }

  std::array<Table, 256> tables_;
  std::size_t size_ = 0;
};

}  // namespace muster::registry
