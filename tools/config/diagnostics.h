// What is wrong with a configuration file, all of it in one run: FILE:LINE:COLUMN: what is wrong (what was
// meant?).
#pragma once

#include <filesystem>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace muster::config {

struct Position {
  unsigned line = 0;  // 0: not from the file (--set, or a missing key)
  unsigned column = 0;
};

class Diagnostics {
 public:
  explicit Diagnostics(std::string file) : file_(std::move(file)) {}
  // Said behind its place.
  void error(Position at, std::string_view key, std::string_view message);
  // "FILE:LINE:COLUMN"; `key` is named when the position is not in the file.
  std::string place(Position at, std::string_view key) const;
  // Relative paths in the file start here.
  std::filesystem::path folder() const { return std::filesystem::path(file_).parent_path(); }
  bool ok() const { return errors_.empty(); }
  // Every key that a reader asked for, as "dns.listen": what the documentation must name.
  void know(std::string path) { known_.insert(std::move(path)); }
  const std::set<std::string>& known() const { return known_; }
  // In file order.
  std::vector<std::string> lines() const;

 private:
  struct Error {
    Position at;
    std::string text;
  };
  std::string file_;
  std::vector<Error> errors_;
  std::set<std::string> known_;
};

// The known word nearest to a misspelt one; "" when none is near.
std::string nearest(std::string_view word, const std::vector<std::string>& known);
// As a key of several words may be meant: "thredas" is near the end of "udp_threads".
std::string nearest_in_part(std::string_view word, const std::vector<std::string>& known);

}  // namespace muster::config
