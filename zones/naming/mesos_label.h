// The labels of the Mesos-DNS view: registry/mesos_label.h, where the sources need them, too.
#pragma once

#include "registry/mesos_label.h"

namespace muster::zones::naming {

using registry::kMesosDefault;
using registry::kMesosRfc952;
using registry::mesos_agent_tail;
using registry::mesos_framework;
using registry::mesos_instance;
using registry::mesos_label;
using registry::mesos_protocols;
using registry::MesosRule;

}  // namespace muster::zones::naming
