#include "tools/load/api_request.h"

#include <algorithm>
#include <array>
#include <cstdio>

namespace muster::load {

namespace {

constexpr const char* kGeneration = "\"generation\":1000";

std::string request_of(const char* method, const std::string& path, const std::string& body) {
  return std::string(method) + " " + path +
         " HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: " +
         std::to_string(body.size()) + "\r\n\r\n" + body;
}

std::size_t number_of(const Fleet& fleet, Member member) {
  return member.service * std::max<std::size_t>(4, fleet.instances) + member.instance;
}

std::string path_of(const Fleet& fleet, Member member) {
  return "/api/v1/services/" + fleet.prefix + std::to_string(member.service) + "/instances/i" +
         std::to_string(member.instance);
}

std::string tags_of(const Fleet& fleet, Member member) {
  if (fleet.tags == 0) return "";
  std::string text = ",\"tags\":{";
  for (std::size_t i = 0; i < fleet.tags; ++i) {
    if (i > 0) text += ",";
    text += "\"tag" + std::to_string(i) + "\":\"value-" + std::to_string((member.instance + i) % 7) + "\"";
  }
  return text + "}";
}

std::string fields_of(const Fleet& fleet, Member member, const std::string& address, unsigned weight) {
  return std::string(kGeneration) + ",\"addresses\":[\"" + address +
         (fleet.dual_stack ? "\",\"" + usual_address6(fleet, member) : "") +
         "\"],\"ports\":[{\"name\":\"http\",\"port\":8080}],\"weight\":" + std::to_string(weight) +
         ",\"lease\":\"" + fleet.lease + "\"" + tags_of(fleet, member);
}

}  // namespace

std::string usual_address(const Fleet& fleet, Member member) {
  const std::size_t n = number_of(fleet, member);
  return "10." + std::to_string(n >> 16 & 255) + "." + std::to_string(n >> 8 & 255) + "." +
         std::to_string(n & 255);
}

std::string usual_address6(const Fleet& fleet, Member member) {
  const std::size_t n = number_of(fleet, member);
  std::array<char, 32> text;
  std::snprintf(text.data(), text.size(), "2001:db8::%zx:%zx", n >> 16 & 0xffff, n & 0xffff);
  return text.data();
}

std::string put(const Fleet& fleet, Member member, const std::string& address, unsigned weight) {
  return request_of("PUT", path_of(fleet, member), "{" + fields_of(fleet, member, address, weight) + "}");
}

std::string heartbeat(const Fleet& fleet, Member member) {
  return request_of("POST", path_of(fleet, member) + "/heartbeat", "{" + std::string(kGeneration) + "}");
}

void BatchRequest::begin_element(const Fleet& fleet, Member member) {
  elements_ += size_++ > 0 ? ",{\"service\":\"" : "{\"service\":\"";
  elements_ += fleet.prefix;
  elements_ += std::to_string(member.service);
  elements_ += "\",\"id\":\"i";
  elements_ += std::to_string(member.instance);
  elements_ += "\",";
}

void BatchRequest::add_registration(const Fleet& fleet, Member member, const std::string& address) {
  begin_element(fleet, member);
  elements_ += fields_of(fleet, member, address, usual_weight(member)) + "}";
}

void BatchRequest::add_heartbeat(const Fleet& fleet, Member member) {
  begin_element(fleet, member);
  elements_ += kGeneration;
  elements_ += "}";
}

std::string BatchRequest::request(const std::string& path) const {
  return request_of("POST", path, "{\"instances\":[" + elements_ + "]}");
}

}  // namespace muster::load
