#include "zones/naming/mesos_names.h"

#include <algorithm>
#include <array>
#include <numeric>

#include "zones/naming/label.h"
#include "zones/naming/mesos_label.h"
#include "zones/naming/mesos_masters.h"
#include "zones/naming/mesos_record_writer.h"
#include "zones/wire_name.h"

namespace muster::zones::naming {

namespace {

using net::IpAddress;
using registry::SchedulerPort;
using registry::SchedulerTask;
using Labels = std::vector<std::string_view>;
using Target = MesosRecordWriter::Target;

constexpr std::array<std::string_view, 2> kBoth = {"_tcp", "_udp"};
constexpr std::string_view kSlave = "slave";
constexpr std::string_view kTcp = "_tcp";

LabelSpan one(const std::string_view& label) { return {&label, 1}; }

// Views into `text`.
Labels split(std::string_view text) {
  Labels labels;
  for (std::size_t dot = text.find('.'); dot != text.npos; dot = text.find('.')) {
    labels.push_back(text.substr(0, dot));
    text.remove_prefix(dot + 1);
  }
  labels.push_back(text);
  return labels;
}

// A name that can be published as it was written: labels of 1..63 octets of [A-Za-z0-9_-], lower-cased;
// "": it cannot.
std::string raw_name(std::string_view text) {
  std::string raw;
  for (const std::string_view label : split(text)) {
    const auto is_plain = [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
             c == '_';
    };
    if (label.empty() || label.size() > 63 || !std::ranges::all_of(label, is_plain)) return "";
    if (!raw.empty()) raw += '.';
    for (const char c : label) raw += fold(c);
  }
  return raw;
}

// The places of the lowest `most`, in the order in which they stand.
template <class Port, class NumberOf>
std::vector<std::size_t> lowest(const std::vector<Port>& ports, std::size_t most, NumberOf number_of) {
  std::vector<std::size_t> places(ports.size());
  std::iota(places.begin(), places.end(), std::size_t{0});
  if (places.size() <= most) return places;
  std::ranges::stable_sort(places, {}, [&](std::size_t place) { return number_of(ports[place]); });
  places.resize(most);
  std::ranges::sort(places);
  return places;
}

std::vector<IpAddress> without(std::vector<IpAddress> all, const std::vector<IpAddress>& others) {
  std::erase_if(all, [&](const IpAddress& one) { return std::ranges::find(others, one) != others.end(); });
  return all;
}

// The names of a task in one form: of T, or of the raw name.
struct Form {
  std::string_view text;
  MesosRank agent_rank;
  MesosRank rank;
};

class TaskWriter {
 public:
  TaskWriter(const SchedulerTask& task, const MesosNaming& naming, MesosRecordWriter& to)
      : task_(task),
        naming_(naming),
        to_(to),
        framework_text_(mesos_framework(task.framework, naming.rule())),
        framework_(split(framework_text_)) {}

  void write() {
    if (framework_text_.empty()) return to_.drop(MesosDrop::framework_name_empty, task_.id);
    const std::string label = mesos_label(task_.name, naming_.rule());
    if (label.empty()) to_.drop(MesosDrop::name_empty, task_.id);
    if (label.empty() && !naming_.empty_names) return;
    prepare();
    if (!label.empty()) write_form({label, MesosRank::agent_name, MesosRank::name});
    if (!task_.has_discovery || !naming_.raw_names) return;
    const std::string raw = raw_name(task_.name);
    if (!raw.empty() && raw != label) write_form({raw, MesosRank::raw_agent_name, MesosRank::raw_name});
  }

 private:
  const std::vector<SchedulerPort>& discovery_ports() const {
    static const std::vector<SchedulerPort> kNone;
    return task_.has_discovery ? task_.discovery_ports : kNone;
  }

  // What is the same in both forms.
  void prepare() {
    const auto& ports = discovery_ports();
    const bool all_at_agent =
        naming_.port_scope && !ports.empty() && std::ranges::all_of(ports, &SchedulerPort::on_agent);
    agent_addresses_ = to_.usable(task_.agent_addresses);
    addresses_ = all_at_agent ? agent_addresses_ : to_.usable(task_.addresses);
    if (naming_.ptr) own_addresses_ = without(addresses_, agent_addresses_);
    host_ports_ = lowest(task_.host_ports, naming_.max_ports_per_task, [](auto port) { return port; });
    discovery_ports_ =
        lowest(ports, naming_.max_ports_per_task, [](const SchedulerPort& port) { return port.number; });
    if (host_ports_.size() < task_.host_ports.size() || discovery_ports_.size() < ports.size())
      to_.drop(MesosDrop::ports_truncated, task_.id);
    to_.set_ready(task_.is_ready);
    if (!naming_.weight_labels) return;
    const std::uint16_t otherwise = naming_.srv_weight;
    to_.set_weight(task_.weight.value_or(otherwise),
                   task_.weight.value_or(std::max<std::uint16_t>(otherwise, 1)));
  }

