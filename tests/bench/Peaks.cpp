#include "tests/bench/Peaks.h"

#include "templates/cpu/vector.h"

namespace bench {

using namespace cpu;

namespace {

// More than an instruction's cycles times those that begin in one; as many as there are registers.
constexpr int64_t Sums = ASHLAR_VECTOR_BYTES == 64 ? 24 : 12;
constexpr uint64_t Steps = 1 << 20;

/// `add` makes the next value of a sum, with one instruction or the few that belong together.
template <class Sum, class Add> void addUp(StepState &state, Add add) {
  timed(state, [&] {
    Sum sums[Sums] = {};
    auto forSums = [&](auto body) ASHLAR_INLINE {
      unrolled<Sums>([&](auto i) ASHLAR_INLINE { body(sums[i]); });
    };
    forSums([](Sum &sum) ASHLAR_INLINE { asm volatile("" : "+v"(sum)); }); // may all be different
    for (uint64_t step = 0; step < Steps; ++step)
      forSums([&](Sum &sum) ASHLAR_INLINE { sum = add(sum); });
    forSums([](Sum &sum) ASHLAR_INLINE { asm volatile("" : : "v"(sum)); });
  });
}

void addFloats(StepState &state) {
  // Each sum is a factor, too: else the product would be the same for all of them.
  const Floats half = broadcast(0.5f), one = broadcast(1.0f);
  addUp<Floats>(state, [&](Floats sum) ASHLAR_INLINE { return multiplyAdd(sum, half, one); });
}

/// Operations of a step where a register's sum is one of so many products.
constexpr double operations(int products) { return 2.0 * products * Width * Sums * Steps; }

} // namespace

constexpr Peak floats = {"f32 at most", addFloats, operations(1)};

#ifdef __AVX512BF16__
static void addPairs(StepState &state) {
  const __m512bh one = (__m512bh)_mm512_set1_epi32(0x3f803f80);
  addUp<Floats>(state, [&](Floats sum) ASHLAR_INLINE {
    return (Floats)_mm512_dpbf16_ps((__m512)sum, one, one);
  });
}
constexpr Peak pairs = {"bf16 at most", addPairs, operations(2)};
#endif

#if defined(__AVX512VNNI__)
// A number of x is two bytes, so that of two instructions one counts.
static void addBytes(StepState &state) {
  const __m512i one = _mm512_set1_epi8(1);
  addUp<Integers>(state, [&](Integers sum) ASHLAR_INLINE {
    return (Integers)_mm512_dpbusd_epi32((__m512i)sum, one, one);
  });
}
constexpr Peak wholeNumbers = {"whole numbers at most", addBytes, operations(4) / 2};
#elif ASHLAR_VECTOR_BYTES == 32
static void addWords(StepState &state) {
  const __m256i one = _mm256_set1_epi16(1);
  addUp<Words>(state, [&](Words sum) ASHLAR_INLINE {
    return (Words)_mm256_madd_epi16((__m256i)sum, one) + (Words)one;
  });
}
constexpr Peak wholeNumbers = {"whole numbers at most", addWords, operations(2)};
#endif

#ifdef __AMX_BF16__
constexpr uint64_t TileSteps = Steps / 16;

static void addTiles(StepState &state) {
  timed(state, [&] {
    Tiles registers;
    registers.setBlock(2 * TileRows, 2 * TileRows);
    unrolled<4>([&](auto i) ASHLAR_INLINE {
      clearTile<i.value>();
      loadTile<4 + i.value>(state.host, TileDepth * 2); // any numbers
    });
    for (uint64_t step = 0; step < TileSteps; ++step)
      unrolled<4>([&](auto i) ASHLAR_INLINE {
        multiplyTiles<i.value, 4 + i.value / 2, 6 + i.value % 2>();
      });
  });
}
constexpr double TileOperations = 2.0 * TileRows * TileRows * TileDepth * 4 * TileSteps;
constexpr Peak tiles = {"tiles at most", addTiles, TileOperations};
constexpr Peak splitTiles = {"tiles at most", addTiles, TileOperations / 2};
#endif

} // namespace bench
