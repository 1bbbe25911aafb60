/// How kernels that go over rows divide them among threads, and how rows lie that may be rounded.
#pragma once

#include "templates/cpu/vector.h"

namespace ashlar::cpu {
inline namespace ASHLAR_ISA {

/// What rows are that may be rounded: bf16 where the processor multiplies it.
#ifdef __AVX512BF16__
using Rounded = BF16;
#else
using Rounded = F32;
#endif

/// Rows as this form of the kernels writes and reads them.
template <class T, int64_t C, int64_t S>
ASHLAR_INLINE constexpr host::Rows<T, C, S> stored(host::Rows<T, C, S> rows) {
  return rows;
}
template <int64_t C, int64_t S> ASHLAR_INLINE constexpr auto stored(host::RoundedRows<C, S> rows) {
  return host::Rows < Rounded, C, std::is_same_v<Rounded, F32> ? C : S > {{rows.offset}};
}

/// Rows of C columns that a kernel writes.
template <class> inline constexpr int64_t ColumnsOf = 0;
template <int64_t C, int64_t S> inline constexpr int64_t ColumnsOf<host::Rows<F32, C, S>> = C;
template <int64_t C, int64_t S> inline constexpr int64_t ColumnsOf<host::RoundedRows<C, S>> = C;
template <class Rows, int64_t C>
concept RowsOf = (ColumnsOf<Rows> == C);

/// Stores the first `count` values of a register into a row of such rows.
template <class Rows>
ASHLAR_INLINE inline void put(const StepState &step, Rows rows, int64_t row, int64_t column,
                              Floats value, int64_t count) {
  store<typename Rows::Type>(rows.row(step, row) + column, value, count);
}

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
