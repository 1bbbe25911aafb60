/// The JSON tokens of a safetensors header, one after the other: nothing is kept, so nothing costs
/// memory. Stricter than JSON where the format is: a size is written as an integer, and no number
/// is beyond 2^63.
#pragma once

#include "compiler/support/Diagnostics.h"

#include "llvm/ADT/SmallString.h"

#include <vector>

namespace ashlar {

/// Every function that returns false has said why. Blanks before a token are skipped.
class HeaderScanner {
public:
  using Text = llvm::SmallString<64>;

  HeaderScanner(llvm::StringRef file, llvm::StringRef text, Diagnostics &diags)
      : file(file), text(text), diags(diags) {}

  size_t place() const { return at; }
  char next() const { return at < text.size() ? text[at] : '\0'; }
  /// The next character, which is still to come, after blanks.
  char peek() {
    skipBlanks();
    return next();
  }
  bool fail(const llvm::Twine &what) { return failAt(at, what); }
  bool failAt(size_t place, const llvm::Twine &what);
  void warn(const llvm::Twine &what);

  /// The one character that must come.
  bool expect(char wanted, const llvm::Twine &where);
  /// After an opening character: whether an element follows. Takes the closing one if not.
  bool any(char close);
  /// After an element: whether another follows. Fails on all but a comma and the closing character.
  bool another(char close, const llvm::Twine &where, bool &more);

  bool string(Text &into);
  bool key(Text &into, const llvm::Twine &where);
  bool integer(llvm::StringRef what, uint64_t &into);
  bool integers(llvm::StringRef what, size_t limit, std::vector<uint64_t> &into);
  /// Any value that holds no others.
  bool scalar();

private:
  void skipBlanks() {
    while (at < text.size() &&
           (text[at] == ' ' || text[at] == '\n' || text[at] == '\t' || text[at] == '\r'))
      ++at;
  }
  bool escape(Text &into);
  bool hexDigits(uint32_t &unit);

  llvm::StringRef file;
  llvm::StringRef text;
  Diagnostics &diags;
  size_t at = 0;
};

} // namespace ashlar
