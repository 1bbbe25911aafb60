#include "compiler/support/Quantity.h"

#include "llvm/ADT/StringRef.h"

#include <cmath>
#include <cstdio>

namespace ashlar {

Nanos nanos(double seconds) {
  double rounded = std::round(seconds * 1e9);
  return Nanos(rounded < 18446744073709551616.0 ? static_cast<uint64_t>(rounded) : UINT64_MAX);
}

/// Three digits that count, without trailing zeros: "1.5", "15.2", "152". Four where the unit is
/// 1024 and the next one not yet reached.
static std::string threeDigits(double value) {
  char text[32];
  int decimals = value < 9.995 ? 2 : value < 99.95 ? 1 : 0;
  snprintf(text, sizeof text, "%.*f", decimals, value);
  llvm::StringRef shown = text;
  if (decimals)
    shown = shown.rtrim('0').rtrim('.');
  return shown.str();
}

/// The value in the largest unit of which it is at least one, as it will be shown: 1023.9 of one
/// unit is 1 of the next.
template <size_t Count>
static std::string inUnits(uint64_t value, double step, const char *const (&units)[Count]) {
  double scaled = static_cast<double>(value);
  size_t unit = 0;
  while (unit + 1 < Count && (unit ? std::round(scaled) : scaled) >= step) {
    scaled /= step;
    ++unit;
  }
  return threeDigits(scaled) + " " + units[unit];
}

std::string forPeople(Bytes bytes) {
  return inUnits(bytes.value, 1024, {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"});
}

std::string forPeople(Nanos time) { return inUnits(time.value, 1000, {"ns", "us", "ms", "s"}); }

std::optional<Bytes> parseBytes(const std::string &text) {
  llvm::StringRef number = text;
  uint64_t plain;
  if (!number.getAsInteger(10, plain))
    return Bytes(plain);

  struct Unit {
    const char *name;
    double bytes;
    bool decimal;
  };
  static const Unit units[] = {{"gib", 1024.0 * 1024 * 1024, false},
                               {"mib", 1024.0 * 1024, false},
                               {"kib", 1024, false},
                               {"gb", 1e9, true},
                               {"mb", 1e6, true},
                               {"kb", 1e3, true}};
  for (const Unit &unit : units) {
    if (!number.consume_back_insensitive(unit.name))
      continue;
    double count;
    if (number.contains_insensitive('x') || number.trim().getAsDouble(count))
      return std::nullopt;
    double bytes = count * unit.bytes;
    // What is no number fails both comparisons. -0.5 is cut to 0, as everything is cut.
    if (!(bytes > -1 && bytes < 18446744073709551616.0))
      return std::nullopt;
    uint64_t whole = static_cast<uint64_t>(std::trunc(bytes));
    return Bytes(unit.decimal && text.back() == 'b' ? whole / 8 : whole);
  }
  return std::nullopt;
}

} // namespace ashlar
