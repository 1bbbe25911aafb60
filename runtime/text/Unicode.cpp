#include "runtime/text/Unicode.h"

#include "runtime/text/UnicodeRanges.h"

#include <algorithm>
#include <array>
#include <iterator>

namespace ashlar {
namespace {

enum Class : uint32_t { Letter = 1, Number = 2, Word = 4 };

constexpr uint32_t search(uint32_t codePoint) {
  // The first entry behind the code point, whatever its classes; the table starts with 0.
  auto behind =
      std::upper_bound(std::begin(UnicodeRanges), std::end(UnicodeRanges), codePoint << 3 | 7);
  return std::prev(behind)[0] & 7;
}

constexpr std::array<uint8_t, 1024> common = [] {
  std::array<uint8_t, 1024> table{};
  for (uint32_t c = 0; c < table.size(); ++c)
    table[c] = static_cast<uint8_t>(search(c));
  return table;
}();

uint32_t classes(uint32_t codePoint) {
  return codePoint < common.size() ? common[codePoint] : search(codePoint);
}

} // namespace

bool isLetter(uint32_t codePoint) { return classes(codePoint) & Letter; }
bool isNumber(uint32_t codePoint) { return classes(codePoint) & Number; }
bool isWord(uint32_t codePoint) { return classes(codePoint) & Word; }

bool isSpace(uint32_t c) {
  if (c < 0x80)
    return c == ' ' || (c >= '\t' && c <= '\r');
  return c == 0x85 || c == 0xA0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200A) || c == 0x2028 ||
         c == 0x2029 || c == 0x202F || c == 0x205F || c == 0x3000;
}

} // namespace ashlar
