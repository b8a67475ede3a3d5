// resolv.conf(5), as the C library reads it: the keyword in the first column, a blank behind it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace muster::resolver {

struct ResolvConf {
  std::vector<std::string> nameservers;
  std::vector<std::string> search;   // of the last `search` or `domain`
  std::vector<std::string> options;  // of all lines
  std::string first_comment;  // what programs say who made the file; all comments before the first keyword
};
ResolvConf parse_resolv_conf(std::string_view text);

// The text with `address` for its name servers, who are named in a comment; every other line as it is.
std::string with_nameserver(std::string_view text, const std::string& address);

}  // namespace muster::resolver
