/// Splits a spec into tokens. Lines matter to the language only as ends of statements, so each
/// token knows whether it is the first of its line.
#pragma once

#include "compiler/spec/Errors.h"

#include "llvm/ADT/StringRef.h"

#include <vector>

namespace ashlar::spec {

enum class TokenKind : uint8_t { Name, Integer, Real, String, Punctuation, End };

struct Token {
  TokenKind kind;
  bool firstOnLine = false;
  llvm::StringRef text; // of a string: without its quotes

  bool is(llvm::StringRef word) const {
    return (kind == TokenKind::Punctuation || kind == TokenKind::Name) && text == word;
  }
};

/// The tokens of a text; the last one is `End`. Strings are printable ASCII without escapes, at
/// most 256 characters, and names are at most 64 long, so that what is built from them stays
/// bounded.
std::vector<Token> lex(llvm::StringRef text, Errors &errors);

/// Whether a text is one name, and needs no quotes where a name or a string may stand.
bool isName(llvm::StringRef text);

} // namespace ashlar::spec
