// DNS labels of services and instances. A service whose name is no label stays in the registry and is not
// published; an instance always gets a label, if need be one made of a hash of its id.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "registry/model.h"

namespace muster::registry {

std::string ascii_lower(std::string_view text);
bool has_capitals(std::string_view text);
// [a-z0-9]([a-z0-9-]*[a-z0-9])? of at most `most` octets.
bool is_label(std::string_view text, std::size_t most);

// The first `symbols` (≤ 32) of z-base-32 over SHA-1(text).
std::string hash_label(std::string_view text, std::size_t symbols);

// The lower-cased id if it is a label and free, else 8 zbase32 symbols of SHA-1(id), more while they clash.
// `by` is never free: it stands between a service and its tag views.
std::string instance_label(std::string_view id, const std::function<bool(std::string_view)>& taken);

// Why a service of this name cannot be published, as far as its name alone decides; ok: it can.
Reason service_name_verdict(std::string_view name, std::span<const std::string> reserved);

}  // namespace muster::registry
