/// As many floats as fit into a register, and what kernels do with them. All of it is f32: f16 and
/// bf16 are widened exactly when they are read and rounded to nearest even when they are written.
#pragma once

#include "runtime/Step.h"
#include "templates/cpu/isa.h"

#include <type_traits>

#if ASHLAR_VECTOR_BYTES > 16
#include <immintrin.h>
#endif

namespace ashlar::cpu {
inline namespace ASHLAR_ISA {

inline constexpr int64_t Width = ASHLAR_VECTOR_BYTES / 4;

typedef float Floats __attribute__((vector_size(4 * Width)));
typedef int32_t Integers __attribute__((vector_size(4 * Width)));
typedef uint32_t Words __attribute__((vector_size(4 * Width)));
typedef uint16_t Halves __attribute__((vector_size(2 * Width)));

template <int64_t I> struct Constant {
  static constexpr int64_t value = I;
  ASHLAR_INLINE constexpr operator int64_t() const { return I; }
};

/// Calls body(Constant<0>), body(Constant<1>), … below N: a loop that is unrolled at every level of
/// optimisation, so that arrays which it indexes stay in registers.
template <int64_t N, int64_t I = 0, class Body> ASHLAR_INLINE inline void unrolled(Body &&body) {
  if constexpr (I < N) {
    body(Constant<I>());
    unrolled<N, I + 1>(body);
  }
}

ASHLAR_INLINE inline Floats broadcast(float value) { return value - Floats{}; }

ASHLAR_INLINE inline Floats multiplyAdd(Floats a, Floats b, Floats c) {
#if ASHLAR_VECTOR_BYTES == 64
  return _mm512_fmadd_ps(a, b, c);
#elif ASHLAR_VECTOR_BYTES == 32
  return _mm256_fmadd_ps(a, b, c);
#else
  return a * b + c;
#endif
}

/// a > b ? a : b, and the other way round: b where one of them is NaN.
ASHLAR_INLINE inline Floats larger(Floats a, Floats b) {
#if ASHLAR_VECTOR_BYTES == 64
  return _mm512_maskz_max_ps(0xffff, a, b);
#elif ASHLAR_VECTOR_BYTES == 32
  return _mm256_max_ps(a, b);
#else
  return a > b ? a : b;
#endif
}
ASHLAR_INLINE inline Floats smaller(Floats a, Floats b) {
#if ASHLAR_VECTOR_BYTES == 64
  return _mm512_maskz_min_ps(0xffff, a, b);
#elif ASHLAR_VECTOR_BYTES == 32
  return _mm256_min_ps(a, b);
#else
  return a < b ? a : b;
#endif
}

ASHLAR_INLINE inline Words wider(Halves value) {
#if ASHLAR_VECTOR_BYTES == 64
  // With a mask here and below: g++ reports the other form as uninitialized.
  return (Words)_mm512_maskz_cvtepu16_epi32(0xffff, (__m256i)value);
#elif ASHLAR_VECTOR_BYTES == 32
  return (Words)_mm256_cvtepu16_epi32((__m128i)value);
#else
  return __builtin_convertvector(value, Words);
#endif
}

// f16 where the processor cannot convert it. All in integers or with normal numbers: denormals are
// off in the threads that compute.
ASHLAR_INLINE inline Floats widenHalves(Words half) {
  Integers size = (Integers)(half & 0x7fff) << 13; // as if the exponent had the same zero
  Integers denormal = (Integers)(__builtin_convertvector(size >> 13, Floats) * 0x1p-24f);
  Integers normal = size + (112 << 23), special = size + (224 << 23); // infinities and NaN
  Integers result = size < 1 << 23 ? denormal : size < 31 << 23 ? normal : special;
  return (Floats)((Words)result | (half & 0x8000) << 16);
}

inline uint16_t narrowHalf(float value) {
  uint32_t bits;
  __builtin_memcpy(&bits, &value, 4);
  uint32_t sign = bits >> 16 & 0x8000, size = bits & 0x7fffffff;
  if (size > 0x7f800000)
    return static_cast<uint16_t>(sign | 0x7e00 | (size >> 13 & 0x3ff));
  if (size >= 0x477ff000) // 65520: would be rounded to 65536
    return static_cast<uint16_t>(sign | 0x7c00);
  if (size >= 0x38800000) { // 2^-14: a normal half
    size -= 112u << 23;
    return static_cast<uint16_t>(sign | (size + 0xfff + (size >> 13 & 1)) >> 13);
  }
  if (size < 0x33000000) // less than half of the smallest
    return static_cast<uint16_t>(sign);
  uint32_t shift = 126 - (size >> 23), mantissa = (size & 0x7fffff) | 0x800000;
  uint32_t rest = mantissa & ((1u << shift) - 1), middle = 1u << (shift - 1);
  uint32_t result = mantissa >> shift;
  result += rest > middle || (rest == middle && (result & 1));
  return static_cast<uint16_t>(sign | result);
}

// Storage of one type: how registers read and write it. Addresses need not be aligned.
template <class T> struct Memory;

template <> struct Memory<F32> {
  typedef float Unaligned __attribute__((vector_size(4 * Width), aligned(4), may_alias));
  ASHLAR_INLINE static Floats load(const float *from) {
    return *reinterpret_cast<const Unaligned *>(from);
  }
  ASHLAR_INLINE static void store(float *to, Floats value) {
    *reinterpret_cast<Unaligned *>(to) = value;
  }
};

struct HalfMemory {
  typedef uint16_t Unaligned __attribute__((vector_size(2 * Width), aligned(2), may_alias));
  ASHLAR_INLINE static Halves bits(const uint16_t *from) {
    return *reinterpret_cast<const Unaligned *>(from);
  }
  ASHLAR_INLINE static void setBits(uint16_t *to, Halves value) {
    *reinterpret_cast<Unaligned *>(to) = value;
  }
};

template <> struct Memory<F16> : HalfMemory {
  ASHLAR_INLINE static Floats load(const uint16_t *from) {
#if ASHLAR_VECTOR_BYTES == 64
    return _mm512_maskz_cvtph_ps(0xffff, (__m256i)bits(from));
#elif ASHLAR_VECTOR_BYTES == 32
    return _mm256_cvtph_ps((__m128i)bits(from));
#else
    return widenHalves(wider(bits(from)));
#endif
  }
  ASHLAR_INLINE static void store(uint16_t *to, Floats value) {
#if ASHLAR_VECTOR_BYTES == 64
    setBits(to, (Halves)_mm512_maskz_cvtps_ph(0xffff, value, _MM_FROUND_TO_NEAREST_INT));
#elif ASHLAR_VECTOR_BYTES == 32
    setBits(to, (Halves)_mm256_cvtps_ph(value, _MM_FROUND_TO_NEAREST_INT));
#else
    for (int64_t i = 0; i < Width; ++i)
      to[i] = narrowHalf(value[i]);
#endif
  }
};

template <> struct Memory<BF16> : HalfMemory {
  ASHLAR_INLINE static Floats load(const uint16_t *from) {
    return (Floats)(wider(bits(from)) << 16);
  }
  ASHLAR_INLINE static void store(uint16_t *to, Floats value) {
    Words word = (Words)value, rounded = (word + 0x7fff + (word >> 16 & 1)) >> 16;
    Words quiet = word >> 16 | 0x40;
    setBits(to,
            __builtin_convertvector((word & 0x7fffffff) > 0x7f800000 ? quiet : rounded, Halves));
  }
};

// Whole numbers as they are, without the scale.
template <> struct Memory<Int8Rows> {
  typedef int8_t Levels __attribute__((vector_size(Width)));
  typedef int8_t Unaligned __attribute__((vector_size(Width), aligned(1), may_alias));
  ASHLAR_INLINE static Floats load(const int8_t *from) {
#if ASHLAR_VECTOR_BYTES == 64
    __m128i levels = _mm_loadu_si128(reinterpret_cast<const __m128i *>(from));
    return __builtin_convertvector((Integers)_mm512_maskz_cvtepi8_epi32(0xffff, levels), Floats);
#elif ASHLAR_VECTOR_BYTES == 32
    __m128i levels = _mm_loadl_epi64(reinterpret_cast<const __m128i *>(from));
    return __builtin_convertvector((Integers)_mm256_cvtepi8_epi32(levels), Floats);
#else
    return __builtin_convertvector(*reinterpret_cast<const Unaligned *>(from), Floats);
#endif
  }
  /// Rounded to the nearest, which must be from -128 to 127.
  ASHLAR_INLINE static void store(int8_t *to, Floats value) {
    Integers levels = (Integers)(value + 0x1.8p23f) - 0x4b400000;
    *reinterpret_cast<Unaligned *>(to) = __builtin_convertvector(levels, Levels);
  }
};

template <class T = F32> ASHLAR_INLINE inline Floats load(const typename T::storage *from) {
  return Memory<T>::load(from);
}
template <class T = F32> ASHLAR_INLINE inline void store(typename T::storage *to, Floats value) {
  Memory<T>::store(to, value);
}

/// The first `count` only, at least one; zeros beyond.
template <class T = F32>
ASHLAR_INLINE inline Floats load(const typename T::storage *from, int64_t count) {
  if (count >= Width)
    return load<T>(from);
#if ASHLAR_VECTOR_BYTES == 64
  if constexpr (std::is_same_v<T, F32>)
    return _mm512_maskz_loadu_ps(static_cast<__mmask16>((1 << count) - 1), from);
#endif
  typename T::storage part[Width] = {};
  for (int64_t i = 0; i < Width && i < count; ++i)
    part[i] = from[i];
  return load<T>(part);
}
template <class T = F32>
ASHLAR_INLINE inline void store(typename T::storage *to, Floats value, int64_t count) {
  if (count >= Width)
    return store<T>(to, value);
  typename T::storage part[Width];
  store<T>(part, value);
  for (int64_t i = 0; i < Width && i < count; ++i)
    to[i] = part[i];
}

/// One value of storage.
template <class T> ASHLAR_INLINE inline float widen(typename T::storage value) {
  typename T::storage part[Width] = {value};
  return load<T>(part)[0];
}

/// e^x within two units in the last place; 0 below -104, infinity above 89, NaN for NaN.
/// x = n ln 2 + r with |r| <= ln 2 / 2; the series of e^r ends where the next term is 5e-9.
ASHLAR_INLINE inline Floats exponential(Floats x) {
  x = smaller(broadcast(150.0f), larger(broadcast(-150.0f), x));
  const Floats magic = broadcast(0x1.8p23f); // added, it leaves the nearest integer in the low bits
  Floats shifted = multiplyAdd(x, broadcast(0x1.715476p0f), magic);
  Floats n = shifted - magic;
  Floats r = multiplyAdd(n, broadcast(-355.0f / 512), x);
  r = multiplyAdd(n, broadcast(2.12194440e-4f), r);
  Floats y = broadcast(1.0f / 5040);
  y = multiplyAdd(y, r, broadcast(1.0f / 720));
  y = multiplyAdd(y, r, broadcast(1.0f / 120));
  y = multiplyAdd(y, r, broadcast(1.0f / 24));
  y = multiplyAdd(y, r, broadcast(1.0f / 6));
  y = multiplyAdd(y, r, broadcast(0.5f));
  y = multiplyAdd(y * r, r, r) + 1.0f;
#if ASHLAR_VECTOR_BYTES == 64
  return _mm512_maskz_scalef_ps(0xffff, y, n);
#else
  // 2^n in two factors, since n may be beyond what one exponent can say.
  Integers whole = (Integers)shifted - 0x4b400000, half = whole >> 1;
  return y * (Floats)((half + 127) << 23) * (Floats)((whole - half + 127) << 23);
#endif
}

// a0 b0 a1 b1 … of the lower halves, and of the upper.
ASHLAR_INLINE inline Floats zipLow(Floats a, Floats b) {
#if ASHLAR_VECTOR_BYTES == 64
  const __m512i order = _mm512_setr_epi32(0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
  return _mm512_permutex2var_ps(a, order, b);
#elif ASHLAR_VECTOR_BYTES == 32
  return _mm256_permute2f128_ps(_mm256_unpacklo_ps(a, b), _mm256_unpackhi_ps(a, b), 0x20);
#else
  return Floats{a[0], b[0], a[1], b[1]};
#endif
}
ASHLAR_INLINE inline Floats zipHigh(Floats a, Floats b) {
#if ASHLAR_VECTOR_BYTES == 64
  const __m512i order =
      _mm512_setr_epi32(8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
  return _mm512_permutex2var_ps(a, order, b);
#elif ASHLAR_VECTOR_BYTES == 32
  return _mm256_permute2f128_ps(_mm256_unpacklo_ps(a, b), _mm256_unpackhi_ps(a, b), 0x31);
#else
  return Floats{a[2], b[2], a[3], b[3]};
#endif
}

inline constexpr int64_t Rounds = Width == 16 ? 4 : Width == 8 ? 3 : 2; // log2(Width)

/// A square of Width rows, turned: perfect shuffles of its rows.
ASHLAR_INLINE inline void turn(Floats (&rows)[Width]) {
  unrolled<Rounds>([&](auto) ASHLAR_INLINE {
    Floats next[Width];
    unrolled<Width / 2>([&](auto i) ASHLAR_INLINE {
      next[2 * i] = zipLow(rows[i], rows[i + Width / 2]);
      next[2 * i + 1] = zipHigh(rows[i], rows[i + Width / 2]);
    });
    unrolled<Width>([&](auto i) ASHLAR_INLINE { rows[i] = next[i]; });
  });
}

// The same of each four floats: a0 b0 a1 b1, and a2 b2 a3 b3.
ASHLAR_INLINE inline Floats zipFoursLow(Floats a, Floats b) {
#if ASHLAR_VECTOR_BYTES == 64
  return _mm512_maskz_unpacklo_ps(0xffff, a, b);
#elif ASHLAR_VECTOR_BYTES == 32
  return _mm256_unpacklo_ps(a, b);
#else
  return zipLow(a, b);
#endif
}
ASHLAR_INLINE inline Floats zipFoursHigh(Floats a, Floats b) {
#if ASHLAR_VECTOR_BYTES == 64
  return _mm512_maskz_unpackhi_ps(0xffff, a, b);
#elif ASHLAR_VECTOR_BYTES == 32
  return _mm256_unpackhi_ps(a, b);
#else
  return zipHigh(a, b);
#endif
}

/// What each of Width vectors amounts to, in order: halves are joined as they meet, first within
/// each four floats, where shuffles cost least.
template <class Join> ASHLAR_INLINE inline Floats joined(Floats (&rows)[Width], Join join) {
  auto pair = [&](Floats a, Floats b)
                  ASHLAR_INLINE { return join(zipFoursLow(a, b), zipFoursHigh(a, b)); };
  unrolled<Width / 4>([&](auto i) ASHLAR_INLINE {
    const Floats *of = rows + 4 * i;
    rows[i] = pair(pair(of[0], of[2]), pair(of[1], of[3]));
  });
#if ASHLAR_VECTOR_BYTES == 64
  auto fours = [&](Floats a, Floats b) ASHLAR_INLINE {
    return join(_mm512_maskz_shuffle_f32x4(0xffff, a, b, 0x88),
                _mm512_maskz_shuffle_f32x4(0xffff, a, b, 0xdd));
  };
  return fours(fours(rows[0], rows[1]), fours(rows[2], rows[3]));
#elif ASHLAR_VECTOR_BYTES == 32
  return join(_mm256_permute2f128_ps(rows[0], rows[1], 0x20),
              _mm256_permute2f128_ps(rows[0], rows[1], 0x31));
#else
  return rows[0];
#endif
}
ASHLAR_INLINE inline Floats sums(Floats (&rows)[Width]) {
  return joined(rows, [](Floats a, Floats b) ASHLAR_INLINE { return a + b; });
}

/// The sum of all, and the largest of all.
ASHLAR_INLINE inline float sum(Floats value) {
  unrolled<Rounds>([&](auto)
                       ASHLAR_INLINE { value = zipLow(value, value) + zipHigh(value, value); });
  return value[0];
}
ASHLAR_INLINE inline float largest(Floats value) {
  unrolled<Rounds>(
      [&](auto) ASHLAR_INLINE { value = larger(zipLow(value, value), zipHigh(value, value)); });
  return value[0];
}

/// How bytes are asked for: into the first cache if they are read soon, else no nearer than into
/// the second. What is on its way to the first takes one of the few places for all that a processor
/// waits for; but there are processors that drop requests for the second.
enum class Asks : uint8_t { Nothing, Soon, Later };

/// Asks for bytes, which may lie beyond all there is.
template <int64_t Bytes, Asks How = Asks::Soon>
ASHLAR_INLINE inline void prefetch(const void *from) {
  if constexpr (How != Asks::Nothing)
    unrolled<(Bytes + 63) / 64>([&](auto line) ASHLAR_INLINE {
      __builtin_prefetch(static_cast<const char *>(from) + line * 64, 0, How == Asks::Soon ? 3 : 2);
    });
}

/// Calls body(how to ask for what lies `ahead` bytes further on than what is read).
template <class Body> ASHLAR_INLINE inline void asking(int64_t ahead, Body body) {
  if (ahead == 0)
    body(Constant<int64_t(Asks::Nothing)>());
  else if (ahead <= host::SoonBytes)
    body(Constant<int64_t(Asks::Soon)>());
  else
    body(Constant<int64_t(Asks::Later)>());
}

} // namespace ASHLAR_ISA
} // namespace ashlar::cpu
