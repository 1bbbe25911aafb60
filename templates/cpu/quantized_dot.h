/// Rows of x times a panel of quantized weights.
///
/// x is quantized, too: in groups of 32 columns, as whole numbers of 15 bits, which adds an error
/// of about 4e-5. All that follows within a group is exact, in integers. Where instructions
/// multiply bytes (VNNI), a number is 128 times its upper part and a lower part, and both are
/// bytes: twice the multiplications of a byte alone cost nothing while memory is what is waited
/// for, and a byte alone would add an error of 5e-3. Without them weights become 16 bits wide.
/// Plain C++ leaves x as it is.
#pragma once

#include "templates/cpu/quads.h"

namespace ashlar::cpu {
inline namespace ASHLAR_ISA {

#if ASHLAR_VECTOR_BYTES > 16
/// The largest number that x becomes: its upper part is a signed byte, then.
inline constexpr float LargestNumber = 127 * 128;

/// At most `Columns` columns of a row of x, few enough for the stack.
template <int64_t Columns> struct QuantizedRow {
#ifdef __AVX512VNNI__
  alignas(64) int8_t upper[Columns];
  alignas(64) int8_t lower[Columns];
#else
  // Of four columns first and third, second and fourth: those that halves of words hold.
  alignas(64) int16_t numbers[Columns];
#endif
  // Of x times that of w: the 128th of a level is in here.
  alignas(64) float scales[Columns / GroupColumns];
  // What the 128 that was added to all weights makes of x, taken away.
  alignas(64) int32_t starts[Columns / GroupColumns];

  [[gnu::noinline]] void take(const float *x, int64_t count) {
    Floats strange = {};
    int64_t whole = count / TogetherColumns * TogetherColumns;
    for (int64_t first = 0; first < whole; first += TogetherColumns)
      takeGroups(x + first, first, strange);
    if (whole < count) {
      alignas(64) float rest[TogetherColumns] = {};
      __builtin_memcpy(rest, x + whole, static_cast<size_t>(count - whole) * sizeof(float));
      takeGroups(rest, whole, strange);
    }
    if (float none = sum(strange); none != 0)
      scales[0] = none;
  }

private:
  // As many groups as a register has floats: each of those stands for one of them.
  static constexpr int64_t TogetherColumns = Width * GroupColumns;

  /// `strange` becomes NaN if x holds an infinity or NaN, which must not get lost.
  ASHLAR_INLINE void takeGroups(const float *x, int64_t first, Floats &strange) {
    Floats highs[Width] = {}, totals[Width];
    for (int64_t group = 0; group < Width; ++group)
      for (int64_t i = 0; i < GroupColumns; i += Width) {
        Floats part = load(x + group * GroupColumns + i);
        highs[group] = larger(highs[group], (Floats)((Words)part & 0x7fffffff));
        strange += part * 0.0f;
      }
    Floats sizes = joined(highs, larger), zero = {};
    alignas(64) float inverses[Width];
    store(inverses, sizes < 1e-30f ? zero : LargestNumber / sizes);
    for (int64_t group = 0; group < Width; ++group) {
      Words total = {}; // of what is strange it may wrap around
      for (int64_t i = 0; i < GroupColumns; i += Width) {
        int64_t at = group * GroupColumns + i;
        Integers part = (Integers)(load(x + at) * inverses[group] + 0x1.8p23f) - 0x4b400000;
        total += (Words)part;
        put(first + at, part);
      }
      totals[group] = __builtin_convertvector((Integers)total, Floats); // small enough to be exact
    }
    store(scales + first / GroupColumns,
          sizes < 1e-30f ? zero : sizes * (1 / (LargestNumber * 128)));
    Words start = (Words) __builtin_convertvector(sums(totals), Integers) * -128u;
    store(reinterpret_cast<float *>(starts + first / GroupColumns), (Floats)start);
  }

  ASHLAR_INLINE void put(int64_t at, Integers part) {
#ifdef __AVX512VNNI__
    Integers above = (Integers)((Words)part + 64) >> 7;
    auto store = [](int8_t *to, Integers bytes) ASHLAR_INLINE {
      _mm_store_si128((__m128i *)to, _mm512_maskz_cvtepi32_epi8(0xffff, (__m512i)bytes));
    };
    store(upper + at, above);
    store(lower + at, (Integers)((Words)part - ((Words)above << 7)));
#else
    typedef int16_t Shorts __attribute__((vector_size(2 * Width)));
    Shorts narrow = __builtin_convertvector(part, Shorts);
    constexpr int Order = 0xd8; // 0 2 1 3
#if ASHLAR_VECTOR_BYTES == 64
    __m256i turned = _mm256_shufflehi_epi16((__m256i)narrow, Order);
    _mm256_store_si256((__m256i *)(numbers + at), _mm256_shufflelo_epi16(turned, Order));
#else
    __m128i turned = _mm_shufflehi_epi16((__m128i)narrow, Order);
    _mm_store_si128((__m128i *)(numbers + at), _mm_shufflelo_epi16(turned, Order));
#endif
#endif
  }
};

/// Four bytes, or two numbers, in all lanes.
ASHLAR_INLINE inline Integers broadcastWord(const void *from) {
  int32_t word;
  __builtin_memcpy(&word, from, 4);
  return word - Integers{};
}

#ifndef __AVX512VNNI__
/// total += four columns of weights times four numbers.
ASHLAR_INLINE inline void addQuad(Words quad, const int16_t *numbers, Integers &total) {
  typedef uint16_t Pairs __attribute__((vector_size(4 * Width)));
  Integers even = broadcastWord(numbers), odd = broadcastWord(numbers + 2);
  Words evens = quad & 0x00ff00ff, odds = (Words)((Pairs)quad >> 8);
#if ASHLAR_VECTOR_BYTES == 64
  total += (Integers)_mm512_madd_epi16((__m512i)evens, (__m512i)even);
  total += (Integers)_mm512_madd_epi16((__m512i)odds, (__m512i)odd);
#else
  total += (Integers)_mm256_madd_epi16((__m256i)evens, (__m256i)even);
  total += (Integers)_mm256_madd_epi16((__m256i)odds, (__m256i)odd);
#endif
  // g++ would keep all products of a group in memory and add them up at its end.
  asm("" : "+v"(total));
}
#endif

/// sums += R rows of x times one group of a bundle, `at` columns behind the beginning of x, but for
/// the rows' scales of weights. Calls ask(step of the group) before it loads what that multiplies.
template <class T, int64_t R, int64_t V, int64_t Columns, class Ask>
ASHLAR_INLINE inline void addGroup(const uint8_t *bundle, int64_t group,
                                   const QuantizedRow<Columns> (&x)[R], int64_t at,
                                   Floats (&sums)[R][V], Ask ask) {
  const uint8_t *numbers = bundle + BundleScaleBytes + group * GroupBytes<T>;
  Integers totals[R][V]; // with VNNI, of lower parts
  unrolled<R>([&](auto r) ASHLAR_INLINE {
    int32_t start = x[r].starts[at / GroupColumns];
    unrolled<V>([&](auto v) ASHLAR_INLINE { totals[r][v] = start - Integers{}; });
  });
#ifdef __AVX512VNNI__
  Integers uppers[R][V] = {};
  unrolled<GroupColumns / QuadColumns>([&](auto step) ASHLAR_INLINE {
    Words quads[2][V];
    ask(step);
    loadQuads<T>(numbers, step * QuadColumns, quads);
    unrolled<2 * R>([&](auto i) ASHLAR_INLINE {
      constexpr int64_t d = i.value / R, r = i.value % R;
      int64_t column = at + step * QuadColumns + d * 4;
      Integers upper = broadcastWord(x[r].upper + column);
      Integers lower = broadcastWord(x[r].lower + column);
      unrolled<V>([&](auto v) ASHLAR_INLINE {
        __m512i w = (__m512i)quads[d][v];
        Integers &above = uppers[r][v], &below = totals[r][v];
        above = (Integers)_mm512_dpbusd_epi32((__m512i)above, w, (__m512i)upper);
        below = (Integers)_mm512_dpbusd_epi32((__m512i)below, w, (__m512i)lower);
      });
    });
  });
#else
  // One register of weights after another: there are few for products.
  unrolled<GroupColumns / QuadColumns * V>([&](auto i) ASHLAR_INLINE {
    constexpr int64_t step = i.value / V, v = i.value % V;
    Words quads[2][1];
    if constexpr (v == 0)
      ask(Constant<step>());
    loadQuads<T>(numbers + v * 4 * Width, step * QuadColumns, quads);
    unrolled<2 * R>([&](auto i) ASHLAR_INLINE {
      constexpr int64_t d = i.value / R, r = i.value % R;
      addQuad(quads[d][0], x[r].numbers + at + step * QuadColumns + d * 4, totals[r][v]);
    });
  });
#endif
  Floats scales[V];
  loadScales<T>(bundle, group, scales);
  unrolled<R>([&](auto r) ASHLAR_INLINE {
    float scale = x[r].scales[at / GroupColumns];
    unrolled<V>([&](auto v) ASHLAR_INLINE {
#ifdef __AVX512VNNI__
      totals[r][v] += uppers[r][v] << 7;
#endif
      Floats total = __builtin_convertvector(totals[r][v], Floats);
      sums[r][v] = multiplyAdd(total, scales[v] * scale, sums[r][v]);
    });
  });
}

#else

/// Those of a row of x that are multiplied at a time.
template <int64_t> struct QuantizedRow {
  const float *x;
  int64_t count;
  void take(const float *from, int64_t columns) {
    x = from;
    count = columns;
  }
};

template <class T, int64_t R, int64_t V, int64_t Columns, class Ask>
ASHLAR_INLINE inline void addGroup(const uint8_t *bundle, int64_t group,
                                   const QuantizedRow<Columns> (&x)[R], int64_t at,
                                   Floats (&sums)[R][V], Ask ask) {
  static_assert(R == 1); // many rows are multiplied with weights that were made f32
  const uint8_t *numbers = bundle + BundleScaleBytes + group * GroupBytes<T>;
  Floats totals[V] = {}, scales[V];
  int64_t columns = x[0].count - at < GroupColumns ? x[0].count - at : GroupColumns;
  unrolled<GroupColumns / QuadColumns>(ask);
  for (int64_t column = 0; column < columns; column += QuadColumns) {
    Words quads[2][V];
    Floats levels[4][V];
    loadQuads<T>(numbers, column, quads);
    for (int64_t k = 0; k < QuadColumns && column + k < columns; ++k) {
      if (k % 4 == 0)
        widenQuads(quads[k / 4], levels);
      Floats value = broadcast(x[0].x[at + column + k]);
      unrolled<V>([&](auto v) ASHLAR_INLINE {
        totals[v] = multiplyAdd(levels[k % 4][v], value, totals[v]);
      });
    }
  }
  loadScales<T>(bundle, group, scales);
  unrolled<V>([&](auto v) ASHLAR_INLINE { sums[0][v] += totals[v] * (scales[v] * (1.0f / 128)); });
}
#endif

} // namespace ASHLAR_ISA
} // namespace ashlar::cpu
