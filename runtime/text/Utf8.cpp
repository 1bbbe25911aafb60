#include "runtime/text/Utf8.h"

namespace ashlar {

CodePoint firstCodePoint(std::string_view text) {
  auto byte = [text](size_t i) { return static_cast<uint8_t>(text[i]); };
  uint8_t first = byte(0);
  if (first < 0x80)
    return {CodePoint::Valid, 1, first};

  unsigned length;
  uint32_t value;
  uint8_t low = 0x80, high = 0xBF; // of the second byte
  if (first >= 0xC2 && first < 0xE0) {
    length = 2;
    value = first & 0x1F;
  } else if (first >= 0xE0 && first < 0xF0) {
    length = 3;
    value = first & 0x0F;
    if (first == 0xE0)
      low = 0xA0; // shorter forms exist
    if (first == 0xED)
      high = 0x9F; // surrogates
  } else if (first >= 0xF0 && first < 0xF5) {
    length = 4;
    value = first & 0x07;
    if (first == 0xF0)
      low = 0x90;
    if (first == 0xF4)
      high = 0x8F; // beyond Unicode
  } else {
    return {CodePoint::Invalid, 1, 0};
  }
  for (unsigned i = 1; i < length; ++i) {
    if (i == text.size())
      return {CodePoint::Incomplete, static_cast<uint8_t>(i), 0};
    if (byte(i) < low || byte(i) > high)
      return {CodePoint::Invalid, static_cast<uint8_t>(i), 0};
    value = value << 6 | (byte(i) & 0x3F);
    low = 0x80;
    high = 0xBF;
  }
  return {CodePoint::Valid, static_cast<uint8_t>(length), value};
}

bool isUtf8(std::string_view text) {
  while (!text.empty()) {
    CodePoint c = firstCodePoint(text);
    if (c.kind != CodePoint::Valid)
      return false;
    text.remove_prefix(c.bytes);
  }
  return true;
}

void appendUtf8(uint32_t c, std::string &text) {
  auto add = [&](uint32_t byte) { text.push_back(static_cast<char>(byte)); };
  auto rest = [&](unsigned shift) { add(0x80 | (c >> shift & 0x3F)); };
  if (c < 0x80)
    return add(c);
  if (c < 0x800)
    return add(0xC0 | c >> 6), rest(0);
  if (c < 0x10000)
    return add(0xE0 | c >> 12), rest(6), rest(0);
  add(0xF0 | c >> 18), rest(12), rest(6), rest(0);
}

} // namespace ashlar
