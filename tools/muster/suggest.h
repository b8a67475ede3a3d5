// What somebody may have meant who named a service, an instance or a source that is not there.
#pragma once

#include <string>

#include "tools/muster/command.h"

namespace muster::cli {

// As report(), but a reply 404 names what is missing, the service or (where `id` is not "") the instance, and the
// nearest that is there.
ExitCode report_about(const Context& context, const Reply& reply, const std::string& service,
                      const std::string& id = "");
// The same for a source.
ExitCode report_about_source(const Context& context, const Reply& reply, const std::string& source);

}  // namespace muster::cli
