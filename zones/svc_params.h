// The rules of SVCB and HTTPS parameters (RFC 9460 §2.2, §2.4.2, §8): keys ascend and do not repeat, what
// `mandatory` lists is there, an alias has none.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace muster::zones {

// Text may give keys in any order; the wire may not.
void sort_svc_params(std::string& rdata);
// What is wrong; nullopt: nothing. Precondition: rdata begins with a priority and a name.
std::optional<std::string> svc_params_fault(std::string_view rdata);

}  // namespace muster::zones
