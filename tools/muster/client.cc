#include "tools/muster/client.h"

#include <curl/curl.h>

#include <boost/json/parse.hpp>
#include <cstdio>
#include <memory>

namespace muster::cli {

namespace {

struct Handle {
  CURL* curl = curl_easy_init();
  curl_slist* headers = nullptr;
  Handle() = default;
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;
  ~Handle() {
    curl_slist_free_all(headers);
    curl_easy_cleanup(curl);
  }
};

std::size_t append(char* data, std::size_t, std::size_t size, void* to) {
  static_cast<std::string*>(to)->append(data, size);
  return size;
}

struct LineReader {
  const std::function<bool(std::string_view)>* line;
  std::string rest;
};

// Returning another count than was given ends the transfer.
std::size_t read_lines(char* data, std::size_t, std::size_t size, void* to) {
  auto& reader = *static_cast<LineReader*>(to);
  reader.rest.append(data, size);
  for (auto end = reader.rest.find('\n'); end != std::string::npos; end = reader.rest.find('\n')) {
    const std::string whole = reader.rest.substr(0, end);
    reader.rest.erase(0, end + 1);
    if (!(*reader.line)(whole)) return 0;
  }
  return size;
}

struct Access {
  const std::string& token;
  const TlsOptions& tls;
};

void prepare(Handle& handle, const std::string& url, const std::string& method, const Access& access) {
  curl_easy_setopt(handle.curl, CURLOPT_URL, url.c_str());
  curl_easy_setopt(handle.curl, CURLOPT_CUSTOMREQUEST, method.c_str());
  curl_easy_setopt(handle.curl, CURLOPT_CONNECTTIMEOUT_MS, 5000L);
  curl_easy_setopt(handle.curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(handle.curl, CURLOPT_NOPROXY, "*");
  handle.headers = curl_slist_append(handle.headers, "Content-Type: application/json");
  const TlsOptions& tls = access.tls;
  if (!tls.ca_file.empty()) curl_easy_setopt(handle.curl, CURLOPT_CAINFO, tls.ca_file.c_str());
  if (!tls.cert_file.empty()) curl_easy_setopt(handle.curl, CURLOPT_SSLCERT, tls.cert_file.c_str());
  if (!tls.cert_file.empty())
    curl_easy_setopt(handle.curl, CURLOPT_SSLKEY,
                     (tls.key_file.empty() ? tls.cert_file : tls.key_file).c_str());
  if (!access.token.empty())
    handle.headers = curl_slist_append(handle.headers, ("Authorization: Bearer " + access.token).c_str());
  curl_easy_setopt(handle.curl, CURLOPT_HTTPHEADER, handle.headers);
}

void finish(Handle& handle, CURLcode code, Reply& reply) {
  curl_easy_getinfo(handle.curl, CURLINFO_RESPONSE_CODE, &reply.status);
  curl_header* date = nullptr;
  if (curl_easy_header(handle.curl, "Date", 0, CURLH_HEADER, -1, &date) == CURLHE_OK) {
    if (const std::time_t at = curl_getdate(date->value, nullptr); at >= 0)
      reply.date = std::chrono::system_clock::from_time_t(at);
  }
  if (code == CURLE_OK || reply.status != 0) return;
  reply.trouble = curl_easy_strerror(code);
  reply.untrusted = code == CURLE_PEER_FAILED_VERIFICATION;
}

}  // namespace

Client::Client(std::string server, std::string token, TlsOptions tls)
    : server_(std::move(server)), token_(std::move(token)), tls_(std::move(tls)) {
  while (server_.ends_with('/')) server_.pop_back();
}

Reply Client::request(const std::string& method, const std::string& path, const std::string& body) const {
  Handle handle;
  Reply reply;
  prepare(handle, server_ + path, method, {token_, tls_});
  curl_easy_setopt(handle.curl, CURLOPT_TIMEOUT_MS, 30'000L);
  curl_easy_setopt(handle.curl, CURLOPT_WRITEFUNCTION, append);
  curl_easy_setopt(handle.curl, CURLOPT_WRITEDATA, &reply.body);
  if (!body.empty()) {
    curl_easy_setopt(handle.curl, CURLOPT_POSTFIELDS, body.data());
    curl_easy_setopt(handle.curl, CURLOPT_POSTFIELDSIZE, static_cast<long>(body.size()));
  }
  finish(handle, curl_easy_perform(handle.curl), reply);
  return reply;
}

Reply Client::stream(const std::string& path, const std::function<bool(std::string_view)>& line) const {
  Handle handle;
  Reply reply;
  LineReader reader{&line, ""};
  prepare(handle, server_ + path, "GET", {token_, tls_});
  curl_easy_setopt(handle.curl, CURLOPT_WRITEFUNCTION, read_lines);
  curl_easy_setopt(handle.curl, CURLOPT_WRITEDATA, &reader);
  finish(handle, curl_easy_perform(handle.curl), reply);
  reply.body = reader.rest;
  return reply;
}

std::string encoded(std::string_view segment) {
  static constexpr char kHex[] = "0123456789ABCDEF";
  std::string text;
  for (const char c : segment) {
    const auto octet = static_cast<unsigned char>(c);
    if (std::isalnum(octet) != 0 || c == '-' || c == '.' || c == '_' || c == '~') {
      text += c;
    } else {
      text += '%';
      text += kHex[octet >> 4];
      text += kHex[octet & 15];
    }
  }
  return text;
}

boost::json::value json_of(const Reply& reply) {
  boost::json::error_code error;
  boost::json::value value = boost::json::parse(reply.body, error);
  return error ? boost::json::value() : value;
}

ExitCode report(const Client& client, const Reply& reply) {
  if (reply.ok()) return done;
  if (reply.status == 0) {
    const char* advice =
        reply.untrusted ? "Its certificate is not known here; --ca-file or MUSTER_CA_FILE names one to trust."
                        : "Is musterd running there? --server or MUSTER_SERVER names another.";
    std::fprintf(stderr, "muster: no answer from %s: %s\n  %s\n", client.server().c_str(),
                 reply.trouble.c_str(), advice);
    return unreachable;
  }
  std::string message = "the server answered " + std::to_string(reply.status);
  const boost::json::value value = json_of(reply);
  if (const auto* object = value.if_object()) {
    if (const auto* text = object->if_contains("message"); text != nullptr && text->is_string()) {
      message = std::string(text->get_string());
    }
    if (const auto* field = object->if_contains("field"); field != nullptr && field->is_string()) {
      message += " (" + std::string(field->get_string()) + ")";
    }
  }
  std::fprintf(stderr, "muster: %s\n", message.c_str());
  return reply.status == 404 || reply.status == 410 ? not_found : refused;
}

}  // namespace muster::cli
