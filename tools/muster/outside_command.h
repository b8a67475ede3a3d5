// Another program, run without a shell: its words as they are, nothing of ours but its three descriptors, for
// a bounded time.
#pragma once

#include <string>
#include <vector>

namespace muster::cli {

struct CommandResult {
  std::string program;
  std::string trouble;  // why it could not run, or was ended; ""
  int status = 0;
  std::string output;  // what it wrote, the first 16 KiB

  bool ok() const { return trouble.empty() && status == 0; }
  // "haproxy ended with status 1: …"
  std::string what() const;
};

// `words` are not empty. It has 30 s, then it is killed.
CommandResult run_words(const std::vector<std::string>& words);

// A command as words, split at blanks; quotes mean nothing, there is no shell.
std::vector<std::string> words_of(const std::string& command);

}  // namespace muster::cli
