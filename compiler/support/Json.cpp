#include "compiler/support/Json.h"

#include "runtime/text/Utf8.h"

#include "llvm/ADT/StringExtras.h"

#include <limits>

namespace ashlar {
namespace {

using llvm::json::Value;

// A value takes 40 bytes and more where its text may take two: this, not the text's length, is what
// bounds the memory. The largest tokenizers known have two million.
constexpr uint64_t MaxValues = 16u << 20;

class Parser {
public:
  Parser(llvm::StringRef text, Diagnostics &diags, unsigned maxDepth)
      : begin(text.begin()), end(text.end()), at(begin), diags(diags), maxDepth(maxDepth) {}

  std::optional<Value> document() {
    size_t invalid;
    if (!llvm::json::isUTF8(llvm::StringRef(begin, end - begin), &invalid)) {
      fail(begin + invalid, "not valid UTF-8");
      return std::nullopt;
    }
    std::optional<Value> result = value(0);
    if (!result)
      return std::nullopt;
    skipSpace();
    if (at != end) {
      fail(at, "expected the end of the file after the value");
      return std::nullopt;
    }
    return result;
  }

private:
  bool fail(const char *place, const llvm::Twine &text) {
    diags.error(Exit::BadInput, llvm::SMLoc::getFromPointer(place), text);
    return false;
  }

  void skipSpace() {
    while (at != end && (*at == ' ' || *at == '\n' || *at == '\r' || *at == '\t'))
      ++at;
  }

  bool take(char c) {
    skipSpace();
    if (at == end || *at != c)
      return false;
    ++at;
    return true;
  }

  bool takeWord(llvm::StringRef word) {
    if (!llvm::StringRef(at, end - at).starts_with(word))
      return false;
    at += word.size();
    return true;
  }

  std::optional<Value> value(unsigned depth) {
    skipSpace();
    if (at == end)
      return fail(at, "expected a value, found the end of the file"), std::nullopt;
    if (++values > MaxValues)
      return fail(at, "more than " + llvm::Twine(MaxValues) + " values"), std::nullopt;
    switch (*at) {
    case '{':
    case '[':
      if (depth == maxDepth)
        return fail(at, "nested deeper than " + llvm::Twine(maxDepth) + " levels"), std::nullopt;
      return *at == '{' ? object(depth + 1) : array(depth + 1);
    case '"': {
      std::string text;
      if (!string(text))
        return std::nullopt;
      return Value(std::move(text));
    }
    case 't':
      if (takeWord("true"))
        return Value(true);
      break;
    case 'f':
      if (takeWord("false"))
        return Value(false);
      break;
    case 'n':
      if (takeWord("null"))
        return Value(nullptr);
      break;
    case 'N':
      if (takeWord("NaN"))
        return Value(std::numeric_limits<double>::quiet_NaN());
      break;
    case 'I':
      if (takeWord("Infinity"))
        return Value(std::numeric_limits<double>::infinity());
      break;
    default:
      if (*at == '-' || llvm::isDigit(*at))
        return number();
    }
    return fail(at, "expected a value"), std::nullopt;
  }

  std::optional<Value> object(unsigned depth) {
    ++at;
    llvm::json::Object result;
    if (take('}'))
      return Value(std::move(result));
    do {
      skipSpace();
      const char *place = at;
      if (at == end || *at != '"')
        return fail(at, "expected a key in double quotes"), std::nullopt;
      std::string key;
      if (!string(key))
        return std::nullopt;
      if (!take(':'))
        return fail(at, "expected ':' after the key"), std::nullopt;
      std::optional<Value> item = value(depth);
      if (!item)
        return std::nullopt;
      llvm::json::ObjectKey name(std::move(key));
      if (!result.try_emplace(std::move(name), std::move(*item)).second)
        return fail(place, "the key is given twice in one object"), std::nullopt;
    } while (take(','));
    if (!take('}'))
      return fail(at, "expected ',' or '}'"), std::nullopt;
    return Value(std::move(result));
  }

  std::optional<Value> array(unsigned depth) {
    ++at;
    llvm::json::Array result;
    if (take(']'))
      return Value(std::move(result));
    // A std::vector that grows copies values, with all that is in them; this one moves them.
    llvm::SmallVector<Value, 4> items;
    do {
      std::optional<Value> item = value(depth);
      if (!item)
        return std::nullopt;
      items.push_back(std::move(*item));
    } while (take(','));
    if (!take(']'))
      return fail(at, "expected ',' or ']'"), std::nullopt;
    result.reserve(items.size());
    for (Value &item : items)
      result.push_back(std::move(item));
    return Value(std::move(result));
  }

  std::optional<Value> number() {
    const char *start = at;
    bool negative = *at == '-';
    if (negative && ++at != end && takeWord("Infinity"))
      return Value(-std::numeric_limits<double>::infinity());
    const char *first = at;
    if (!digits() || (*first == '0' && at - first > 1))
      return fail(start, "malformed number"), std::nullopt;
    bool integer = true;
    if (at != end && *at == '.') {
      integer = false;
      ++at;
      if (!digits())
        return fail(start, "malformed number"), std::nullopt;
    }
    if (at != end && (*at == 'e' || *at == 'E')) {
      integer = false;
      ++at;
      if (at != end && (*at == '+' || *at == '-'))
        ++at;
      if (!digits())
        return fail(start, "malformed number"), std::nullopt;
    }
    llvm::StringRef text(start, at - start);
    int64_t whole;
    uint64_t large;
    if (integer && text != "-0" && !text.getAsInteger(10, whole))
      return Value(whole);
    if (integer && !negative && !text.getAsInteger(10, large))
      return Value(large);
    // Out of a double's range the nearest one is meant: infinity, or zero.
    return Value(std::strtod(text.str().c_str(), nullptr));
  }

