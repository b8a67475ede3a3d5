#include "tools/musterd/source_login.h"

#include <sys/stat.h>

#include <memory>
#include <utility>

#include "registry/net/base64.h"
#include "tools/config/secret.h"
#include "tools/musterd/changed_file.h"

namespace muster::tools {

namespace {

using Warn = std::function<void(const std::string& warning)>;

net::HttpHeaders basic(const std::string& credentials) {
  return {{"Authorization", "Basic " + net::base64_encode(credentials)}};
}

net::HttpHeaders with_token(const config::SourceLogin& login, const std::string& token) {
  return {{"Authorization", (login.bearer ? "Bearer " : "token=") + token}};
}

bool may_everybody_read(const std::filesystem::path& path) {
  struct stat found {};
  return ::stat(path.c_str(), &found) == 0 && (found.st_mode & S_IROTH) != 0;
}

class FileLogin {
 public:
  FileLogin(config::SourceLogin login, Warn warn)
      : login_(std::move(login)), warn_(std::move(warn)), text_(changed_file(login_.file, warn_)) {}

  const net::HttpHeaders& headers() {
    if (auto text = text_()) take(*text);
    return headers_;
  }

 private:
  void take(std::string_view text) {
    const std::string secret = config::secret_of(text);
    if (!config::is_secret(login_.held, secret))
      return warn_(login_.file.string() + ": " + std::string(config::wanted_of(login_.held)) +
                   " is wanted in its first line; what it held before goes on");
    warn_of_open_file(login_.file, warn_);
    switch (login_.held) {
      case config::HeldSecret::password: headers_ = basic(login_.username + ":" + secret); break;
      case config::HeldSecret::credentials: headers_ = basic(secret); break;
      case config::HeldSecret::token: headers_ = with_token(login_, secret); break;
    }
  }

  const config::SourceLogin login_;
  const Warn warn_;
  const std::function<std::optional<std::string>()> text_;
  net::HttpHeaders headers_;
};

}  // namespace

void warn_of_open_file(const std::filesystem::path& path, const Warn& warn) {
  if (!path.empty() && may_everybody_read(path))
    warn(path.string() + ": everybody may read this secret: chmod 600, and give it to musterd's user");
}

registry::sources::Login source_login(const config::SourceLogin& login, Warn warn) {
  if (!login.file.empty()) {
    auto file = std::make_shared<FileLogin>(login, std::move(warn));
    file->headers();
    return [file] { return file->headers(); };
  }
  if (!login.username.empty())
    return [headers = basic(login.username + ":" + login.password)] { return headers; };
  if (!login.token.empty()) return [headers = with_token(login, login.token)] { return headers; };
  return {};
}

}  // namespace muster::tools
