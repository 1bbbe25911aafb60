/// The character classes that tokenizers cut text by, of Unicode 16.0.
#pragma once

#include <cstdint>

namespace ashlar {

bool isLetter(uint32_t codePoint); // \p{L}
bool isNumber(uint32_t codePoint); // \p{N}
bool isWord(uint32_t codePoint);   // \w
bool isSpace(uint32_t codePoint);  // \s, that is White_Space

} // namespace ashlar
