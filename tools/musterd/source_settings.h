// From [[source.mesos]] and [[source.marathon]] to the plain structs that their sources take.
#pragma once

#include "registry/sources/login.h"
#include "registry/sources/marathon_source.h"
#include "registry/sources/mesos_source.h"
#include "tools/config/config.h"

namespace muster::tools {

registry::sources::MesosSourceConfig mesos_source_config(const config::Config& config,
                                                         const config::MesosSource& source,
                                                         registry::sources::Login login);
registry::sources::MarathonSourceConfig marathon_source_config(const config::Config& config,
                                                               const config::MarathonSource& source,
                                                               registry::sources::Login login);

}  // namespace muster::tools
