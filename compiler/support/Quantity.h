/// Bytes and nanoseconds that cannot be mixed up, and sums and products of untrusted sizes that
/// cannot wrap around.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>

namespace ashlar {

template <class Tag> struct Quantity {
  uint64_t value = 0;

  constexpr Quantity() = default;
  constexpr explicit Quantity(uint64_t value) : value(value) {}

  friend constexpr auto operator<=>(Quantity, Quantity) = default;
  // What is too large for 64 bits is the largest: a slow device must not become a fast one.
  friend constexpr Quantity operator+(Quantity a, Quantity b) {
    uint64_t sum;
    return Quantity(__builtin_add_overflow(a.value, b.value, &sum) ? UINT64_MAX : sum);
  }
  friend constexpr Quantity operator-(Quantity a, Quantity b) {
    return Quantity(a.value - b.value);
  }
  friend constexpr Quantity operator*(Quantity a, uint64_t n) {
    uint64_t product;
    return Quantity(__builtin_mul_overflow(a.value, n, &product) ? UINT64_MAX : product);
  }
  constexpr Quantity &operator+=(Quantity b) { return *this = *this + b; }
};

using Bytes = Quantity<struct BytesTag>;
using Nanos = Quantity<struct NanosTag>;

/// Rounded; endless is the longest.
Nanos nanos(double seconds);

/// The product or sum, or nothing where 64 bits do not hold it.
inline std::optional<uint64_t> checkedMul(uint64_t a, uint64_t b) {
  uint64_t result;
  return __builtin_mul_overflow(a, b, &result) ? std::nullopt : std::optional(result);
}
inline std::optional<uint64_t> checkedAdd(uint64_t a, uint64_t b) {
  uint64_t result;
  return __builtin_add_overflow(a, b, &result) ? std::nullopt : std::optional(result);
}

constexpr uint64_t alignUp(uint64_t value, uint64_t alignment) {
  return (value + alignment - 1) / alignment * alignment;
}

/// "1.5 GiB", "512 KiB", "12 B": for people. Files and tests get plain numbers.
std::string forPeople(Bytes bytes);
/// "1.52 ms", "830 ns".
std::string forPeople(Nanos time);

/// Reads a size in Accelerate's units: "22GiB", "20GB", "512MB", "1024" (bytes). Like Accelerate,
/// GB is 10^9 and GiB 2^30; a lower-case final b counts bits.
std::optional<Bytes> parseBytes(const std::string &text);

} // namespace ashlar
