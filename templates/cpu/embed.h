/// Rows that are picked by number: of a table by the ids or the positions of the step, and the one
/// row of which logits are wanted.
#pragma once

#include "templates/cpu/quantized.h"
#include "templates/cpu/rows.h"

namespace ashlar::cpu {
inline namespace ASHLAR_ISA {

/// y = the rows of the table that `pick(token)` names.
template <uint32_t Max, class T, int64_t C, class Pick>
ASHLAR_INLINE inline void pickRows(const Step<Max> &step, host::Rows<T, C> table,
                                   host::Rows<F32, C> y, Pick pick) {
  const typename T::storage *values = table.at(step);
  float *to = y.at(step);
  forRowsOrColumns<C, 16>(step, 8, [&](int64_t row, int64_t begin, int64_t end) ASHLAR_INLINE {
    const typename T::storage *from = values + pick(row) * C;
    step.await(from, C * static_cast<int64_t>(sizeof(*from)));
    for (int64_t i = begin; i < end; i += Width)
      store(to + row * C + i, load<T>(from + i, end - i), end - i);
  });
}

/// The same from the weights of a linear: a table that the model shares with its output.
template <uint32_t Max, class T, int64_t V, int64_t C, class Pick>
ASHLAR_INLINE inline void pickRows(const Step<Max> &step, host::Panels<T, V, C> table,
                                   host::Rows<F32, C> y, Pick pick) {
  const typename T::storage *values = table.address(step);
  float *to = y.at(step);
  // One value is read of each line.
  forRowsOrColumns<C, 16>(step, 64, [&](int64_t row, int64_t begin, int64_t end) ASHLAR_INLINE {
    int64_t at = pick(row);
    const typename T::storage *panel = values + at / host::PanelRows * panelSize<T>(C);
    step.await(panel, panelSize<T>(C) * static_cast<int64_t>(sizeof(*panel)));
    for (int64_t i = begin; i < end; ++i)
      if constexpr (Quantized<T>)
        to[row * C + i] = weightAt<T>(panel, at % host::PanelRows, i);
      else
        to[row * C + i] = widen<T>(panel[panelIndex<T>(at, i)]);
  });
}

/// The rows that step.ids names; every id must be a row of the table.
template <uint32_t Max, class Table, int64_t C>
void embed(const Step<Max> &step, Table table, host::Rows<F32, C> y) {
  pickRows(step, table, y, [&](int64_t token) ASHLAR_INLINE { return int64_t(step.ids[token]); });
}

/// The rows of the tokens' positions, of which position 0 has row `Offset`.
template <int64_t Offset, class AnyStep, class Table, int64_t C>
void positions(const AnyStep &step, Table table, host::Rows<F32, C> y) {
  pickRows(step, table, y, [&](int64_t token) ASHLAR_INLINE {
    return static_cast<int64_t>(step.place(token).position) + Offset;
  });
}

/// The first row of y = row step.row of x.
template <uint32_t Max, int64_t C, int64_t S>
void last(const Step<Max> &step, host::Rows<F32, C, S> x, host::Rows<F32, C> y) {
  const float *from = x.at(step) + int64_t(step.row) * S;
  float *to = y.at(step);
  forChunks(step, {C, 16, 8}, [&](int64_t begin, int64_t end) ASHLAR_INLINE {
    for (int64_t i = begin; i < end; i += Width)
      store(to + i, load(from + i, end - i), end - i);
  });
}

/// Of several sequences, each has one row here: its last.
template <uint32_t Max, int64_t C, int64_t S>
void last(const BatchStep<Max> &step, host::Rows<F32, C, S> x, host::Rows<F32, C> y) {
  forChunks(step, {step.count(), 1, 8 * C}, [&](int64_t begin, int64_t end) ASHLAR_INLINE {
    for (int64_t row = begin; row < end; ++row)
      for (int64_t i = 0; i < C; i += Width)
        store(y.row(step, row) + i, load(x.row(step, row) + i, C - i), C - i);
  });
}

} // namespace ASHLAR_ISA
} // namespace ashlar::cpu
