/// How weights become whole numbers: what quantized.h reads, written by whoever writes packs.
///
/// int8: the largest weight of a group is 127, the others are rounded to the nearest. int4: the
/// scale with the smallest sum of squared errors, of several that are tried; the largest of a row
/// is 127 times the row's, and of the two whole numbers that the others lie between, each is the
/// one with the smaller sum.
#pragma once

#include "templates/cpu/quantized.h"

namespace ashlar::cpu {
inline namespace ASHLAR_ISA {

/// The largest weight that a group holds, so that a scale of int8 is an f16 that has all its
/// digits.
inline constexpr float LargestWeight = 32768;

/// The first weight that no group can hold, because it is no finite number or larger than
/// LargestWeight; none if `row` is negative.
struct Misfit {
  int64_t row = -1, column = -1;
  constexpr explicit operator bool() const { return row >= 0; }
};

/// The nearest of `Levels` for whole numbers from -128 to 127: its index, and itself. Levels are
/// whole numbers, so it hardly matters that a weight is rounded before.
struct NearestLevels {
  uint8_t index[256] = {};
  float level[256] = {};
  constexpr NearestLevels() {
    for (int i = 0, nearest = 0; i < 256; ++i) {
      while (nearest < 15 && Levels[nearest] + Levels[nearest + 1] < 2 * (i - 128))
        ++nearest;
      index[i] = static_cast<uint8_t>(nearest);
      level[i] = Levels[nearest];
    }
  }
};
inline constexpr NearestLevels nearestLevels;

/// The weights of a row that share a scale, zeros beyond them.
struct WeightGroup {
  static constexpr int64_t Parts = GroupColumns / Width;
  Floats parts[Parts];
  float size;    // of the largest
  bool negative; // it is

  ASHLAR_INLINE WeightGroup(const float *from, int64_t count) {
    Floats high = {}, low = {};
    for (int64_t i = 0; i < Parts; ++i) {
      parts[i] = i * Width < count ? load(from + i * Width, count - i * Width) : Floats{};
      high = larger(high, parts[i]);
      low = larger(low, -parts[i]);
    }
    float up = largest(high), down = largest(low);
    negative = down > up;
    size = negative ? down : up;
  }

  /// Each weight times `inverse`, rounded and limited to -127 to 127, plus 128.
  ASHLAR_INLINE Integers rounded(int64_t part, float inverse) const {
    Floats x = parts[part] * inverse;
    x = x > 127.0f ? broadcast(127.0f) : x;
    x = x < -127.0f ? broadcast(-127.0f) : x;
    return (Integers)(x + 0x1.8p23f) - (0x4b400000 - 128);
  }
};

/// f16 of a scale, but not zero.
inline uint16_t narrowScale(float scale) {
  uint16_t narrow = narrowHalf(scale);
  return narrow ? narrow : 1;
}

/// How well the levels that a scale leads to fit: with the best scale for them, squared errors sum
/// up to those of the weights less products^2 / squares.
struct Fit {
  float products = 0, squares = 0;

  ASHLAR_INLINE Fit(const WeightGroup &group, float inverse) {
    Floats xs = {}, ls = {};
    for (int64_t part = 0; part < group.Parts; ++part) {
      Integers at = group.rounded(part, inverse);
      Floats level;
      unrolled<Width>([&](auto i)
                          ASHLAR_INLINE { level[i.value] = nearestLevels.level[at[i.value]]; });
      xs = multiplyAdd(group.parts[part], level, xs);
      ls = multiplyAdd(level, level, ls);
    }
    products = sum(xs);
    squares = sum(ls);
  }
  float quality() const { return products * (products / squares); }
  float scale() const { return products / squares; }
  /// With another scale: what errors sum up to, less the squares of the weights.
  float errors(float scale) const { return scale * (scale * squares - 2 * products); }
};

/// Calls body(group, its scale, its first number) for each group of a row, the panel's `at`th, that
/// does not stay zero.
template <Quantized T, class Body>
ASHLAR_INLINE inline void forGroups(const float *row, int64_t columns, uint8_t *panel, int64_t at,
                                    Body body) {
  for (int64_t first = 0; first < columns; first += GroupColumns) {
    WeightGroup group(row + first, columns - first);
    if (group.size >= 0x1p-32f)
      body(group, panel + scalePlace<T>(at, first), panel + numbersPlace<T>(at, first));
  }
}

template <class T> struct RowWriter;

template <> struct RowWriter<Int8> {
  static constexpr uint8_t Zero = 128;

  static void write(const float *row, int64_t columns, uint8_t *panel, int64_t at) {
    forGroups<Int8>(row, columns, panel, at,
                    [](const WeightGroup &group, uint8_t *scale, uint8_t *numbers) ASHLAR_INLINE {
                      uint16_t half = scaleOf(group);
                      __builtin_memcpy(scale, &half, 2);
                      write(group, 128 / widen<F16>(half), numbers);
                    });
  }

private:
  static uint16_t scaleOf(const WeightGroup &group) {
    float exact = group.size * (128.0f / 127);
    uint16_t narrow = narrowScale(exact);
    // Few digits are left of a scale that is no normal half. It may be too large, but not too
    // small.
    if (group.size * 128 > 127.5f * widen<F16>(narrow))
      ++narrow;
    return narrow;
  }
  static void write(const WeightGroup &group, float inverse, uint8_t *numbers) {
    for (int64_t column = 0; column < GroupColumns; ++column) {
      int32_t level = group.rounded(column / Width, inverse)[column % Width];
      numbers[column / 4 * host::PanelRows * 4 + column % 4] = static_cast<uint8_t>(level);
    }
  }
};

template <> struct RowWriter<Int4> {
  static constexpr uint8_t Zero = 8 * 0x11;
  static_assert(Levels[8] > 0 && Levels[8] < -Levels[7]); // the nearest to zero

  static void write(const float *row, int64_t columns, uint8_t *panel, int64_t at) {
    // Until it is known what they are parts of, scales stand where numbers will.
    float largest = 0;
    forGroups<Int4>(row, columns, panel, at,
                    [&](const WeightGroup &group, uint8_t *, uint8_t *numbers) ASHLAR_INLINE {
                      float scale = scaleOf(group), size = scale < 0 ? -scale : scale;
                      largest = size > largest ? size : largest;
                      __builtin_memcpy(numbers, &scale, 4);
                    });
    float rowScale = largest / 127;
    __builtin_memcpy(panel + at * 4, &rowScale, 4);
    forGroups<Int4>(row, columns, panel, at,
                    [&](const WeightGroup &group, uint8_t *scale, uint8_t *numbers) ASHLAR_INLINE {
                      float exact;
                      __builtin_memcpy(&exact, numbers, 4);
                      int32_t part = partOf(group, exact, rowScale);
                      *scale = static_cast<uint8_t>(part);
                      if (part)
                        write(group, 128 / (rowScale * static_cast<float>(part)), numbers);
                      else
                        __builtin_memset(numbers, Zero, 4);
                    });
  }

private:
  static float scaleOf(const WeightGroup &group) {
    // The largest weight at either end of the levels, or somewhat within or beyond it.
    constexpr float Tries[] = {0.85f, 0.933f, 1.017f, 1.1f};
    constexpr float Ends[] = {Levels[0], Levels[15]};
    float sign = group.negative ? -1.0f : 1.0f, best = -1, scale = 0;
    for (float end : Ends)
      for (float part : Tries) {
        Fit fit(group, sign * end * part / group.size);
        if (fit.quality() > best) {
          best = fit.quality();
          scale = fit.scale();
        }
      }
    return 128 * Fit(group, 1 / scale).scale();
  }

  /// The better of the whole numbers at both sides of scale / rowScale: zero if all of a group are
  /// better zeros than multiples of rowScale.
  static int32_t partOf(const WeightGroup &group, float scale, float rowScale) {
    float exact = scale / rowScale;
    int32_t sign = exact < 0 ? -1 : 1, inner = static_cast<int32_t>(exact), best = 0;
    float least = 0; // what zero leaves
    for (int32_t i = 0; i < 2; ++i) {
      int32_t part = inner + i * sign;
      if (part == 0 || part < -127 || part > 127)
        continue;
      float tried = rowScale * static_cast<float>(part) / 128;
      float errors = Fit(group, 1 / tried).errors(tried);
      if (errors < least) {
        best = part;
        least = errors;
      }
    }
    return best;
  }
  static void write(const WeightGroup &group, float inverse, uint8_t *numbers) {
    for (int64_t column = 0; column < GroupColumns; ++column) {
      int32_t at = group.rounded(column / Width, inverse)[column % Width];
      uint8_t &to = numbers[column / 8 * host::PanelRows * 4 + column % 4];
      uint8_t index = nearestLevels.index[at];
      to = static_cast<uint8_t>(column % 8 < 4 ? index : to | index << 4);
    }
  }
};

inline Misfit firstMisfit(const float *const *rows, int64_t count, int64_t columns) {
  for (int64_t row = 0; row < count; ++row)
    for (int64_t column = 0; column < columns; ++column)
      if (float value = rows[row][column]; !(value >= -LargestWeight && value <= LargestWeight))
        return {row, column};
  return {};
}

/// Writes one panel, `panelSize<T>(columns)` bytes, from at most 32 rows of `columns` weights each.
template <Quantized T>
Misfit quantizePanel(const float *const *rows, int64_t count, int64_t columns, uint8_t *panel) {
  if (Misfit misfit = firstMisfit(rows, count, columns))
    return misfit;
  __builtin_memset(panel, 0, RowScaleBytes<T>);
  for (int64_t column = 0; column < columns; column += BundleColumns<T>) {
    uint8_t *bundle = panel + bundleAt<T>(column);
    __builtin_memset(bundle, 0, BundleScaleBytes);
    __builtin_memset(bundle + BundleScaleBytes, RowWriter<T>::Zero,
                     BundleBytes<T> - BundleScaleBytes);
  }
  for (int64_t row = 0; row < count; ++row)
    RowWriter<T>::write(rows[row], columns, panel, row);
  return {};
}

} // namespace ASHLAR_ISA
} // namespace ashlar::cpu
