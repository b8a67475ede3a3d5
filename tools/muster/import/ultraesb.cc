#include "tools/muster/import/ultraesb.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <optional>
#include <pugixml.hpp>
#include <set>
#include <vector>

#include "registry/duration.h"
#include "registry/label.h"
#include "registry/model.h"
#include "registry/net/blanks.h"
#include "registry/url_address.h"

namespace muster::cli {

namespace {

using pugi::xml_node;

constexpr std::size_t kServiceMost = 62;  // octets of a service's name
constexpr net::Millis kRetryLeast{50};
constexpr net::Millis kSuspensionLeast{100};

// "u:address" → "address": prefixes are the document's own choice.
std::string_view local_name(const xml_node& node) {
  const std::string_view name = node.name();
  const auto colon = name.find(':');
  return colon == name.npos ? name : name.substr(colon + 1);
}

bool is_endpoint(const xml_node& node) {
  const std::string_view name = local_name(node);
  return name == "endpoint" || name == "inDestination" || name == "outDestination";
}

std::string trimmed(std::string_view text) { return std::string(net::trimmed(text, " \t\r\n")); }

// Its words are "round-robin-with-fail-over" in one version and "roundRobinFailover" in another.
std::string squeezed(std::string_view type) {
  std::string word;
  for (const char c : registry::ascii_lower(type)) {
    if (c >= 'a' && c <= 'z') word += c;
  }
  for (const std::string_view filler : {"only", "with", "group"}) {
    for (auto at = word.find(filler); at != word.npos; at = word.find(filler)) word.erase(at, filler.size());
  }
  return word;
}

struct GroupType {
  std::string_view squeezed;
  std::string_view policy;
};
constexpr std::array kGroupTypes = {
    GroupType{"", "single"},
    GroupType{"single", "single"},
    GroupType{"roundrobin", "round-robin"},
    GroupType{"roundrobinfailover", "round-robin-failover"},
    GroupType{"failover", "failover"},
    GroupType{"weighted", "weighted"},
    GroupType{"weightedfailover", "weighted-failover"},
    GroupType{"random", "random"},
    GroupType{"randomfailover", "random-failover"},
};

// Numbers as Synapse and its kin publish them; none: it is nothing that a probe or a report can find.
std::vector<std::string> classes_of(int code) {
  switch (code) {
    case 101500:
    case 101509: return {"reset"};
    case 101501: return {"close", "reset"};
    case 101505:
    case 101507: return {"close"};
    case 101503: return {"refused", "unreachable", "tls"};
    case 101504:
    case 101508: return {"timeout"};
    case 101506: return {"garbage"};
    case 101510: return {"garbage", "body"};
    default: return {};
  }
}

template <class Number>
std::optional<Number> number(std::string_view text) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

class Import {
 public:
  Import(std::string_view xml, const std::string& file) : xml_(xml), file_(file) {}

  config::ImportedConfig run() {
    pugi::xml_document document;
    const pugi::xml_parse_result read = document.load_buffer(xml_.data(), xml_.size());
    if (!read) {
      result_.errors.push_back(place(read.offset) + ": not XML: " + read.description());
      return std::move(result_);
    }
    result_.toml =
        "# From " + file_ +
        " by `muster import ultraesb`. Every key: docs/reference/configuration.md\n"
        "# Clients report what fails (PUT …/report); with a check, musterd finds it out by itself.\n";
    walk(document, "");
    if (services_.empty() && result_.errors.empty())
      result_.errors.push_back(file_ +
                               ": no endpoint, inDestination or outDestination with an address in it");
    return std::move(result_);
  }

 private:
  // "FILE:LINE:COLUMN" of an octet.
  std::string place(std::ptrdiff_t offset) const {
    const std::string_view before =
        xml_.substr(0, static_cast<std::size_t>(std::max<std::ptrdiff_t>(0, offset)));
    const auto line = 1 + std::count(before.begin(), before.end(), '\n');
    const auto last = before.rfind('\n');
    const auto column = before.size() - (last == before.npos ? 0 : last + 1) + 1;
    return file_ + ":" + std::to_string(line) + ":" + std::to_string(column);
  }
  void warn(const xml_node& node, const std::string& what) {
    result_.warnings.push_back(place(node.offset_debug()) + ": " + std::string(local_name(node)) + ": " +
                               what);
  }
  void fail(const xml_node& node, const std::string& what) {
    result_.errors.push_back(place(node.offset_debug()) + ": " + std::string(local_name(node)) + ": " + what);
  }

  // Not recursive: how deep a document is, is not ours to say.
  void walk(const xml_node& root, std::string proxy) {
    std::vector<std::pair<xml_node, std::string>> open = {{root, std::move(proxy)}};
    while (!open.empty()) {
      const auto [node, within] = open.back();
      open.pop_back();
      const std::string name = local_name(node) == "proxy" ? node.attribute("id").value() : within;
      if (is_endpoint(node)) {
        add_endpoint(node, name);
        continue;
      }
      for (xml_node child = node.last_child(); child; child = child.previous_sibling())
        open.emplace_back(child, name);
    }
  }

