/// Rows that are picked by number: of a table by the ids or the positions of the step, and the one
/// row of which logits are wanted.
#pragma once

#include "templates/cpu/quantized.h"

namespace ashlar::cpu {
inline namespace ASHLAR_ISA {

/// One token: the threads share its columns. More: they share the tokens.
template <uint32_t Max, int64_t C, class Body>
ASHLAR_INLINE inline void forTokens(const Step<Max> &step, Body &&body) {
  Share rows = Max == 1 ? Share{0, 1} : share(step, step.count());
  Share columns = Max == 1 ? share(step, C, 16) : Share{0, C};
  for (int64_t row = rows.begin; row < rows.end; ++row)
    body(row, columns);
}

/// y = the rows of the table that `pick(token)` names.
template <uint32_t Max, class T, int64_t C, class Pick>
ASHLAR_INLINE inline void pickRows(const Step<Max> &step, host::Rows<T, C> table,
                                   host::Rows<F32, C> y, Pick pick) {
  const typename T::storage *values = table.at(step);
  float *to = y.at(step);
  forTokens<Max, C>(step, [&](int64_t row, Share columns) ASHLAR_INLINE {
    const typename T::storage *from = values + pick(row) * C;
    for (int64_t i = columns.begin; i < columns.end; i += Width)
      store(to + row * C + i, load<T>(from + i, columns.end - i), columns.end - i);
  });
}

/// The same from the weights of a linear: a table that the model shares with its output.
template <uint32_t Max, class T, int64_t V, int64_t C, class Pick>
ASHLAR_INLINE inline void pickRows(const Step<Max> &step, host::Panels<T, V, C> table,
                                   host::Rows<F32, C> y, Pick pick) {
  const typename T::storage *values = table.at(step);
  float *to = y.at(step);
  forTokens<Max, C>(step, [&](int64_t row, Share columns) ASHLAR_INLINE {
    int64_t at = pick(row);
    const typename T::storage *panel = values + at / host::PanelRows * panelSize<T>(C);
    for (int64_t i = columns.begin; i < columns.end; ++i)
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
  Share mine = share(step, C, 16);
  for (int64_t i = mine.begin; i < mine.end; i += Width)
    store(to + i, load(from + i, mine.end - i), mine.end - i);
}

/// Of several sequences, each has one row here: its last.
template <uint32_t Max, int64_t C, int64_t S>
void last(const BatchStep<Max> &step, host::Rows<F32, C, S> x, host::Rows<F32, C> y) {
  Share mine = share(step, step.count());
  for (int64_t row = mine.begin; row < mine.end; ++row)
    for (int64_t i = 0; i < C; i += Width)
      store(y.row(step, row) + i, load(x.row(step, row) + i, C - i), C - i);
}

} // namespace ASHLAR_ISA
} // namespace ashlar::cpu
