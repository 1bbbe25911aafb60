#include "compiler/checkpoint/HeaderScanner.h"

#include "compiler/checkpoint/Safetensors.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/ConvertUTF.h"

#include <cmath>

namespace ashlar {

bool HeaderScanner::failAt(size_t place, const llvm::Twine &what) {
  diags.error(Exit::BadInput, file, "byte " + llvm::Twine(8 + place) + ": " + what);
  return false;
}

void HeaderScanner::warn(const llvm::Twine &what) {
  diags.warning(file, "byte " + llvm::Twine(8 + at) + ": " + what);
}

bool HeaderScanner::expect(char wanted, const llvm::Twine &where) {
  if (peek() != wanted)
    return fail("expected '" + llvm::Twine(wanted) + "' " + where);
  ++at;
  return true;
}

bool HeaderScanner::any(char close) {
  bool some = peek() != close;
  at += !some;
  return some;
}

bool HeaderScanner::another(char close, const llvm::Twine &where, bool &more) {
  char found = peek();
  if (found != ',' && found != close)
    return fail("expected ',' or '" + llvm::Twine(close) + "' " + where);
  more = found == ',';
  ++at;
  return true;
}

bool HeaderScanner::hexDigits(uint32_t &unit) {
  unit = 0;
  for (int i = 0; i < 4; ++i, ++at) {
    unsigned digit = llvm::hexDigitValue(next());
    if (digit == ~0U)
      return fail("expected four hexadecimal digits after '\\u'");
    unit = unit * 16 + digit;
  }
  return true;
}

bool HeaderScanner::escape(Text &into) {
  size_t start = at++; // the backslash
  char kind = next();
  ++at;
  static constexpr llvm::StringLiteral kinds = "\"\\/bfnrt";
  static constexpr llvm::StringLiteral meant = "\"\\/\b\f\n\r\t";
  if (size_t found = kinds.find(kind); found != llvm::StringRef::npos) {
    into.push_back(meant[found]);
    return true;
  }
  if (kind != 'u')
    return failAt(start, "unknown escape in a string");
  uint32_t point;
  if (!hexDigits(point))
    return false;
  if (point >= 0xD800 && point < 0xE000) {
    uint32_t low = 0;
    if (point < 0xDC00 && text.substr(at).starts_with("\\u")) {
      at += 2;
      if (!hexDigits(low))
        return false;
    }
    if (low < 0xDC00 || low >= 0xE000)
      return failAt(start, "half of a surrogate pair in a string");
    point = 0x10000 + ((point - 0xD800) << 10) + (low - 0xDC00);
  }
  char bytes[UNI_MAX_UTF8_BYTES_PER_CODE_POINT];
  char *end = bytes;
  llvm::ConvertCodePointToUTF8(point, end);
  into.append(bytes, end);
  return true;
}

bool HeaderScanner::string(Text &into) {
  into.clear();
  size_t start = at++; // the quote
  while (true) {
    size_t plain = at;
    while (at < text.size() && text[at] != '"' && text[at] != '\\' &&
           static_cast<unsigned char>(text[at]) >= 0x20)
      ++at;
    // Checked before anything is copied; nothing in a header is this long.
    if (into.size() + (at - plain) > MaxMetadataBytes)
      return failAt(start, "this string is longer than " + forPeople(Bytes(MaxMetadataBytes)));
    into.append(text.slice(plain, at));
    if (at == text.size())
      return failAt(start, "this string has no end");
    if (text[at] == '"')
      break;
    if (text[at] != '\\')
      return fail("control character in a string");
    if (!escape(into))
      return false;
  }
  ++at;
  return true;
}

bool HeaderScanner::key(Text &into, const llvm::Twine &where) {
  if (peek() != '"')
    return fail("expected a key in quotes " + where);
  return string(into) && expect(':', "after a key");
}

bool HeaderScanner::integer(llvm::StringRef what, uint64_t &into) {
  if (peek() == '-')
    return fail("a negative number in " + what);
  if (!llvm::isDigit(next()))
    return fail("expected an integer in " + what);
  size_t start = at;
  into = 0;
  for (; llvm::isDigit(next()); ++at) {
    auto digit = static_cast<uint64_t>(next() - '0');
    if (into > (static_cast<uint64_t>(INT64_MAX) - digit) / 10)
      return failAt(start, "a number in " + what + " is larger than 2^63 - 1");
    into = into * 10 + digit;
  }
  if (next() == '.' || next() == 'e' || next() == 'E')
    return failAt(start, "a number in " + what + " is no integer, but has a fraction or exponent");
  if (text[start] == '0' && at - start > 1)
    return failAt(start, "a number in " + what + " begins with a zero");
  return true;
}

bool HeaderScanner::integers(llvm::StringRef what, size_t limit, std::vector<uint64_t> &into) {
  if (!expect('[', "before the numbers of " + what))
    return false;
  for (bool more = any(']'); more;) {
    uint64_t number = 0;
    if (!integer(what, number))
      return false;
    if (into.size() == limit)
      return fail(what + " has more than " + llvm::Twine(limit) + " numbers");
    into.push_back(number);
    if (!another(']', "after a number", more))
      return false;
  }
  return true;
}

bool HeaderScanner::scalar() {
  char first = peek();
  if (first == '"') {
    Text ignored;
    return string(ignored);
  }
  if (first == '{' || first == '[')
    return fail("nested deeper than 3 levels");
  if (llvm::isAlpha(first))
    for (llvm::StringRef word : {"true", "false", "null"})
      if (text.substr(at).starts_with(word)) {
        at += word.size();
        return true;
      }
  size_t start = at;
  auto digits = [&] {
    size_t before = at;
    while (llvm::isDigit(next()))
      ++at;
    return at > before;
  };
  at += first == '-';
  size_t whole = at;
  bool zero = next() == '0';
  bool good = digits() && !(zero && at - whole > 1);
  if (good && next() == '.') {
    ++at;
    good = digits();
  }
  if (good && (next() == 'e' || next() == 'E')) {
    ++at;
    at += next() == '+' || next() == '-';
    double value;
    good = digits() && at - start <= 64 && !text.slice(start, at).getAsDouble(value) &&
           std::isfinite(value); // not 1e999
  }
  good = good && at - start <= 64;
  return good || failAt(start, "expected a value");
}

} // namespace ashlar
