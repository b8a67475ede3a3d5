#include "tools/config/secret.h"

#include <algorithm>

#include "registry/net/file_text.h"

namespace muster::config {

namespace {

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

std::string unreadable(const std::string& file, std::error_code error) {
  return "cannot be read: " + file + " (" + error.message() + ")";
}

}  // namespace

std::optional<std::string> read_secret(Section& section, std::string_view key) {
  const std::string file_key = std::string(key) + "_file";
  const std::string file = section.text(file_key, "");
  std::string secret = section.text(key, "");
  if (!file.empty() && !secret.empty()) {
    section.error(key, "and " + file_key + ": give one of the two");
    return std::nullopt;
  }
  if (file.empty()) return secret;
  const auto text = net::file_text(section.diagnostics().folder() / file, net::kSmallFile);
  if (!text) {
    section.error(file_key, unreadable(file, text.error()));
    return std::nullopt;
  }
  return secret_of(*text);
}

std::string secret_of(std::string_view text) {
  std::string secret(text.substr(0, text.find('\n')));
  while (!secret.empty() && (secret.back() == '\r' || secret.back() == ' ')) secret.pop_back();
  return secret;
}

// It stands in one line of a header.
bool is_secret(HeldSecret held, std::string_view secret) {
  const auto is_control = [](unsigned char c) { return c < 0x20 || c == 0x7f; };
  if (secret.empty() || std::any_of(secret.begin(), secret.end(), is_control)) return false;
  const auto colon = secret.find(':');
  return held != HeldSecret::credentials || (colon != secret.npos && colon != 0);
}

std::string_view wanted_of(HeldSecret held) {
  switch (held) {
    case HeldSecret::password: return "a password";
    case HeldSecret::token: return "a token";
    case HeldSecret::credentials: return "user:password";
  }
  return "";
}

std::filesystem::path read_secret_file(Section& section, std::string_view file_key, HeldSecret held) {
  const std::string file = section.text(file_key, "");
  if (file.empty()) return {};
  std::filesystem::path path = section.diagnostics().folder() / file;
  if (const auto text = net::file_text(path, net::kSmallFile); !text) {
    section.error(file_key, unreadable(file, text.error()));
  } else if (!is_secret(held, secret_of(*text))) {
    section.error(file_key, "needs " + std::string(wanted_of(held)) + " in the first line of " + file);
  }
  return path;
}

std::optional<std::array<std::uint8_t, 16>> read_hex_secret(Section& section, std::string_view key) {
  const std::string text = read_secret(section, key).value_or("");
  if (text.empty()) return std::nullopt;
  std::array<std::uint8_t, 16> secret{};
  bool good = text.size() == 2 * secret.size();
  for (std::size_t i = 0; good && i < secret.size(); ++i) {
    const int high = hex_digit(text[2 * i]);
    const int low = hex_digit(text[2 * i + 1]);
    good = high >= 0 && low >= 0;
    secret[i] = static_cast<std::uint8_t>(high << 4 | low);
  }
  if (good) return secret;
  const std::string file_key = std::string(key) + "_file";
  section.error(section.has(key) ? std::string(key) : file_key,
                "must be 32 hex digits (openssl rand -hex 16)");
  return std::nullopt;
}

}  // namespace muster::config
