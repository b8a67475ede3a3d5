// A file replaced as a whole, or put back: its name always leads to the old text or to the new one, with the
// mode and owner of before.
#pragma once

#include <optional>
#include <string>

namespace muster::resolver {

struct FilePair {
  std::string file;
  std::string backup;
};

// `old`: what the file is believed to hold, nullopt: that it is not there. `makes_backup`: the old file stays
// as the backup, of which there must be none. "" or what failed; then nothing has changed.
std::string replace_file(const FilePair& files, const std::optional<std::string>& old,
                         const std::string& text, bool makes_backup);
// "" or what failed.
std::string put_back(const FilePair& files);
std::string remove_file(const FilePair& files);

}  // namespace muster::resolver
