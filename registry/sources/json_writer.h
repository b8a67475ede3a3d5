// JSON as it is written, in pieces; nothing of it is held as a tree.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "registry/json_text.h"
#include "registry/sources/source_picture.h"

namespace muster::registry::sources {

// A JSON text as it grows; commas come by themselves.
class JsonWriter {
 public:
  explicit JsonWriter(const TextSink& sink) : sink_(sink) {}

  void begin_object() { open('{'); }
  void begin_object(std::string_view key) { open(key, '{'); }
  void begin_list() { open('['); }
  void begin_list(std::string_view key) { open(key, '['); }
  void end_object() { out_ += '}'; }
  void end_list() { out_ += ']'; }

  // Not when it is "".
  void text(std::string_view key, std::string_view value) {
    if (!value.empty()) full_text(key, value);
  }
  void full_text(std::string_view key, std::string_view value) {
    name(key);
    append_json_string(out_, value);
  }
  void text(std::string_view value) {  // an element of a list
    separate();
    append_json_string(out_, value);
  }
  void number(std::string_view key, double value) {
    name(key);
    append_json_number(out_, value);
  }
  void integer(std::string_view key, std::int64_t value) {
    name(key);
    out_ += std::to_string(value);
  }
  void whole(std::string_view key, std::uint64_t value) {
    name(key);
    out_ += std::to_string(value);
  }
  void whole(std::uint64_t value) {  // an element of a list
    separate();
    out_ += std::to_string(value);
  }
  void null() {  // an element of a list
    separate();
    out_ += "null";
  }
  void flag(std::string_view key, bool value) {
    name(key);
    out_ += value ? "true" : "false";
  }
  // Between two elements: what has grown is handed on. All but the last octet, which tells whether a comma is
  // due.
  void hand_on() {
    if (out_.size() < kPiece) return;
    sink_(std::string_view(out_).substr(0, out_.size() - 1));
    out_.erase(0, out_.size() - 1);
  }
  // Before another text.
  void end_line() { out_ += '\n'; }
  void finish() { sink_(out_); }

 private:
  static constexpr std::size_t kPiece = 65'536;

  void separate() {
    if (!out_.empty() && out_.back() != '{' && out_.back() != '[' && out_.back() != '\n') out_ += ',';
  }
  void name(std::string_view key) {
    separate();
    append_json_string(out_, key);
    out_ += ':';
  }
  void open(char bracket) {
    separate();
    out_ += bracket;
  }
  void open(std::string_view key, char bracket) {
    name(key);
    out_ += bracket;
  }

  const TextSink& sink_;
  std::string out_;
};

}  // namespace muster::registry::sources