  void write_form(const Form& form) {
    const Labels name = split(form.text);
    to_.add_addresses({name, framework_}, addresses_, form.rank);
    to_.add_addresses({name, framework_, one(kSlave)}, agent_addresses_, form.agent_rank);

    const std::string first = underscored(name.front());
    Labels service = name;
    service.front() = first;
    const auto last = mesos_instance(name.back(), task_.id, mesos_agent_tail(task_.agent_id));
    if (!last) return to_.drop(MesosDrop::label_too_long, task_.id);
    Labels instance = name;
    instance.back() = *last;
    std::span<const IpAddress> leading_back;
    if (form.rank == MesosRank::name) leading_back = own_addresses_;
    to_.add_addresses({instance, framework_}, addresses_, form.rank, leading_back);
    to_.add_addresses({instance, framework_, one(kSlave)}, agent_addresses_, form.agent_rank);

    const Target own = to_.target({instance, framework_}, addresses_);
    const Target agent = to_.target({instance, framework_, one(kSlave)}, agent_addresses_);
    for (const std::size_t place : host_ports_) write_host_port(place, service, agent, form);
    for (const std::size_t place : discovery_ports_) {
      const bool is_at_agent = naming_.port_scope && discovery_ports()[place].on_agent;
      write_discovery_port(place, name, service, is_at_agent ? agent : own, form.rank);
    }
  }

  // Both protocols always: resources do not say which.
  void write_host_port(std::size_t place, LabelSpan service, const Target& agent, const Form& form) {
    const std::uint16_t port = task_.host_ports[place];
    for (const std::string_view protocol : kBoth) {
      to_.add_srv({service, one(protocol), framework_, one(kSlave)}, agent, port, form.agent_rank);
      if (!task_.has_discovery) write_port(place, service, protocol, agent, port, form.rank);
    }
  }

  void write_discovery_port(std::size_t place, LabelSpan name, LabelSpan service, const Target& target,
                            MesosRank rank) {
    const SchedulerPort& port = discovery_ports()[place];
    const std::string port_name = mesos_label(port.name, naming_.rule());
    const std::string named = underscored(port_name);
    const std::string_view named_label = named;
    std::vector<std::string> protocols = mesos_protocols(port.protocol, naming_.rule());
    if (protocols.empty()) protocols = {"tcp", "udp"};
    for (const std::string& text : protocols) {
      const std::string protocol = underscored(text);
      const std::string_view label = protocol;
      write_port(place, service, label, target, port.number, rank);
      if (port_name.empty()) continue;
      to_.add_srv({one(named_label), service, one(label), framework_}, target, port.number, rank);
      if (naming_.rfc2782_order)
        to_.add_srv({one(named_label), one(label), name, framework_}, target, port.number, rank);
    }
  }

  // _T._proto.F.D, and by number.
  void write_port(std::size_t place, LabelSpan service, const std::string_view& protocol,
                  const Target& target, std::uint16_t port, MesosRank rank) {
    to_.add_srv({service, one(protocol), framework_}, target, port, rank);
    if (!naming_.numbered_ports) return;
    const std::string number = "_port" + std::to_string(place);
    const std::string_view label = number;
    to_.add_srv({one(label), service, one(protocol), framework_}, target, port, rank);
  }