  bool digits() {
    const char *start = at;
    while (at != end && llvm::isDigit(*at))
      ++at;
    return at != start;
  }

  bool string(std::string &into) {
    const char *start = at++;
    while (at != end && *at != '"') {
      if (static_cast<unsigned char>(*at) < 0x20)
        return fail(at, "a control character in a string must be escaped");
      if (*at == '\\') {
        if (!escape(into))
          return false;
        continue;
      }
      const char *plain = at;
      while (at != end && *at != '"' && *at != '\\' && static_cast<unsigned char>(*at) >= 0x20)
        ++at;
      into.append(plain, at);
    }
    if (at == end)
      return fail(start, "the string has no end");
    ++at;
    return true;
  }

  bool escape(std::string &into) {
    const char *place = at++;
    char c = at != end ? *at++ : 0;
    switch (c) {
    case '"':
    case '\\':
    case '/':
      into.push_back(c);
      return true;
    case 'b':
      into.push_back('\b');
      return true;
    case 'f':
      into.push_back('\f');
      return true;
    case 'n':
      into.push_back('\n');
      return true;
    case 'r':
      into.push_back('\r');
      return true;
    case 't':
      into.push_back('\t');
      return true;
    case 'u':
      break;
    default:
      return fail(place, "unknown escape");
    }
    uint32_t unit;
    if (!hex4(unit))
      return fail(place, "expected four hexadecimal digits after \\u");
    if (unit >= 0xD800 && unit < 0xE000) {
      uint32_t low;
      if (unit >= 0xDC00 || !takeWord("\\u") || !hex4(low) || low < 0xDC00 || low >= 0xE000)
        return fail(place, "half of a surrogate pair");
      unit = 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00);
    }
    appendUtf8(unit, into);
    return true;
  }

  bool hex4(uint32_t &unit) {
    llvm::StringRef text = llvm::StringRef(at, end - at).take_front(4);
    if (text.size() != 4 || !llvm::all_of(text, llvm::isHexDigit))
      return false;
    at += 4;
    return !text.getAsInteger(16, unit);
  }

  const char *begin, *end, *at;
  Diagnostics &diags;
  unsigned maxDepth;
  uint64_t values = 0;
};

// The end of the string that starts at `i`: the offset behind its closing quote.
size_t endOfString(llvm::StringRef text, size_t i) {
  for (++i; i < text.size() && text[i] != '"'; ++i)
    if (text[i] == '\\')
      ++i;
  return std::min(i + 1, text.size());
}

// Where the object whose text follows its '{' at `i` has the key: the offset of the key's quote.
size_t findKey(llvm::StringRef text, size_t i, llvm::StringRef key) {
  for (unsigned depth = 1; i < text.size() && depth;) {
    char c = text[i];
    if (c == '"') {
      size_t stop = endOfString(text, i);
      bool isKey = text.substr(stop).ltrim(" \n\r\t").starts_with(":");
      if (depth == 1 && isKey && text.slice(i + 1, stop - 1) == key)
        return i;
      i = stop;
      continue;
    }
    depth += c == '{' || c == '[';
    depth -= c == '}' || c == ']';
    ++i;
  }
  return llvm::StringRef::npos;
}

// Where the array whose text follows its '[' at `i` has the item: the offset of its first
// character.
size_t findItem(llvm::StringRef text, size_t i, uint64_t item) {
  for (unsigned depth = 1; i < text.size() && depth; ++i) {
    char c = text[i];
    if (depth == 1 && item == 0 && !llvm::isSpace(c) && c != ']')
      return i;
    if (c == '"')
      i = endOfString(text, i) - 1;
    depth += c == '{' || c == '[';
    depth -= c == '}' || c == ']';
    item -= depth == 1 && c == ',';
  }
  return llvm::StringRef::npos;
}

} // namespace

std::optional<Value> parseJson(llvm::StringRef text, Diagnostics &diags, unsigned maxDepth) {
  return Parser(text, diags, maxDepth).document();
}

llvm::SMLoc locateKey(llvm::StringRef text, llvm::StringRef key) { return locatePath(text, key); }

llvm::SMLoc locatePath(llvm::StringRef text, llvm::ArrayRef<llvm::StringRef> path) {
  size_t found = 0;
  size_t value = text.find_first_not_of(" \n\r\t");
  for (llvm::StringRef key : path) {
    uint64_t item;
    if (value < text.size() && text[value] == '[' && !key.getAsInteger(10, item)) {
      size_t place = findItem(text, value + 1, item);
      if (place == llvm::StringRef::npos)
        break;
      found = value = place;
      continue;
    }
    if (value >= text.size() || text[value] != '{')
      break;
    size_t place = findKey(text, value + 1, key);
    if (place == llvm::StringRef::npos)
      break;
    found = place;
    value = text.find_first_not_of(" \n\r\t:", endOfString(text, place));
  }
  return llvm::SMLoc::getFromPointer(text.data() + found);
}

} // namespace ashlar
