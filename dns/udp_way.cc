#include "dns/udp_way.h"

namespace muster::dns {

void UdpWay::address(msghdr& header) {
  header.msg_name = &peer;
  header.msg_namelen = peer_size;
  header.msg_control = control_size == 0 ? nullptr : control.data();
  header.msg_controllen = control_size;
  unbind_interface(header);
}

void unbind_interface(msghdr& header) {
  cmsghdr* control = CMSG_FIRSTHDR(&header);
  if (control == nullptr) return;
  if (control->cmsg_level == IPPROTO_IP && control->cmsg_type == IP_PKTINFO) {
    reinterpret_cast<in_pktinfo*>(CMSG_DATA(control))->ipi_ifindex = 0;
  } else if (control->cmsg_level == IPPROTO_IPV6 && control->cmsg_type == IPV6_PKTINFO) {
    auto* info = reinterpret_cast<in6_pktinfo*>(CMSG_DATA(control));
    if (!IN6_IS_ADDR_LINKLOCAL(&info->ipi6_addr)) info->ipi6_ifindex = 0;
  }
}

}  // namespace muster::dns
