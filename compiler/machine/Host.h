/// What the operating system says about the machine that this runs on, within the limits that it
/// sets for this process. What it does not say is zero or empty.
#pragma once

#include "compiler/support/Quantity.h"

#include <string>
#include <vector>

namespace ashlar {

struct Host {
  std::string processor;        // the name of its model
  std::vector<std::string> isa; // of the known ones, sorted
  uint32_t cores = 1;           // that this process may use all the time
  Bytes total;                  // memory of the machine, or the limit of this process
  Bytes usable;                 // of that, free now, less a margin for everyone else
  Bytes secondLevel;            // caches of the cores together
  Bytes lastLevel;
};

Host readHost();

/// The memory that this process has now; zero where the system does not say.
Bytes residentBytes();

} // namespace ashlar
