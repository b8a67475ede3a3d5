// Checks of instances in JSON: as registrations bring them, the API shows them and the store keeps them. The
// keys are those of the configuration. Strict: what is not known or does not fit is refused.
#pragma once

#include <boost/json/fwd.hpp>
#include <string>

#include "registry/health/own_check.h"
#include "registry/net/result.h"

namespace muster::registry::health {

struct CheckFault {
  std::string pointer;  // JSON pointer below the list: "/0/interval"; "": the list
  std::string message;
  bool is_unknown = false;  // a member that is not known there
};

// An empty list is none.
net::Result<OwnChecks, CheckFault> read_own_checks(const boost::json::value& list);
void append_own_checks(std::string& out, const OwnChecks::List& checks);

}  // namespace muster::registry::health
