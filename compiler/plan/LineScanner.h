/// Takes plan text apart line by line: a word, a name where the word has one, then `key=value`
/// items and flags.
///
///   unit layers.3.mlp layer=3 after=[a,b] to=host.kv+64 reason="fits" in-place
///
/// The text is untrusted. The first mistake is reported with its place and ends the reading; what
/// is asked for after it is empty. So a caller reads a line without a check after every item, and
/// looks at `failed` before it uses what it got.
#pragma once

#include "compiler/plan/Plan.h"

#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/SmallVector.h"

namespace ashlar::plan {

class LineScanner {
public:
  LineScanner(llvm::StringRef text, Diagnostics &diags)
      : diags(diags), cursor(text.begin()), end(text.end()) {}

  /// Goes to the next line that says something: blank ones and those that begin with # do not.
  /// False at the end of the text and after a mistake.
  bool next();
  /// The whole line, for the one that has a form of its own.
  llvm::StringRef text() const { return line; }
  bool indented() const { return indent; }
  llvm::StringRef word() const { return first; }

  /// States what may stand in this line after the name: keys, and a flag.
  void allow(llvm::ArrayRef<llvm::StringRef> keys, llvm::StringRef flag = "");
  /// The name after the word.
  std::string name();
  bool has(llvm::StringRef key) const { return find(key) != nullptr; }

  uint64_t number(llvm::StringRef key, uint64_t most = UINT64_MAX);
  uint32_t number32(llvm::StringRef key) { return static_cast<uint32_t>(number(key, UINT32_MAX)); }
  Bytes bytes(llvm::StringRef key) { return Bytes(number(key)); }
  std::string string(llvm::StringRef key); // bare or quoted
  /// The index of a value that must be one of these.
  size_t choice(llvm::StringRef key, llvm::ArrayRef<llvm::StringRef> known);
  /// `a..b`
  std::pair<uint32_t, uint32_t> range(llvm::StringRef key);
  /// `name+offset`
  std::pair<std::string, uint64_t> place(llvm::StringRef key);
  /// Calls `element` with each name of `[a,b]` and where it stands.
  void list(llvm::StringRef key,
            llvm::function_ref<void(const std::string &, llvm::SMLoc)> element);
  /// The value must be this text, which follows from the rest of the plan.
  void expect(llvm::StringRef key, llvm::StringRef text, const llvm::Twine &because);

  llvm::SMLoc wordAt() const { return llvm::SMLoc::getFromPointer(first.begin()); }
  llvm::SMLoc nameAt() const;
  llvm::SMLoc valueAt(llvm::StringRef key) const;
  /// The end of the text.
  llvm::SMLoc endAt() const { return llvm::SMLoc::getFromPointer(end); }

  void error(llvm::SMLoc at, const llvm::Twine &text, const llvm::Twine &note = "");
  bool failed() const { return wrong; }

private:
  struct Item {
    llvm::StringRef key;   // empty for the name
    llvm::StringRef value; // as it stands in the text
    bool isFlag = false;
  };

  void split();
  const Item *find(llvm::StringRef key) const;
  /// The item, or an error that says it is missing.
  const Item *need(llvm::StringRef key);
  uint64_t takeNumber(const char *&at, const char *last, uint64_t most);
  std::string takeName(const char *&at, const char *last);
  void escape(const char *&at, const char *last, std::string &into);
  void errorAt(const char *at, const llvm::Twine &text, const llvm::Twine &note = "") {
    error(llvm::SMLoc::getFromPointer(at), text, note);
  }

  Diagnostics &diags;
  const char *cursor, *end;
  llvm::StringRef line, first;
  bool indent = false, wrong = false;
  llvm::SmallVector<Item, 16> items;
};

} // namespace ashlar::plan
