// What a thread is called where the system lists threads: `top -H`, `ps -L`, a debugger.
#pragma once

#include <pthread.h>

namespace muster::net {

// Of the calling thread. At most 15 octets, pthread_setname_np(3); a longer name is refused and the old one stays.
inline void name_this_thread(const char* name) { pthread_setname_np(pthread_self(), name); }

}  // namespace muster::net
