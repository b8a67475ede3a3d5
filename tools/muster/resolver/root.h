// A node's files, seen from its root folder, which may be that of an image: links in it, absolute ones too,
// lead to places below it and never out.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace muster::resolver {

class Root {
 public:
  explicit Root(std::filesystem::path folder) : folder_(std::move(folder)) {}

  // Of this machine, not of an image.
  bool is_machine() const { return folder_ == "/"; }
  // The absolute path `file` of the node, all links followed, as one of this machine. What is not there has
  // no links. nullopt: links go round.
  std::optional<std::filesystem::path> place(const std::string& file) const;
  // The same as the node names it.
  std::string name(const std::filesystem::path& place) const;

  bool exists(const std::string& file) const;
  // nullopt: not there, or not to be read.
  std::optional<std::string> text(const std::string& file) const;
  // As the node names it, all links followed; "": it is no link.
  std::string link_target(const std::string& file) const;
  // The *.conf of a folder in the order of their names.
  std::vector<std::string> drop_ins(const std::string& folder) const;

 private:
  std::filesystem::path folder_;
};

}  // namespace muster::resolver
