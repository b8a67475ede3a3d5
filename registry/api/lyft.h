// The routes of the Lyft discovery service in their strict form: POST is create, update and heartbeat of one
// host per (service, IPv4); no generations, no tombstones; every error is a 4xx. The claims are of source
// `lyft`.
#pragma once

#include <functional>

#include "registry/api/lyft_form.h"
#include "registry/control.h"
#include "registry/http/router.h"

namespace muster::registry::api {

// `submit` is Control::submit: false when its queue is full.
void add_lyft_routes(http::Router& router, LyftConfig config, std::function<bool(Job)> submit,
                     std::function<Instant()> now = net::machine_now);

}  // namespace muster::registry::api
