/// Quantized weights in registers: a quad is the four bytes of one row that lie side by side, four
/// levels with 128 added, and a register holds those of as many rows as it has floats.
#pragma once

#include "templates/cpu/quantized.h"

namespace ashlar::cpu {
inline namespace ASHLAR_ISA {

typedef uint8_t Bytes __attribute__((vector_size(4 * Width)));

/// The levels, with 128 added, that the low halves of bytes are the indices of.
ASHLAR_INLINE inline Words lookUpLow(Words indices) {
#if ASHLAR_VECTOR_BYTES == 64
  const __m512i levels = _mm512_load_si512(levelBytes.values);
#ifdef __AVX512VBMI__
  // Of an index, the two upper bits are ignored, and the next two choose one of four equal tables.
  return (Words)_mm512_maskz_permutexvar_epi8(~__mmask64(0), (__m512i)indices, levels);
#else
  return (Words)_mm512_shuffle_epi8(levels, (__m512i)(indices & 0x0f0f0f0f));
#endif
#elif ASHLAR_VECTOR_BYTES == 32
  const __m256i levels = _mm256_load_si256((const __m256i *)levelBytes.values);
  return (Words)_mm256_shuffle_epi8(levels, (__m256i)(indices & 0x0f0f0f0f));
#else
  Bytes bytes = (Bytes)indices & 15;
  for (int64_t i = 0; i < 4 * Width; ++i)
    bytes[i] = levelBytes.values[bytes[i]];
  return (Words)bytes;
#endif
}

/// Two quads of V registers of rows: eight columns of a group, from `base` on, which is where the
/// numbers of the group's first row of these begin.
inline constexpr int64_t QuadColumns = 8;
template <class T, int64_t V>
ASHLAR_INLINE inline void loadQuads(const uint8_t *base, int64_t column, Words (&out)[2][V]) {
  typedef uint32_t Unaligned __attribute__((vector_size(4 * Width), aligned(1), may_alias));
  constexpr int64_t Line = 4 * host::PanelRows;
  unrolled<V>([&](auto v) ASHLAR_INLINE {
    auto line = [&](int64_t i) ASHLAR_INLINE {
      return Words(*reinterpret_cast<const Unaligned *>(base + i * Line + v * 4 * Width));
    };
    if constexpr (LevelBits<T> == 8) {
      out[0][v] = line(column / 4);
      out[1][v] = line(column / 4 + 1);
    } else {
      Words both = line(column / 8);
      out[0][v] = lookUpLow(both);
      out[1][v] = lookUpLow(both >> 4);
    }
  });
}

/// Asks for those lines, `ahead` bytes further on than its own, that are the part of a bundle of a
/// step of a group, which is what loadQuads takes. Asked for all at once, they would stand in each
/// other's way.
template <class T, Asks How, int64_t Group>
ASHLAR_INLINE inline void askAhead(const uint8_t *bundle, auto step, int64_t ahead) {
  constexpr int64_t Steps = BundleColumns<T> / QuadColumns, Lines = BundleBytes<T> / 64;
  static_assert(Lines * 64 == BundleBytes<T>);
  constexpr int64_t at = Group * (GroupColumns / QuadColumns) + step.value;
  constexpr int64_t first = at * Lines / Steps, last = (at + 1) * Lines / Steps;
  prefetch<(last - first) * 64, How>(bundle + first * 64 + ahead);
}

/// The same as numbers, of four columns each, and the 128 is taken away.
template <int64_t V>
ASHLAR_INLINE inline void widenQuads(const Words (&quads)[V], Floats (&out)[4][V]) {
  unrolled<V>([&](auto v) ASHLAR_INLINE {
    unrolled<4>([&](auto k) ASHLAR_INLINE {
      Words level = k == 3 ? quads[v] >> 24 : quads[v] >> (8 * k) & 0xff;
      out[k][v] = __builtin_convertvector((Integers)level, Floats) - 128.0f;
    });
  });
}

/// The scales of V registers of rows of a group of a bundle, of int4 as parts of their rows'.
template <class T, int64_t V>
ASHLAR_INLINE inline void loadScales(const uint8_t *bundle, int64_t group, Floats (&out)[V]) {
  unrolled<V>([&](auto v) ASHLAR_INLINE {
    int64_t row = group * host::PanelRows + v * Width;
    if constexpr (LevelBits<T> == 8)
      out[v] = load<F16>(reinterpret_cast<const uint16_t *>(bundle) + row);
    else
      out[v] = load<Int8Rows>(reinterpret_cast<const int8_t *>(bundle) + row);
  });
}

/// Times the scale of its row, where rows have any.
template <class T, int64_t V>
ASHLAR_INLINE inline void timesRowScales(const uint8_t *panel, Floats (&values)[V]) {
  if constexpr (RowScaleBytes<T> != 0)
    unrolled<V>([&](auto v) ASHLAR_INLINE {
      values[v] *= load(reinterpret_cast<const float *>(panel) + v * Width);
    });
}

} // namespace ASHLAR_ISA
} // namespace ashlar::cpu
