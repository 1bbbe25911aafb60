#include "compiler/devicemap/Number.h"

#include <charconv>
#include <cmath>

namespace ashlar::devicemap {

Number operator+(Number a, Number b) {
  if (a.isReal || b.isReal)
    return Number::real(a.toDouble() + b.toDouble());
  return Number(a.whole + b.whole);
}

Number operator-(Number a, Number b) {
  if (a.isReal || b.isReal)
    return Number::real(a.toDouble() - b.toDouble());
  return Number(a.whole - b.whole);
}

template <class T> static std::strong_ordering order(T a, T b) {
  return a < b   ? std::strong_ordering::less
         : b < a ? std::strong_ordering::greater
                 : std::strong_ordering::equal;
}

static std::strong_ordering order(Int a, double b) {
  // Beyond this the double is the larger one of the two by far, and cannot be an Int.
  constexpr double Limit = 8.5e37;
  if (std::fabs(b) > Limit)
    return order(0.0, b);
  double floor = std::floor(b);
  if (a != static_cast<Int>(floor))
    return order(a, static_cast<Int>(floor));
  return order(floor, b);
}

std::strong_ordering operator<=>(Number a, Number b) {
  if (a.isReal && b.isReal)
    return order(a.value, b.value);
  if (a.isReal)
    return 0 <=> order(b.whole, a.value);
  return b.isReal ? order(a.whole, b.value) : order(a.whole, b.whole);
}

Number floorDivided(Number a, uint64_t count) {
  if (!a.isFloat()) {
    Int n = static_cast<Int>(count), whole = a.truncated();
    return Number(whole / n - (whole % n < 0));
  }
  // By the remainder, as Python does: the quotient alone may round up to the next integer.
  double n = static_cast<double>(count), rest = std::fmod(a.toDouble(), n);
  if (rest < 0)
    rest += n;
  return Number::real(std::round((a.toDouble() - rest) / n));
}

Int truncatedQuotient(Number a, uint64_t count) {
  if (a.isFloat())
    return static_cast<Int>(a.toDouble() / static_cast<double>(count));
  // Python rounds the quotient of two integers once, from the exact value. So: more bits of it than
  // a double holds, the last one standing for all that follow.
  Int whole = a.truncated();
  int shift = 0;
  while (shift < 64 && (whole >> (124 - shift)) == 0)
    ++shift;
  Int scaled = whole << shift, n = static_cast<Int>(count);
  Int quotient = scaled / n | (scaled % n != 0);
  return static_cast<Int>(std::ldexp(static_cast<double>(quotient), -shift));
}

std::string text(Number number) {
  double value = number.toDouble();
  char digits[64];
  if (number.isFloat() && (std::fabs(value) >= 9007199254740992.0 || value != std::trunc(value)))
    return std::string(digits, std::to_chars(digits, std::end(digits), value).ptr);
  // std::to_chars knows no 128 bits in strict C++.
  Int rest = number.truncated();
  bool negative = rest < 0;
  char *first = std::end(digits);
  do {
    int digit = static_cast<int>(rest % 10);
    *--first = static_cast<char>('0' + (negative ? -digit : digit));
    rest /= 10;
  } while (rest);
  if (negative)
    *--first = '-';
  return std::string(first, std::end(digits));
}

} // namespace ashlar::devicemap
