/// Reading UTF-8 that may be broken. What is invalid is measured as Unicode recommends and Rust and
/// Python do: the longest start of a sequence that could have been valid counts as one error.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace ashlar {

inline constexpr std::string_view ReplacementCharacter = "\xEF\xBF\xBD"; // U+FFFD

struct CodePoint {
  enum Kind : uint8_t { Valid, Invalid, Incomplete } kind;
  uint8_t bytes; // of the sequence, of the invalid part, or of the part that is there
  uint32_t value;
};

/// The first code point of a text that is not empty.
CodePoint firstCodePoint(std::string_view text);

bool isUtf8(std::string_view text);

/// The code point at a place of a text that is known to be valid, and its length.
inline uint32_t codePointAt(const char *p, size_t &bytes) {
  auto byte = [p](int i) { return static_cast<uint8_t>(p[i]); };
  uint8_t first = byte(0);
  if (first < 0x80)
    return bytes = 1, first;
  if (first < 0xE0)
    return bytes = 2, (first & 0x1Fu) << 6 | (byte(1) & 0x3Fu);
  if (first < 0xF0)
    return bytes = 3, (first & 0x0Fu) << 12 | (byte(1) & 0x3Fu) << 6 | (byte(2) & 0x3Fu);
  return bytes = 4, (first & 0x07u) << 18 | (byte(1) & 0x3Fu) << 12 | (byte(2) & 0x3Fu) << 6 |
                        (byte(3) & 0x3Fu);
}

void appendUtf8(uint32_t codePoint, std::string &text);

} // namespace ashlar