  const SchedulerTask& task_;
  const MesosNaming& naming_;
  MesosRecordWriter& to_;
  std::string framework_text_;
  Labels framework_;
  std::vector<IpAddress> addresses_;
  std::vector<IpAddress> agent_addresses_;
  std::vector<IpAddress> own_addresses_;  // that lead back to the task; its agent's are those of many tasks
  std::vector<std::size_t> host_ports_;   // places of those that are published
  std::vector<std::size_t> discovery_ports_;
};

// The name below the domain that has these labels; nullopt: it does not fit.
std::optional<Name> name_of(const Labels& labels, const Name& domain) {
  std::optional<Name> name = domain;
  for (auto label = labels.rbegin(); name && label != labels.rend(); ++label) name = name->child(*label);
  return name;
}

// `leader`, `slave`, `master`, `masterN`, and what the view's name server is called.
bool is_reserved(const Labels& framework, const MesosNaming& naming) {
  if (name_of(framework, naming.domain) == naming.ns_name) return true;
  if (framework.size() != 1) return false;
  const std::string_view label = framework.front();
  constexpr std::string_view kMaster = "master";
  return label == "leader" || label == kSlave ||
         (label.starts_with(kMaster) && label.find_first_not_of("0123456789", kMaster.size()) == label.npos);
}

// Masters that can be reached. An address that is none would make a number of its own.
std::vector<net::Endpoint> usable(const std::vector<net::Endpoint>& listed, MesosRecordWriter& to) {
  std::vector<net::Endpoint> usable;
  for (const net::Endpoint& master : listed) {
    if (!to.usable({&master.address, 1}).empty()) usable.push_back(master);
  }
  return usable;
}

void write_numbered(const std::vector<net::Endpoint>& masters, const MesosNaming& naming,
                    MesosRecordWriter& to) {
  for (std::size_t i = 0; i < masters.size(); ++i) {
    const std::string label = "master" + std::to_string(i);
    const std::string_view name = label;
    const std::span<const IpAddress> address(&masters[i].address, 1);
    to.add_addresses({one(name)}, address, MesosRank::infrastructure);
    if (!naming.master_srv) continue;
    const Target target = to.target({one(name)}, address);
    for (const std::string_view protocol : kBoth)
      to.add_srv({one("_master"), one(protocol)}, target, masters[i].port, MesosRank::infrastructure);
  }
}

}  // namespace

MesosRecords records_of(const SchedulerTask& task, const MesosNaming& naming) {
  MesosRecordWriter writer(naming);
  TaskWriter(task, naming, writer).write();
  return writer.take();
}

// Agents that are not active have their names, too: their tasks run on.
MesosRecords records_of(const registry::SchedulerAgent& agent, const MesosNaming& naming) {
  MesosRecordWriter writer(naming);
  const auto addresses = writer.usable(agent.addresses);
  writer.add_addresses({one(kSlave)}, addresses, MesosRank::infrastructure);
  if (agent.port != 0) {
    writer.add_srv({one("_slave"), one(kTcp)}, writer.target({one(kSlave)}, addresses), agent.port,
                   MesosRank::infrastructure);
  }
  return writer.take();
}

MesosRecords records_of(const registry::SchedulerFramework& framework, const MesosNaming& naming) {
  MesosRecordWriter writer(naming);
  const std::string text = mesos_framework(framework.name, naming.rule());
  const Labels name = split(text);
  if (text.empty()) {
    writer.drop(MesosDrop::framework_name_empty, framework.id);
  } else if (naming.reserved == MesosReserved::protect && is_reserved(name, naming)) {
    writer.drop(MesosDrop::reserved_name, text);
  } else {
    const auto addresses = writer.usable(framework.addresses);
    writer.add_addresses({name}, addresses, MesosRank::framework);
    if (framework.port != 0) {
      writer.add_srv({one("_framework"), one(kTcp), name}, writer.target({name}, addresses), framework.port,
                     MesosRank::framework);
    }
  }
  return writer.take();
}

MesosRecords records_of(const registry::SchedulerMasters& masters, const MesosNaming& naming) {
  MesosRecordWriter writer(naming);
  const auto listed = usable(masters.listed, writer);
  if (!masters.leader || writer.usable({&masters.leader->address, 1}).empty()) return writer.take();
  const std::span<const IpAddress> leader(&masters.leader->address, 1);
  writer.add_addresses({one("leader")}, leader, MesosRank::infrastructure);
  const Target target = writer.target({one("leader")}, leader);
  for (const std::string_view protocol : kBoth)
    writer.add_srv({one("_leader"), one(protocol)}, target, masters.leader->port, MesosRank::infrastructure);
  const MesosMasters named = number_masters(masters.leader, listed);
  writer.add_addresses({one("master")}, named.all, MesosRank::infrastructure);
  write_numbered(named.numbered, naming, writer);
  return writer.take();
}

MesosRecords records_of_name_server(std::span<const IpAddress> addresses, const MesosNaming& naming) {
  MesosRecordWriter writer(naming);
  const Name server = naming.ns_name.lower();
  if (server == naming.domain || !server.is_at_or_below(naming.domain)) return {};
  Labels labels;
  for (std::string_view wire = server.wire(); wire.size() > naming.domain.size(); wire = parent_of(wire))
    labels.push_back(wire.substr(1, static_cast<unsigned char>(wire[0])));
  writer.add_addresses({labels}, writer.usable(addresses), MesosRank::infrastructure);
  return writer.take();
}

}  // namespace muster::zones::naming
