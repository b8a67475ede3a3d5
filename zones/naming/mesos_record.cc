#include "zones/naming/mesos_record.h"

namespace muster::zones::naming {

std::string_view to_string(MesosRank rank) {
  switch (rank) {
    case MesosRank::infrastructure: return "infrastructure";
    case MesosRank::framework: return "framework";
    case MesosRank::agent_name: return "agent_name";
    case MesosRank::name: return "name";
    case MesosRank::raw_agent_name: return "raw_agent_name";
    case MesosRank::raw_name: return "raw_name";
  }
  return "";
}

std::string_view to_string(MesosDrop reason) {
  switch (reason) {
    case MesosDrop::label_too_long: return "label_too_long";
    case MesosDrop::name_too_long: return "name_too_long";
    case MesosDrop::name_empty: return "name_empty";
    case MesosDrop::framework_name_empty: return "framework_name_empty";
    case MesosDrop::reserved_name: return "reserved_name";
    case MesosDrop::bad_address: return "bad_address";
    case MesosDrop::bad_port: return "bad_port";
    case MesosDrop::no_address: return "no_address";
    case MesosDrop::ports_truncated: return "ports_truncated";
    case MesosDrop::name_taken: return "name_taken";
  }
  return "";
}

}  // namespace muster::zones::naming
