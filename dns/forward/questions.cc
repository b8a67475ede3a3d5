#include "dns/forward/questions.h"

namespace muster::dns {

namespace {

std::string text_of(const CacheKey& key) {
  std::string text;
  text.reserve(key.name.size() + 3);
  text.append(key.name);
  text.push_back(static_cast<char>(static_cast<unsigned>(key.type) >> 8));
  text.push_back(static_cast<char>(static_cast<unsigned>(key.type) & 0xff));
  text.push_back(static_cast<char>((key.dnssec_ok ? 2 : 0) | (key.checking_disabled ? 1 : 0)));
  return text;
}

}  // namespace

QuestionAtWork* Questions::find(const CacheKey& key) const {
  const auto found = by_key_.find(text_of(key));
  return found == by_key_.end() ? nullptr : find(found->second);
}

QuestionAtWork* Questions::find(Id id) const {
  const auto found = by_id_.find(id);
  return found == by_id_.end() ? nullptr : found->second.get();
}

QuestionAtWork& Questions::add(const CacheKey& key) {
  auto question = std::make_unique<QuestionAtWork>();
  question->id = ++last_id_;
  question->name = key.name;
  question->type = key.type;
  question->dnssec_ok = key.dnssec_ok;
  question->checking_disabled = key.checking_disabled;
  by_key_.emplace(text_of(key), last_id_);
  return *by_id_.emplace(last_id_, std::move(question)).first->second;
}

void Questions::remove(QuestionAtWork& question) {
  const Id id = question.id;
  wakes_.erase({question.wakes, id});
  by_key_.erase(text_of(question.key()));
  by_id_.erase(id);
}

void Questions::wake_at(QuestionAtWork& question, net::SteadyTime at) {
  wakes_.erase({question.wakes, question.id});
  question.wakes = at;
  wakes_.insert({at, question.id});
}

std::optional<net::SteadyTime> Questions::first_wake() const {
  if (wakes_.empty()) return {};
  return wakes_.begin()->first;
}

QuestionAtWork* Questions::due(net::SteadyTime now) const {
  if (wakes_.empty() || wakes_.begin()->first > now) return nullptr;
  return find(wakes_.begin()->second);
}

std::vector<Waiter> Questions::clear() {
  std::vector<Waiter> all;
  for (auto& [id, question] : by_id_) {
    for (Waiter& waiter : question->waiters) all.push_back(std::move(waiter));
  }
  wakes_.clear();
  by_key_.clear();
  by_id_.clear();
  return all;
}

}  // namespace muster::dns
