// The HTTP API as the command line uses it: one blocking request, or a stream read line by line. libcurl does
// the work: TLS, proxies and time-outs behave as everywhere else on the machine.
#pragma once

#include <boost/json/value.hpp>
#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "tools/muster/exit_code.h"

namespace muster::cli {

struct Reply {
  long status = 0;  // 0: the server was not reached
  std::string body;
  std::optional<std::chrono::system_clock::time_point> date;  // the server's clock, whole seconds
  std::string trouble;     // why it was not reached
  bool untrusted = false;  // because its certificate is not one we trust
  bool ok() const { return status >= 200 && status < 300; }
};

// Files, PEM; each may be "".
struct TlsOptions {
  std::string ca_file;  // "": the machine's authorities are believed
  std::string cert_file;
  std::string key_file;  // "": it is in cert_file
};

class Client {
 public:
  // `token` may be empty.
  Client(std::string server, std::string token, TlsOptions tls);

  Reply get(const std::string& path) const { return request("GET", path, ""); }
  Reply request(const std::string& method, const std::string& path, const std::string& body) const;
  // Calls `line` for each line of an endless reply until it returns false or the connection ends.
  Reply stream(const std::string& path, const std::function<bool(std::string_view line)>& line) const;
  const std::string& server() const { return server_; }

 private:
  std::string server_;
  std::string token_;
  TlsOptions tls_;
};

// One path segment, percent-encoded.
std::string encoded(std::string_view segment);

// Says on standard error what went wrong and gives the exit code; of a good reply: `done`.
ExitCode report(const Client& client, const Reply& reply);
// The body as JSON; null when it is none.
boost::json::value json_of(const Reply& reply);

}  // namespace muster::cli
