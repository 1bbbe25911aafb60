/// Weights as whole numbers: what the groups that runtime/Step.h states at host::Panels mean, and
/// how they are read, in plain C++.
///
/// A weight is scale * level / 128, with a scale for each row of a group. A level of int8 is -127
/// to 127, stored with 128 added, because instructions multiply unsigned bytes by signed ones. A
/// level of int4 is one of the 16 `Levels`, stored as its index.
///
/// A scale of int8 is an f16. The 128th is there for small weights: scales are as large as the
/// largest weight of a group, so that f16 keeps all its digits down to weights of 6e-5, and has
/// some down to 3e-8. Below that the smallest scale is taken. A scale of int4 is a whole number
/// from -127 to 127 times its row's, an f32: groups of a row are alike, so that a byte costs
/// next to nothing in accuracy, and an 18th of all is read less. Groups whose largest weight is
/// less than 2.4e-10, or in int4 some thousandth of the row's, become zeros.
#pragma once

#include "templates/cpu/panels.h"
#include "templates/cpu/vector.h"

namespace ashlar::cpu {
inline namespace ASHLAR_ISA {

/// Levels for weights that are distributed normally, with a scale that was searched for the group:
/// from levels that were spaced evenly, in turn the best scale of each of 30000 groups of 32 such
/// weights, and the levels that are the best for these scales (sum of scale * weight over sum of
/// scale^2, of the weights that fell to it), until they stood still. A scale may be negative, so
/// the side with more room is that of the largest weight. The error of weights is 0.073 of their
/// size; sixteen levels that are spaced evenly reach 0.081.
inline constexpr int8_t Levels[16] = {-127, -99, -78, -61, -46, -33, -21, -9,
                                      2,    13,  24,  36,  49,  64,  82,  105};

/// Those as bytes, with 128 added, as often as they fit into the longest register.
struct LevelBytes {
  alignas(64) uint8_t values[64] = {};
  constexpr LevelBytes() {
    for (int i = 0; i < 64; ++i)
      values[i] = static_cast<uint8_t>(Levels[i % 16] + 128);
  }
};
inline constexpr LevelBytes levelBytes;

/// The place in a panel of the scale of a row of the group with a column, and of the row's first
/// number there.
template <class T> inline constexpr int64_t scalePlace(int64_t row, int64_t column) {
  int64_t group = column % BundleColumns<T> / GroupColumns;
  return bundleAt<T>(column) + (group * host::PanelRows + row) * ScaleBytes<T>;
}
template <class T> inline constexpr int64_t numbersPlace(int64_t row, int64_t column) {
  int64_t group = column % BundleColumns<T> / GroupColumns;
  return bundleAt<T>(column) + BundleScaleBytes + group * GroupBytes<T> + row * 4;
}

/// The level of a weight of a panel.
template <class T> inline int32_t levelAt(const uint8_t *panel, int64_t row, int64_t column) {
  const uint8_t *numbers = panel + numbersPlace<T>(row, column) + column % 4;
  int64_t k = column % GroupColumns;
  if constexpr (LevelBits<T> == 8)
    return numbers[k / 4 * host::PanelRows * 4] - 128;
  else
    return Levels[numbers[k / 8 * host::PanelRows * 4] >> k / 4 % 2 * 4 & 15];
}

/// One weight of a panel: a single rounding, if any.
template <class T> inline float weightAt(const uint8_t *panel, int64_t row, int64_t column) {
  const uint8_t *scale = panel + scalePlace<T>(row, column);
  int32_t level = levelAt<T>(panel, row, column);
  if constexpr (LevelBits<T> == 8) {
    uint16_t half;
    __builtin_memcpy(&half, scale, 2);
    return widen<F16>(half) * (1.0f / 128) * static_cast<float>(level);
  } else {
    float rowScale;
    __builtin_memcpy(&rowScale, panel + row * 4, 4);
    return rowScale * (1.0f / 128) * static_cast<float>(static_cast<int8_t>(*scale) * level);
  }
}

/// The rows of a panel as f32, `columns` values each.
template <class T>
void readPanel(const uint8_t *panel, int64_t count, int64_t columns, float *const *rows) {
  for (int64_t row = 0; row < count; ++row)
    for (int64_t column = 0; column < columns; ++column)
      rows[row][column] = weightAt<T>(panel, row, column);
}

} // namespace ASHLAR_ISA
} // namespace ashlar::cpu
