/// The arena: all memory that a plan counts, in one mapping, placed by the plan's offsets.
#pragma once

#include "runtime/Failure.h"

#include <cstddef>
#include <cstdint>

namespace ashlar {

class Arena {
public:
  Arena() = default;
  Arena(const Arena &) = delete;
  Arena &operator=(const Arena &) = delete;
  ~Arena();

  /// Maps `bytes` at an address aligned to a huge page, zeroed, and asks for huge pages. Pages are
  /// taken as they are first written.
  Failure allocate(uint64_t bytes);
  std::byte *base() const { return start; }

private:
  void *mapping = nullptr;
  uint64_t mapped = 0;
  std::byte *start = nullptr;
};

} // namespace ashlar
