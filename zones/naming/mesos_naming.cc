#include "zones/naming/mesos_naming.h"

namespace muster::zones::naming {

MesosNaming exact_naming(const Name& domain) {
  MesosNaming naming;
  naming.domain = domain.lower();
  naming.ns_name = naming.domain.child("ns1").value_or(Name());
  return naming;
}

MesosNaming improved_naming(const Name& domain) {
  MesosNaming naming = exact_naming(domain);
  naming.reserved = MesosReserved::protect;
  naming.empty_names = false;
  naming.dangling_srv = false;
  naming.rfc2782_order = true;
  naming.master_srv = true;
  naming.port_scope = true;
  naming.weight_labels = true;
  return naming;
}

}  // namespace muster::zones::naming
