#include "runtime/text/Split.h"

#include "runtime/text/Unicode.h"
#include "runtime/text/Utf8.h"

namespace ashlar {
namespace {

bool isNewline(uint32_t c) { return c == '\r' || c == '\n'; }
bool isOther(uint32_t c) { return !isSpace(c) && !isLetter(c) && !isNumber(c); }

uint32_t at(std::string_view text, size_t i, size_t &bytes) {
  return codePointAt(text.data() + i, bytes);
}

// The end of the run of characters of a class that starts at `i`, of at most `limit` characters.
template <class Predicate>
size_t endOfRun(std::string_view text, size_t i, Predicate is, size_t limit = ~size_t(0)) {
  size_t bytes;
  for (; i < text.size() && limit && is(at(text, i, bytes)); --limit)
    i += bytes;
  return i;
}

template <class Predicate> bool startsWith(std::string_view text, size_t i, Predicate is) {
  size_t bytes;
  return i < text.size() && is(at(text, i, bytes));
}

// 's|'t|'re|'ve|'m|'ll|'d: the length of a match at the start of the text, or 0. Without regard to
// case, an s may also be U+017F, the long s.
size_t contraction(std::string_view text, bool anyCase) {
  if (text.size() < 2 || text[0] != '\'')
    return 0;
  auto lower = [&](size_t i) {
    char c = i < text.size() ? text[i] : '\0';
    return anyCase && c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  };
  switch (lower(1)) {
  case 's':
  case 't':
  case 'm':
  case 'd':
    return 2;
  case 'r':
  case 'v':
    return lower(2) == 'e' ? 3 : 0;
  case 'l':
    return lower(2) == 'l' ? 3 : 0;
  default:
    return anyCase && text.substr(1).starts_with("\xC5\xBF") ? 3 : 0;
  }
}

// \s+(?!\S)|\s+: a run of white space keeps its last character for the word behind it.
size_t spaces(std::string_view text) {
  size_t i = 0, last = 0, bytes;
  while (i < text.size() && isSpace(at(text, i, bytes))) {
    last = i;
    i += bytes;
  }
  return i == text.size() || last == 0 ? i : last;
}

// 's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
size_t gpt2(std::string_view text) {
  if (size_t length = contraction(text, /*anyCase=*/false))
    return length;
  size_t start = text[0] == ' ';
  if (startsWith(text, start, isLetter))
    return endOfRun(text, start, isLetter);
  if (startsWith(text, start, isNumber))
    return endOfRun(text, start, isNumber);
  if (startsWith(text, start, isOther))
    return endOfRun(text, start, isOther);
  return spaces(text);
}

// (?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|
// \s*[\r\n]+|\s+(?!\S)|\s+, where Qwen has \p{N} for \p{N}{1,3}
size_t llama3(std::string_view text, size_t digits) {
  if (size_t length = contraction(text, /*anyCase=*/true))
    return length;

  size_t bytes;
  uint32_t first = at(text, 0, bytes);
  if (isLetter(first))
    return endOfRun(text, 0, isLetter);
  if (isNumber(first))
    return endOfRun(text, 0, isNumber, digits);
  if (!isNewline(first) && startsWith(text, bytes, isLetter))
    return endOfRun(text, bytes, isLetter);

  size_t start = first == ' ';
  if (startsWith(text, start, isOther))
    return endOfRun(text, endOfRun(text, start, isOther), isNewline);

  size_t run = endOfRun(text, 0, isSpace);
  size_t newline = text.substr(0, run).find_last_of("\r\n");
  return newline != std::string_view::npos ? newline + 1 : spaces(text);
}

} // namespace

size_t firstPiece(Splitter splitter, std::string_view text) {
  switch (splitter) {
  case Splitter::Gpt2:
    return gpt2(text);
  case Splitter::Llama3:
    return llama3(text, 3);
  case Splitter::Qwen2:
    return llama3(text, 1);
  case Splitter::None:
    break;
  }
  return text.size();
}

} // namespace ashlar
