// From one element of a Mesos cluster to its records in the Mesos-DNS view, name for name as clients of
// Mesos-DNS know them. Pure; no element's records depend on another's, so that one that is odd costs its own
// records alone.
//
//   D domain, F framework, T task, H hash of the task's id, S end of the agent's id, P name of a port
//
//   leader.D, _leader._tcp.D, _leader._udp.D       the leading master
//   master.D, masterN.D, _master._tcp.D, …._udp.D  all masters (zones/naming/mesos_masters.h)
//   slave.D, _slave._tcp.D                         the agents
//   F.D, _framework._tcp.F.D                       the framework's scheduler
//   T.F.D, T-H-S.F.D                               the task's addresses
//   T.F.slave.D, T-H-S.F.slave.D                   those of its agent
//   _T._tcp.F.slave.D, …._udp.…                    → T-H-S.F.slave.D, each port of its resources
//   _T._tcp.F.D, …._udp.…                          the same, of a task without DiscoveryInfo
//   _T._proto.F.D, _P._T._proto.F.D                → T-H-S.F.D, each port of its DiscoveryInfo
//   _P._proto.T.F.D, _port<i>._T._proto.F.D        the same, where MesosNaming says so
//
// With MesosNaming::ptr the task's own addresses lead back to its T-H-S.F.D, those of its agent do not.
//
// With DiscoveryInfo all of it also with the raw name R in place of T: lower case, dots kept, where each of
// its labels is of [A-Za-z0-9_-]. What a T of no octets would make (-H-S.F.D, _._tcp.F.D) is left out.
#pragma once

#include <span>

#include "registry/scheduler.h"
#include "zones/naming/mesos_naming.h"
#include "zones/naming/mesos_record.h"

namespace muster::zones::naming {

MesosRecords records_of(const registry::SchedulerTask& task, const MesosNaming& naming);
MesosRecords records_of(const registry::SchedulerAgent& agent, const MesosNaming& naming);
MesosRecords records_of(const registry::SchedulerFramework& framework, const MesosNaming& naming);
MesosRecords records_of(const registry::SchedulerMasters& masters, const MesosNaming& naming);
// Of the view's name server itself, where its name is below the domain.
MesosRecords records_of_name_server(std::span<const net::IpAddress> addresses, const MesosNaming& naming);

}  // namespace muster::zones::naming
