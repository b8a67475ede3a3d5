// Tables for people: columns as wide as their widest cell, two blanks between them.
#pragma once

#include <string>
#include <vector>

namespace muster::cli {

class Table {
 public:
  explicit Table(std::vector<std::string> head) { rows_.push_back(std::move(head)); }
  void add(std::vector<std::string> row) { rows_.push_back(std::move(row)); }
  std::string text() const;

 private:
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace muster::cli
