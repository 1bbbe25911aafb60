#include "compiler/spec/Lexer.h"

#include "compiler/spec/Syntax.h"

#include "llvm/ADT/StringExtras.h"

namespace ashlar::spec {

namespace {

constexpr size_t MaxName = 64;
constexpr size_t MaxString = 256;

bool isNameStart(char c) { return llvm::isAlpha(c) || c == '_'; }
bool isNamePart(char c) { return llvm::isAlnum(c) || c == '_'; }

size_t lengthOfName(llvm::StringRef text) { return text.take_while(isNamePart).size(); }

struct Number {
  size_t length;
  bool real;
};

// "0..8" is a range, so a point belongs to a number only before a digit.
Number lengthOfNumber(llvm::StringRef text) {
  auto digits = [&](size_t from) { return text.substr(from).take_while(llvm::isDigit).size(); };
  Number number = {digits(0), false};
  if (text.substr(number.length).starts_with(".") && digits(number.length + 1)) {
    number.length += 1 + digits(number.length + 1);
    number.real = true;
  }
  llvm::StringRef rest = text.substr(number.length);
  if (rest.starts_with("e") || rest.starts_with("E")) {
    size_t sign = rest.substr(1).starts_with("+") || rest.substr(1).starts_with("-");
    if (size_t exponent = digits(number.length + 1 + sign)) {
      number.length += 1 + sign + exponent;
      number.real = true;
    }
  }
  return number;
}

size_t lengthOfPunctuation(llvm::StringRef text) {
  for (llvm::StringRef two : {"??", "||", "&&", "==", "!=", "<=", ">=", "->", ".."})
    if (text.starts_with(two))
      return 2;
  return llvm::StringRef("{}[]()=,;:.<>+-*/%!").contains(text.front()) ? 1 : 0;
}

// Only what a terminal shows as it stands.
bool isPrintable(char c) { return c >= ' ' && c <= '~'; }

class Lexer {
public:
  Lexer(llvm::StringRef text, Errors &errors) : rest(text), errors(errors) {}

  std::vector<Token> run() {
    while (skipBlank())
      token();
    add(TokenKind::End, rest);
    return std::move(tokens);
  }

private:
  bool skipBlank() {
    while (!rest.empty()) {
      char c = rest.front();
      if (c == '\n')
        firstOnLine = true;
      if (c == '#')
        rest = rest.drop_until([](char c) { return c == '\n'; });
      else if (c == ' ' || c == '\t' || c == '\r' || c == '\n')
        rest = rest.drop_front();
      else
        return true;
    }
    return false;
  }

  void add(TokenKind kind, llvm::StringRef text) {
    tokens.push_back({kind, firstOnLine, text});
    firstOnLine = false;
  }

  void take(TokenKind kind, size_t length) {
    add(kind, rest.take_front(length));
    rest = rest.drop_front(length);
  }

  void token() {
    char c = rest.front();
    if (isNameStart(c)) {
      size_t length = lengthOfName(rest);
      if (length > MaxName)
        errors.error(at(rest), "a name of " + llvm::Twine(length) + " characters; at most " +
                                   llvm::Twine(MaxName) + " are allowed");
      take(TokenKind::Name, length);
    } else if (llvm::isDigit(c)) {
      Number number = lengthOfNumber(rest);
      take(number.real ? TokenKind::Real : TokenKind::Integer, number.length);
      if (!rest.empty() && isNamePart(rest.front())) {
        errors.error(at(rest), "a number ends here, but letters follow");
        rest = rest.drop_front(lengthOfName(rest));
      }
    } else if (c == '"') {
      string();
    } else if (size_t length = lengthOfPunctuation(rest)) {
      take(TokenKind::Punctuation, length);
    } else {
      unexpected();
    }
  }

  void string() {
    llvm::StringRef quote = rest.take_front(1);
    rest = rest.drop_front();
    llvm::StringRef text = rest.take_until([](char c) { return c == '"' || c == '\n'; });
    rest = rest.drop_front(text.size());
    if (!rest.starts_with("\""))
      errors.error(at(quote), "this string has no end on its line");
    else
      rest = rest.drop_front();
    llvm::StringRef odd = text.drop_while([](char c) { return isPrintable(c) && c != '\\'; });
    if (!odd.empty())
      errors.error(at(odd), "strings hold printable ASCII characters without \\ only");
    if (text.size() > MaxString)
      errors.error(at(quote), "a string of " + llvm::Twine(text.size()) + " characters; at most " +
                                  llvm::Twine(MaxString) + " are allowed");
    add(TokenKind::String, text);
  }

  // One report for a run of them: a binary file is one mistake.
  void unexpected() {
    char c = rest.front();
    errors.error(at(rest), isPrintable(c)
                               ? "unexpected character '" + std::string(1, c) + "'"
                               : "unexpected byte 0x" + llvm::utohexstr(uint8_t(c), true, 2));
    rest = rest.drop_front().drop_while([](char c) {
      return !isNamePart(c) && c != '"' && c != '#' && !llvm::isSpace(c) &&
             !lengthOfPunctuation(llvm::StringRef(&c, 1));
    });
  }

  llvm::StringRef rest;
  Errors &errors;
  std::vector<Token> tokens;
  bool firstOnLine = true;
};

} // namespace

std::vector<Token> lex(llvm::StringRef text, Errors &errors) { return Lexer(text, errors).run(); }

bool isName(llvm::StringRef text) {
  return !text.empty() && text.size() <= MaxName && isNameStart(text.front()) &&
         llvm::all_of(text, isNamePart);
}

} // namespace ashlar::spec
