/// How a weight matrix is written into panels: the layout that runtime/Step.h states at
/// host::Panels, in plain C++ and without vector instructions, for whoever writes packs. Types that
/// are quantized are written by quantize.h.
///
/// Sizes are not checked for overflow here: rows and columns must be those of a matrix that exists.
#pragma once

#include "runtime/Step.h"
#include "templates/cpu/isa.h"

namespace ashlar::cpu {
inline namespace ASHLAR_ISA {

/// Columns of a row that lie side by side in a panel.
template <class T> inline constexpr int64_t PanelPair = 1;
template <> inline constexpr int64_t PanelPair<BF16> = 2;

/// Bits of a whole number, where numbers come in groups of 32 columns.
template <class T> inline constexpr int64_t LevelBits = 0;
template <> inline constexpr int64_t LevelBits<Int8> = 8;
template <> inline constexpr int64_t LevelBits<Int4> = 4;
template <class T>
concept Quantized = LevelBits<T> >
0;

/// Of a group of a panel its columns and the bytes of its numbers, and for one of its rows those of
/// a scale.
inline constexpr int64_t GroupColumns = 32;
template <Quantized T>
inline constexpr int64_t GroupBytes = host::PanelRows *GroupColumns *LevelBits<T> / 8;
template <Quantized T> inline constexpr int64_t ScaleBytes = LevelBits<T> == 8 ? 2 : 1;

/// Groups are bundled so that their scales, which come first, fill a line of the caches.
inline constexpr int64_t BundleScaleBytes = 64;
template <Quantized T>
inline constexpr int64_t BundleGroups = BundleScaleBytes / (ScaleBytes<T> * host::PanelRows);
template <Quantized T> inline constexpr int64_t BundleColumns = BundleGroups<T> *GroupColumns;
template <Quantized T>
inline constexpr int64_t BundleBytes = BundleScaleBytes + BundleGroups<T> *GroupBytes<T>;

/// Before the first, a panel of int4 has scales of its rows.
template <Quantized T>
inline constexpr int64_t RowScaleBytes = LevelBits<T> == 8 ? 0 : 4 * host::PanelRows;

/// Where the bundle of a column begins in its panel.
template <Quantized T> inline constexpr int64_t bundleAt(int64_t column) {
  return RowScaleBytes<T> + column / BundleColumns<T> * BundleBytes<T>;
}

inline constexpr int64_t panelCount(int64_t rows) {
  return (rows + host::PanelRows - 1) / host::PanelRows;
}

/// Values of storage in one panel.
template <class T> inline constexpr int64_t panelSize(int64_t columns) {
  if constexpr (Quantized<T>)
    return bundleAt<T>(columns + BundleColumns<T> - 1);
  constexpr int64_t Pair = PanelPair<T>;
  return (columns + Pair - 1) / Pair * Pair * host::PanelRows;
}

template <class T> inline constexpr uint64_t panelBytes(int64_t rows, int64_t columns) {
  return static_cast<uint64_t>(panelCount(rows) * panelSize<T>(columns)) *
         sizeof(typename T::storage);
}

/// Where a value lies in its panel.
template <class T> inline constexpr int64_t panelIndex(int64_t row, int64_t column) {
  constexpr int64_t Pair = PanelPair<T>;
  return (column / Pair * host::PanelRows + row % host::PanelRows) * Pair + column % Pair;
}

/// How many bytes ahead of what they read products of one row ask for weights of this type.
template <class T> ASHLAR_INLINE inline int64_t aheadOf(const StepState &step) {
  if constexpr (std::is_same_v<T, F32>)
    return step.ahead.f32;
  else if constexpr (std::is_same_v<T, F16>)
    return step.ahead.f16;
  else if constexpr (std::is_same_v<T, BF16>)
    return step.ahead.bf16;
  else if constexpr (std::is_same_v<T, Int8>)
    return step.ahead.int8;
  else
    return step.ahead.int4;
}

/// Writes one panel, `panelSize<T>(columns)` values, from at most 32 rows of `columns` values each.
template <class T>
void packPanel(const typename T::storage *const *rows, int64_t count, int64_t columns,
               typename T::storage *panel) {
  using Value = typename T::storage;
  constexpr int64_t Pair = PanelPair<T>;
  for (int64_t first = 0; first < columns; first += Pair)
    for (int64_t row = 0; row < host::PanelRows; ++row)
      for (int64_t column = first; column < first + Pair; ++column)
        *panel++ = row < count && column < columns ? rows[row][column] : Value(0);
}

} // namespace ASHLAR_ISA
} // namespace ashlar::cpu
