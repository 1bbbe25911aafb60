/// Numbers as Python computes with them.
///
/// The rules that this folder follows count bytes in Python: integers, which are exact at any size,
/// and floats wherever a bool (an eighth of a byte), a packed type or a fractional budget comes in.
/// Decisions hang on single bytes, and some rules on whether a number is a float at all, so the two
/// are kept apart here as they are there.
#pragma once

#include <compare>
#include <cstdint>
#include <string>

namespace ashlar::devicemap {

/// 128 bits hold every sum that the limits of ModuleTree.h allow.
using Int = __int128;

class Number {
public:
  constexpr Number() = default;
  constexpr Number(Int whole) : whole(whole) {}
  static constexpr Number real(double value) {
    Number result;
    result.value = value;
    result.isReal = true;
    return result;
  }

  bool isFloat() const { return isReal; }
  double toDouble() const { return isReal ? value : static_cast<double>(whole); }
  /// Towards zero, as int() does.
  Int truncated() const { return isReal ? static_cast<Int>(value) : whole; }

  friend Number operator+(Number a, Number b);
  friend Number operator-(Number a, Number b);
  Number &operator+=(Number b) { return *this = *this + b; }

  /// Exact, also between an integer and a float. No number here is a NaN.
  friend std::strong_ordering operator<=>(Number a, Number b);
  friend bool operator==(Number a, Number b) { return (a <=> b) == 0; }

private:
  Int whole = 0;
  double value = 0;
  bool isReal = false;
};

/// Python's min and max: the first of two that are equal.
inline Number min(Number a, Number b) { return b < a ? b : a; }
inline Number max(Number a, Number b) { return b > a ? b : a; }

/// a // count, and int(a / count).
Number floorDivided(Number a, uint64_t count);
Int truncatedQuotient(Number a, uint64_t count);

/// Shortest digits that read back as the same number; a float that is whole has no point.
std::string text(Number number);

} // namespace ashlar::devicemap