  // Its own id; in-line in a proxy that one's, "-out" behind it for the way back.
  std::string service_name(const xml_node& node, const std::string& proxy) {
    std::string said = node.attribute("id").value();
    if (said.empty()) said = node.attribute("name").value();
    if (said.empty() && !proxy.empty()) said = proxy + (local_name(node) == "outDestination" ? "-out" : "");
    std::string name = registry::ascii_lower(said);
    for (char& c : name) {
      if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))) c = '-';
    }
    name = name.substr(0, kServiceMost);
    while (name.starts_with('-')) name.erase(0, 1);
    while (name.ends_with('-')) name.pop_back();
    if (name.empty()) {
      fail(node,
           "has no id, and stands in no proxy that has one: give it an id, which becomes the service's name");
    } else if (name != said) {
      warn(node, said + " is no service's name; it is called " + name);
    }
    return name;
  }

  void add_endpoint(const xml_node& node, const std::string& proxy) {
    std::vector<xml_node> addresses;
    for (const xml_node& child : node.children()) {
      if (local_name(child) == "address" && is_published(child)) addresses.push_back(child);
    }
    if (addresses.empty()) return;
    const std::string name = service_name(node, proxy);
    if (name.empty()) return;
    if (!services_.insert(name).second) return fail(node, "there are two of the name " + name);
    const std::string policy = policy_of(node);
    if (policy.empty()) return;
    std::string& out = result_.toml;
    out += "\n[service." + name + "]\npolicy = " + config::toml_string(policy) + "\n";
    add_timeout(node);
    add_properties(node);
    add_tolerance(node);
    add_suspension(node);
    add_addresses(name, addresses);
  }

  // The other two types name no address (the sentences are the registry's).
  bool is_published(const xml_node& address) {
    const std::string type = address.attribute("type").value();
    if (type.empty() || type == "url" || type == "prefix") return true;
    const auto why = registry::why_not_publishable(type);
    if (!why) {
      fail(address, "type \"" + type + "\" is none of url, prefix, default and response");
    } else {
      warn(address, *why + "; it is left out");
    }
    return false;
  }

  std::string policy_of(const xml_node& node) {
    const std::string type = node.attribute("type").value();
    const auto found = std::find_if(kGroupTypes.begin(), kGroupTypes.end(),
                                    [&](const GroupType& one) { return one.squeezed == squeezed(type); });
    if (found != kGroupTypes.end() && (type.empty() || !found->squeezed.empty()))
      return std::string(found->policy);
    fail(node,
         "type \"" + type +
             "\" is none of single, round-robin, fail-over, weighted and random, with fail over or without");
    return "";
  }

  // In milliseconds there. Below `least`, that.
  std::optional<net::Millis> millis(const xml_node& at, std::string_view name, std::string_view text,
                                    net::Millis least) {
    const std::string word = trimmed(text);
    if (word.empty()) return std::nullopt;
    const auto value = number<std::int64_t>(word);
    if (!value || *value < 0) {
      fail(at, std::string(name) + " \"" + word + "\" is not a number of milliseconds");
      return std::nullopt;
    }
    if (net::Millis(*value) >= least) return net::Millis(*value);
    warn(at, std::string(name) + " of " + word + " ms is less than there can be here; it is " +
                 registry::format_duration(least));
    return least;
  }

  std::string member(const xml_node& node, const char* name) {
    for (const xml_node& child : node.children()) {
      if (local_name(child) == name) return child.text().get();
    }
    return "";
  }

  void add_timeout(const xml_node& node) {
    if (const auto timeout = millis(node, "timeout", node.attribute("timeout").value(), net::Millis(1)))
      result_.toml += "timeout = " + config::toml_string(registry::format_duration(*timeout)) + "\n";
    const std::string action = node.attribute("action").value();
    if (action.empty()) return;
    if (action != "discard") {
      if (action != "report") warn(node, "action \"" + action + "\" is taken for report");
      result_.toml += "action = \"report\"\n";
    } else {
      result_.toml += "action = \"discard\"\n";
    }
  }

  void add_properties(const xml_node& node) {
    std::map<std::string, std::string> properties;
    for (const xml_node& child : node.children()) {
      if (local_name(child) == "property")
        properties[child.attribute("name").value()] = child.attribute("value").value();
    }
    if (properties.empty()) return;
    std::string list;
    for (const auto& [key, value] : properties)
      list += (list.empty() ? "" : ", ") + config::toml_string(key) + " = " + config::toml_string(value);
    result_.toml += "properties = { " + list + " }\n";
  }

  std::vector<std::string> error_classes(const xml_node& node) {
    std::vector<std::string> classes;
    std::string list = member(node, "errorCodes");
    std::replace_if(
        list.begin(), list.end(), [](char c) { return c == ',' || c == '\n' || c == '\t' || c == '\r'; },
        ' ');
    for (std::size_t begin = 0; begin < list.size();) {
      const auto end = std::min(list.find(' ', begin), list.size());
      const std::string word = list.substr(begin, end - begin);
      begin = end + 1;
      if (word.empty()) continue;
      const auto code = number<int>(word);
      const auto found = code ? classes_of(*code) : std::vector<std::string>();
      if (found.empty()) warn(node, "error code " + word + " has no counterpart and is dropped");
      for (const std::string& one : found) {
        if (std::find(classes.begin(), classes.end(), one) == classes.end()) classes.push_back(one);
      }
    }
    return classes;
  }

  // A class that stands in both would be refused: what suspends at once is what counts.
  void add_tolerance(const xml_node& endpoint) {
    hard_.clear();
    for (const xml_node& node : endpoint.children()) {
      if (local_name(node) == "suspendOnFailure") hard_ = error_classes(node);
    }
    for (const xml_node& node : endpoint.children()) {
      if (local_name(node) != "markAsTimedout") continue;
      std::string list;
      const std::string retries = trimmed(member(node, "retriesBeforeSuspend"));
      if (const auto count = number<unsigned>(retries)) {
        if (*count > 100)
          warn(node, "retriesBeforeSuspend of " + retries + " is more than there can be here; it is 100");
        list += ", retries_before_suspend = " + std::to_string(std::min(*count, 100U));
      } else if (!retries.empty()) {
        fail(node, "retriesBeforeSuspend \"" + retries + "\" is not a whole number");
      }
      if (const auto delay = millis(node, "retryDelay", member(node, "retryDelay"), kRetryLeast))
        list += ", retry_delay = " + config::toml_string(registry::format_duration(*delay));
      auto classes = error_classes(node);
      std::erase_if(classes, [&](const std::string& one) {
        const bool twice = std::find(hard_.begin(), hard_.end(), one) != hard_.end();
        if (twice) warn(node, one + " suspends at once, too; that is what counts");
        return twice;
      });
      if (!classes.empty()) list += ", error_codes = " + config::toml_list(classes);
      add_table("mark_as_timedout", list);
    }
  }

  void add_suspension(const xml_node& endpoint) {
    for (const xml_node& node : endpoint.children()) {
      if (local_name(node) != "suspendOnFailure") continue;
      std::string list;
      const auto first = millis(node, "initialDuration", member(node, "initialDuration"), kSuspensionLeast);
      if (first) list += ", initial_duration = " + config::toml_string(registry::format_duration(*first));
      list += factor_of(node);
      if (const auto most = millis(node, "maximumDuration", member(node, "maximumDuration"),
                                   first.value_or(kSuspensionLeast)))
        list += ", maximum_duration = " + config::toml_string(registry::format_duration(*most));
      if (!hard_.empty()) list += ", error_codes = " + config::toml_list(hard_);
      add_table("suspend_on_failure", list);
    }
  }

  std::string factor_of(const xml_node& node) {
    const std::string word = trimmed(member(node, "progressionFactor"));
    if (word.empty()) return "";
    const auto factor = number<double>(word);
    if (!factor) {
      fail(node, "progressionFactor \"" + word + "\" is not a number");
      return "";
    }
    if (*factor < 1)
      warn(node, "progressionFactor of " + word + " is less than there can be here; it is 1.0");
    const bool has_point = word.find_first_of(".eE") != word.npos;
    return ", progression_factor = " + (*factor < 1 ? "1.0" : has_point ? word : word + ".0");
  }

  // `list` begins with ", ".
  void add_table(const char* key, const std::string& list) {
    if (!list.empty()) result_.toml += std::string(key) + " = { " + list.substr(2) + " }\n";
  }

  void add_addresses(const std::string& name, const std::vector<xml_node>& addresses) {
    std::string& out = result_.toml;
    out += "\n[[source.static]]\nservice = " + config::toml_string(name) + "\ninstances = [\n";
    std::set<std::string> ids;
    for (std::size_t i = 0; i < addresses.size(); ++i) {
      const xml_node& address = addresses[i];
      std::string id = address.attribute("id").value();
      if (id.empty()) id = "address-" + std::to_string(i + 1);
      if (!ids.insert(id).second) fail(address, "there are two of the id " + id);
      out += "  { id = " + config::toml_string(id);
      const auto type =
          registry::address_type_from(address.attribute("type").value()).value_or(registry::AddressType::url);
      if (type == registry::AddressType::prefix) out += ", address_type = \"prefix\"";
      const std::string url = trimmed(address.text().get());
      registry::InstanceBody body;
      if (const auto fault = registry::take_url(url, type, body))
        fail(address, "URL \"" + url + "\" " + *fault);
      out += ", url = " + config::toml_string(url);
      if (const std::string weight = address.attribute("weight").value(); !weight.empty()) {
        if (!number<std::uint16_t>(weight))
          fail(address, "weight \"" + weight + "\" is not a number from 0 to 65535");
        out += ", weight = " + weight;
      }
      out += ", order = " + std::to_string(i + 1) + " },\n";
    }
    out += "]\n";
  }

  const std::string_view xml_;
  const std::string& file_;
  config::ImportedConfig result_;
  std::set<std::string> services_;
  std::vector<std::string> hard_;  // of the endpoint that is being read
};

}  // namespace

config::ImportedConfig import_ultraesb(std::string_view xml, const std::string& file) {
  return Import(xml, file).run();
}

}  // namespace muster::cli
