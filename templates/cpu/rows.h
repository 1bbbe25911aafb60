/// How kernels that go over rows divide them among threads.
#pragma once

#include "templates/cpu/vector.h"

namespace ashlar::cpu {
inline namespace ASHLAR_ISA {

/// Calls body(row, begin, end): of one token, threads share the C columns, in whole grains; of more
/// they share the tokens. A column stands for so many bytes.
template <int64_t C, int64_t Grain, uint32_t Max, class Body>
ASHLAR_INLINE inline void forRowsOrColumns(const Step<Max> &step, int64_t bytes, Body &&body) {
  if constexpr (Max == 1)
    forChunks(step, {C, Grain, bytes},
              [&](int64_t begin, int64_t end) ASHLAR_INLINE { body(0, begin, end); });
  else
    forChunks(step, {step.count(), 1, C * bytes}, [&](int64_t begin, int64_t end) ASHLAR_INLINE {
      for (int64_t row = begin; row < end; ++row)
        body(row, 0, C);
    });
}

} // namespace ASHLAR_ISA
} // namespace ashlar::cpu
