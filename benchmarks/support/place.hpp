// SPDX-License-Identifier: BSL-1.0
#pragma once
// Where two sides are that talk to each other. That decides more than what they do: so both on one
// processor, where all work counts, and on one each, where waking the other side does. A thread,
// and a process, inherits the place of the one that makes it.
#include <sched.h>

namespace gof::bench {

enum class place { one, each };

inline void pin(int processor) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(processor, &set);
  sched_setaffinity(0, sizeof set, &set);
}
inline void begin_server(place where) { pin(where == place::one ? 0 : 1); }
inline void begin_client() { pin(0); }

}  // namespace gof::bench
