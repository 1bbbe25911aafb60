/// What the tests of kernels share: an arena whose gaps show reads and writes beyond a tensor,
/// numbers to fill it with, conversions that are independent of those under test, and teams.
#pragma once

#include "runtime/Step.h"
#include "runtime/Team.h"
#include "templates/cpu/panels.h"
#include "tests/unit/Check.h"

#include <cmath>
#include <cstdlib>
#include <cstring>
#include <random>
#include <string>
#include <vector>

namespace kernels {

using namespace ashlar;
using namespace ashlar::host;

/// The value that storage of a type stands for.
template <class T> double decode(typename T::storage stored) {
  if constexpr (sizeof(stored) == 4)
    return stored;
  constexpr int Mantissa = std::is_same_v<T, F16> ? 10 : 7, Bias = Mantissa == 10 ? 15 : 127;
  const int bits = static_cast<int>(stored), top = (1 << (15 - Mantissa)) - 1;
  int exponent = bits >> Mantissa & top, mantissa = bits & ((1 << Mantissa) - 1);
  double size;
  if (exponent == top)
    size = mantissa ? NAN : INFINITY;
  else if (exponent == 0)
    size = std::ldexp(mantissa, 1 - Bias - Mantissa);
  else
    size = std::ldexp(mantissa + (1 << Mantissa), exponent - Bias - Mantissa);
  return bits & 0x8000 ? -size : size;
}

/// The nearest finite storage, even if between two.
template <class T> typename T::storage encode(double value) {
  if constexpr (sizeof(typename T::storage) == 4) {
    return static_cast<float>(value);
  } else {
    constexpr int Mantissa = std::is_same_v<T, F16> ? 10 : 7, Bias = Mantissa == 10 ? 15 : 127;
    int exponent = 0;
    if (value != 0)
      std::frexp(value, &exponent);
    else
      exponent = -1000;
    exponent = std::max(exponent - 1, 1 - Bias);
    // The bits of neighbours are neighbours, so a carry into the exponent is right as it is.
    double units = std::nearbyint(std::ldexp(std::fabs(value), Mantissa - exponent));
    int bits = static_cast<int>(units) + ((exponent + Bias - 1) << Mantissa);
    return static_cast<uint16_t>(bits | (std::signbit(value) ? 0x8000 : 0));
  }
}

/// Tensors with gaps of NaN between them. Outputs begin as NaN, too.
class Arena {
public:
  static constexpr size_t Gap = 256;

  /// Returns the offset of `count` values, which are NaN.
  template <class T> uint64_t add(size_t count) {
    uint64_t offset = (bytes.size() + 3) / 4 * 4; // as aligned as numbers are, and no more
    size_t size = count * sizeof(typename T::storage);
    gaps.push_back({offset + size, Gap});
    bytes.resize(offset + size + Gap, std::byte(0xff));
    return offset;
  }
  template <class T> uint64_t add(const std::vector<typename T::storage> &values) {
    uint64_t offset = add<T>(values.size());
    std::memcpy(bytes.data() + offset, values.data(), values.size() * sizeof(values[0]));
    return offset;
  }
  template <class T> typename T::storage *at(uint64_t offset) {
    return reinterpret_cast<typename T::storage *>(bytes.data() + offset);
  }
  std::byte *data() { return bytes.data(); }

  bool gapsAreWhole() const {
    for (auto [offset, size] : gaps)
      for (size_t i = 0; i < size; ++i)
        if (bytes[offset + i] != std::byte(0xff))
          return false;
    return true;
  }

private:
  struct Range {
    uint64_t offset, size;
  };
  std::vector<std::byte> bytes = std::vector<std::byte>(Gap, std::byte(0xff));
  std::vector<Range> gaps;
};

inline std::mt19937 &generator() {
  static std::mt19937 generator(20240229);
  return generator;
}

template <class T> std::vector<typename T::storage> normal(size_t count, double size = 1) {
  std::normal_distribution<double> distribution(0, size);
  std::vector<typename T::storage> values(count);
  for (auto &value : values)
    value = encode<T>(distribution(generator()));
  return values;
}

/// A matrix of `rows` times `columns` values, in panels.
template <class T>
std::vector<typename T::storage> panels(const std::vector<typename T::storage> &matrix,
                                        int64_t rows, int64_t columns) {
  using Value = typename T::storage;
  std::vector<Value> packed(cpu::panelBytes<T>(rows, columns) / sizeof(Value), Value(1));
  for (int64_t first = 0; first < rows; first += PanelRows) {
    const Value *pointers[PanelRows];
    int64_t count = std::min(PanelRows, rows - first);
    for (int64_t row = 0; row < count; ++row)
      pointers[row] = matrix.data() + (first + row) * columns;
    cpu::packPanel<T>(pointers, count, columns,
                      packed.data() + first / PanelRows * cpu::panelSize<T>(columns));
  }
  return packed;
}

inline Team &team(uint32_t threads) {
  static Team *teams[8] = {};
  Team *&team = teams[threads];
  if (!team) {
    team = new Team(threads);
    std::string error;
    if (!team->start(error)) {
      std::cout << error << '\n';
      std::exit(1);
    }
  }
  return *team;
}

/// Runs body(step) on each of `threads` threads.
template <uint32_t Max, class Body>
void onTeam(uint32_t threads, Arena &arena, StepState state, Body body) {
  state.host = arena.data();
  state.context = &body;
  team(threads).run(
      [](StepState &state) { (*static_cast<Body *>(state.context))(Step<Max>(state)); }, state);
  CHECK(arena.gapsAreWhole());
}

/// Calls body(tokens, threads) for a step of one token, and for longer ones.
template <uint32_t Max, class Body> void forSteps(Body body) {
  for (uint32_t threads : {1u, 2u, 3u})
    if (Max == 1)
      body(1, threads);
    else
      for (uint32_t tokens : {1u, 2u, 7u, 13u})
        body(tokens, threads);
}

inline StepState stateOf(uint32_t tokens) {
  StepState state;
  state.tokens = tokens;
  return state;
}

/// Columns of wider rows, what is left and right of them included.
template <int64_t C> struct Wide {
  static constexpr int64_t Left = 5, Stride = C + 8;
  std::vector<float> values;
  Rows<F32, C, Stride> rows;

  Wide(Arena &arena, uint32_t tokens, double size) : values(normal<F32>(tokens * Stride, size)) {
    rows = Rows<F32, Stride>{arena.add<F32>(values)}.template columns<Left, C>();
  }
  double at(int64_t token, int64_t column) const { return values[token * Stride + Left + column]; }
};

/// The root of the mean square of the difference, relative to that of what is expected. NaN where
/// a number was not written.
inline double relativeError(const float *actual, const std::vector<double> &expected) {
  double difference = 0, size = 0;
  for (size_t i = 0; i < expected.size(); ++i) {
    difference += (actual[i] - expected[i]) * (actual[i] - expected[i]);
    size += expected[i] * expected[i];
  }
  return difference == 0 ? 0 : std::sqrt(difference / size);
}

} // namespace kernels
