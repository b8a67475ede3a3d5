#include "registry/http/output.h"

namespace muster::registry::http {

std::string& Output::text() {
  if (parts_.empty() || parts_.back().shared || parts_.back().text.size() > kGather) parts_.emplace_back();
  return parts_.back().text;
}

void Output::own(std::string&& large) {
  if (large.size() < kGather / 4) {
    text() += large;
  } else {
    parts_.push_back({std::move(large), nullptr, nullptr});
  }
}

void Output::share(const Exchange::Piece& piece, std::shared_ptr<Exchange> owner) {
  parts_.push_back({{}, piece, std::move(owner)});
}

std::size_t Output::size() const {
  std::size_t octets = 0;
  for (const Part& part : parts_) octets += part.shared ? part.shared->size() : part.text.size();
  return octets;
}

std::vector<std::string_view> Output::views() const {
  std::vector<std::string_view> views;
  views.reserve(parts_.size());
  for (const Part& part : parts_) views.emplace_back(part.shared ? *part.shared : part.text);
  return views;
}

void Output::settle() {
  for (const Part& part : parts_) {
    if (part.owner) part.owner->sent(part.shared->size());
  }
  parts_.clear();
}

}  // namespace muster::registry::http
