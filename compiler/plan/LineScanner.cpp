#include "compiler/plan/LineScanner.h"

#include "compiler/plan/PlanText.h"

#include "llvm/ADT/StringExtras.h"

using llvm::SMLoc;
using llvm::StringRef;
using llvm::Twine;

namespace ashlar::plan {

static bool isBlank(char c) { return c == ' ' || c == '\t' || c == '\r'; }

/// What stands at a place, for messages: a word of printable characters, cut when long.
static std::string found(const char *at, const char *last) {
  if (at == last)
    return "the end of the line";
  StringRef word = StringRef(at, last - at).take_until(isBlank).take_front(40);
  if (llvm::all_of(word, llvm::isPrint))
    return ("'" + word + "'").str();
  return "byte 0x" + llvm::utohexstr(static_cast<unsigned char>(*at), true, 2);
}

void LineScanner::error(SMLoc at, const Twine &text, const Twine &note) {
  if (wrong)
    return;
  wrong = true;
  diags.error(Exit::BadInput, at, text);
  if (std::string hint = note.str(); !hint.empty())
    diags.note(hint);
}

bool LineScanner::next() {
  while (!wrong && cursor != end) {
    line = StringRef(cursor, end - cursor).take_until([](char c) { return c == '\n'; });
    cursor = line.end() == end ? end : line.end() + 1;
    StringRef rest = line.ltrim(" \t\r");
    if (rest.empty() || rest.front() == '#')
      continue;
    indent = rest.begin() != line.begin();
    first = rest.take_while(isBare);
    split();
    return !wrong;
  }
  return false;
}

void LineScanner::split() {
  items.clear();
  const char *at = first.end(), *last = line.end();
  if (first.empty() || (at != last && !isBlank(*at)))
    return errorAt(at, "expected a word at the start of the line, found " + found(at, last));
  while (true) {
    while (at != last && isBlank(*at))
      ++at;
    if (at == last)
      return;
    const char *begin = at;
    while (at != last && isBare(*at))
      ++at;
    Item item{StringRef(begin, at - begin), {}};
    if (at != last && *at == '=' && at != begin) {
      begin = ++at;
    } else if (items.empty()) {
      at = begin;
      item.key = {};
    } else if (at != begin && (at == last || isBlank(*at))) {
      item.isFlag = true;
    } else {
      return errorAt(at, "expected a key and '=', found " + found(begin, last));
    }
    // Blanks belong to a value inside of quotes and brackets.
    bool inQuotes = false, inBrackets = false;
    for (; at != last && (inQuotes || inBrackets || !isBlank(*at)); ++at) {
      if (inQuotes && *at == '\\' && at + 1 != last)
        ++at;
      else if (*at == '"')
        inQuotes = !inQuotes;
      else if (!inQuotes)
        inBrackets = *at == '[' || (inBrackets && *at != ']');
    }
    if (inQuotes || inBrackets)
      return errorAt(begin, inQuotes ? "a string that does not end in its line"
                                     : "a list that does not end in its line");
    item.value = StringRef(begin, at - begin);
    items.push_back(item);
  }
}

void LineScanner::allow(llvm::ArrayRef<StringRef> keys, StringRef flag) {
  for (auto item = items.begin(); item != items.end(); ++item) {
    if (item->key.empty())
      continue;
    bool isKey = llvm::is_contained(keys, item->key);
    if (isKey && item->isFlag)
      return errorAt(item->key.end(), "expected '=' and a value after '" + item->key + "'");
    if (!isKey && item->key == flag && !item->isFlag)
      return errorAt(item->key.end(), "'" + item->key + "' has no value");
    if (!isKey && item->key != flag) {
      StringRef near = nearest(item->key, keys);
      return errorAt(item->key.begin(), "unknown key '" + item->key + "' of '" + first + "'",
                     near.empty() ? "known here: " + llvm::join(keys, ", ")
                                  : "did you mean '" + near.str() + "'?");
    }
    if (find(item->key) != item)
      return errorAt(item->key.begin(), "key '" + item->key + "' stands twice in this line");
  }
}

const LineScanner::Item *LineScanner::find(StringRef key) const {
  const Item *item = llvm::find_if(items, [&](const Item &item) { return item.key == key; });
  return item == items.end() ? nullptr : item;
}

const LineScanner::Item *LineScanner::need(StringRef key) {
  const Item *item = find(key);
  if (!item)
    error(wordAt(), "missing key '" + key + "' of '" + first + "'");
  return wrong ? nullptr : item;
}

SMLoc LineScanner::nameAt() const {
  const Item *item = find("");
  return item ? SMLoc::getFromPointer(item->value.begin()) : wordAt();
}

SMLoc LineScanner::valueAt(StringRef key) const {
  const Item *item = find(key);
  return item ? SMLoc::getFromPointer(item->value.begin()) : wordAt();
}

void LineScanner::escape(const char *&at, const char *last, std::string &into) {
  const char *begin = at - 1;
  char c = at == last ? 0 : *at++;
  if (c == '"' || c == '\\')
    into += c;
  else if (c == 'n')
    into += '\n';
  else if (c == 't')
    into += '\t';
  else if (c == 'x' && last - at >= 2 && llvm::isHexDigit(at[0]) && llvm::isHexDigit(at[1])) {
    into += llvm::hexFromNibbles(at[0], at[1]);
    at += 2;
  } else
    errorAt(begin, "unknown escape in a string",
            "escapes are \\\\, \\\", \\n, \\t and \\x with two hexadecimal digits");
}

std::string LineScanner::takeName(const char *&at, const char *last) {
  std::string name;
  if (at != last && *at == '"') {
    for (++at; at != last && *at != '"' && !wrong;) {
      char c = *at++;
      if (c == '\\')
        escape(at, last, name);
      else
        name += c;
    }
    if (at != last)
      ++at;
    return name;
  }
  const char *begin = at;
  while (at != last && isBare(*at))
    ++at;
  if (at == begin)
    errorAt(at, "expected a name, found " + found(at, last));
  return std::string(begin, at);
}

uint64_t LineScanner::takeNumber(const char *&at, const char *last, uint64_t most) {
  const char *begin = at;
  std::optional<uint64_t> number = 0;
  for (; at != last && llvm::isDigit(*at); ++at) {
    if (number)
      number = checkedMul(*number, 10);
    if (number)
      number = checkedAdd(*number, *at - '0');
  }
  if (at == begin)
    errorAt(at, "expected a number, found " + found(at, last));
  else if (!number || *number > most)
    errorAt(begin, "number too large: at most " + Twine(most) + " can stand here");
  return wrong ? 0 : *number;
}

std::string LineScanner::name() {
  const Item *item = find("");
  if (!item)
    error(wordAt(), "expected a name after '" + first + "'");
  if (wrong)
    return "";
  const char *at = item->value.begin();
  std::string name = takeName(at, item->value.end());
  if (at != item->value.end())
    errorAt(at, "unexpected " + found(at, item->value.end()) + " after a name",
            "a name with other characters than letters, digits and _ . - / : @ is quoted");
  return name;
}

uint64_t LineScanner::number(StringRef key, uint64_t most) {
  const Item *item = need(key);
  if (!item)
    return 0;
  const char *at = item->value.begin();
  uint64_t number = takeNumber(at, item->value.end(), most);
  if (at != item->value.end())
    errorAt(at, "unexpected " + found(at, item->value.end()) + " after a number");
  return number;
}

std::string LineScanner::string(StringRef key) {
  const Item *item = need(key);
  if (!item)
    return "";
  const char *at = item->value.begin();
  std::string string = takeName(at, item->value.end());
  if (at != item->value.end())
    errorAt(at, "unexpected " + found(at, item->value.end()) + " after the value of '" + key + "'");
  return string;
}

size_t LineScanner::choice(StringRef key, llvm::ArrayRef<StringRef> known) {
  const Item *item = need(key);
  if (!item)
    return 0;
  const StringRef *match = llvm::find(known, item->value);
  if (match == known.end()) {
    error(valueAt(key), "unknown " + key + " " + found(item->value.begin(), item->value.end()),
          "known: " + llvm::join(known, ", "));
    return 0;
  }
  return match - known.begin();
}

std::pair<uint32_t, uint32_t> LineScanner::range(StringRef key) {
  const Item *item = need(key);
  if (!item)
    return {};
  const char *at = item->value.begin(), *last = item->value.end();
  uint64_t from = takeNumber(at, last, UINT32_MAX);
  if (last - at < 2 || at[0] != '.' || at[1] != '.')
    errorAt(at, "expected '..' and a second number, found " + found(at, last));
  if (wrong)
    return {};
  at += 2;
  uint64_t to = takeNumber(at, last, UINT32_MAX);
  if (at != last)
    errorAt(at, "unexpected " + found(at, last) + " after a range");
  return {static_cast<uint32_t>(from), static_cast<uint32_t>(to)};
}

std::pair<std::string, uint64_t> LineScanner::place(StringRef key) {
  const Item *item = need(key);
  if (!item)
    return {};
  const char *at = item->value.begin(), *last = item->value.end();
  std::string region = takeName(at, last);
  if (at == last || *at != '+')
    errorAt(at, "expected '+' and an offset after the region, found " + found(at, last));
  if (wrong)
    return {};
  ++at;
  uint64_t offset = takeNumber(at, last, UINT64_MAX);
  if (at != last)
    errorAt(at, "unexpected " + found(at, last) + " after a place");
  return {region, offset};
}

void LineScanner::list(StringRef key,
                       llvm::function_ref<void(const std::string &, SMLoc)> element) {
  const Item *item = need(key);
  if (!item)
    return;
  const char *at = item->value.begin(), *last = item->value.end();
  if (at == last || *at != '[')
    return errorAt(at, "expected a list in brackets, found " + found(at, last));
  for (++at; at != last && *at != ']' && !wrong;) {
    const char *begin = at;
    std::string name = takeName(at, last);
    if (!wrong)
      element(name, SMLoc::getFromPointer(begin));
    if (at != last && *at == ',')
      ++at;
    else if (at == last || *at != ']')
      errorAt(at, "expected ',' or ']' in a list, found " + found(at, last));
  }
  if (!wrong && at + 1 != last)
    errorAt(at + 1, "unexpected " + found(at + 1, last) + " after a list");
}

void LineScanner::expect(StringRef key, StringRef text, const Twine &because) {
  const Item *item = need(key);
  if (item && item->value != text)
    error(valueAt(key), key + "=" + item->value.take_front(40) + " is not true: it is " + text,
          because);
}

} // namespace ashlar::plan
