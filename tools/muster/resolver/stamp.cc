#include "tools/muster/resolver/stamp.h"

#include "registry/label.h"

namespace muster::resolver {

namespace {

constexpr std::string_view kMark = "# muster install-resolver: before this, ";
constexpr std::string_view kNothing = "there was no such file";
constexpr std::string_view kFile = "see the .muster-backup";
constexpr std::string_view kSum = "; sum of the above ";
constexpr std::size_t kSumSymbols = 16;

}  // namespace

std::string stamped(const std::string& body, Before before) {
  const std::string_view what = before == Before::nothing ? kNothing : kFile;
  return std::string(body).append(kMark).append(what).append(kSum) +
         registry::hash_label(std::string(body).append(what), kSumSymbols) + "\n";
}

Stamp read_stamp(std::string_view text) {
  const auto mark = text.rfind(kMark);
  if (mark == text.npos) return {};
  const std::string_view behind = text.substr(mark + kMark.size());
  const Before before = behind.starts_with(kFile) ? Before::file : Before::nothing;
  const bool is_whole = stamped(std::string(text.substr(0, mark)), before) == text;
  return {is_whole ? Origin::ours : Origin::ours_and_changed, before};
}

}  // namespace muster::resolver
