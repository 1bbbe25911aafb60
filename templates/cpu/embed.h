/// Rows that are picked by number: of a table by the ids of the step, and the one row of which
/// logits are wanted.
#pragma once

#include "templates/cpu/panels.h"
#include "templates/cpu/vector.h"

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

/// y = the rows of the table that step.ids names; every id must be a row of the table.
template <uint32_t Max, class T, int64_t C>
void embed(const Step<Max> &step, host::Rows<T, C> table, host::Rows<F32, C> y) {
  const typename T::storage *values = table.at(step);
  float *to = y.at(step);
  forTokens<Max, C>(step, [&](int64_t row, Share columns) ASHLAR_INLINE {
    const typename T::storage *from = values + step.ids[row] * C;
    for (int64_t i = columns.begin; i < columns.end; i += Width)
      store(to + row * C + i, load<T>(from + i, columns.end - i), columns.end - i);
  });
}

/// The same from the weights of a linear: a table that the model shares with its output.
template <uint32_t Max, class T, int64_t V, int64_t C>
void embed(const Step<Max> &step, host::Panels<T, V, C> table, host::Rows<F32, C> y) {
  const typename T::storage *values = table.at(step);
  float *to = y.at(step);
  forTokens<Max, C>(step, [&](int64_t row, Share columns) ASHLAR_INLINE {
    int64_t id = step.ids[row];
    const typename T::storage *panel = values + id / host::PanelRows * panelSize<T>(C);
    for (int64_t i = columns.begin; i < columns.end; ++i)
      to[row * C + i] = widen<T>(panel[panelIndex<T>(id, i)]);
  });
}

/// The first row of y = row step.row of x.
template <uint32_t Max, int64_t C>
void last(const Step<Max> &step, host::Rows<F32, C> x, host::Rows<F32, C> y) {
  const float *from = x.at(step) + int64_t(step.row) * C;
  float *to = y.at(step);
  Share mine = share(step, C, 16);
  for (int64_t i = mine.begin; i < mine.end; i += Width)
    store(to + i, load(from + i, mine.end - i), mine.end - i);
}

} // namespace ASHLAR_ISA
} // namespace ashlar::cpu
