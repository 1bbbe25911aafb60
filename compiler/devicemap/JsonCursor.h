/// Reads values of a JSON text that parsed, with errors that show where they stand.
#pragma once

#include "compiler/support/Json.h"

#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/SmallVector.h"

#include <string>

namespace ashlar::devicemap {

class JsonCursor {
public:
  JsonCursor(llvm::StringRef text, Diagnostics &diags) : text(text), diags(diags) {}

  /// At the value that is read now.
  bool fail(const llvm::Twine &message) const;
  bool fail(const llvm::Twine &message, const llvm::Twine &wayOut) const;

  /// Calls `read` for each item with the cursor on it, until one is wrong, which is where the
  /// cursor stays. A value of another kind is an error.
  bool items(const llvm::json::Value &value,
             llvm::function_ref<bool(const llvm::json::Value &)> read);
  /// Calls `read` for the object's member with the cursor on it, or not at all where it has none.
  bool member(const llvm::json::Value &object, llvm::StringRef key,
              llvm::function_ref<bool(const llvm::json::Value &)> read);
  /// Whether the value is an object, and without other members than these; or with a warning of
  /// the others, where they do no harm.
  bool onlyMembers(const llvm::json::Value &value, llvm::ArrayRef<llvm::StringRef> known);
  bool warnOfOthers(const llvm::json::Value &value, llvm::ArrayRef<llvm::StringRef> known);
  /// All of an object's members, in the order of their keys.
  bool members(const llvm::json::Value &value,
               llvm::function_ref<bool(llvm::StringRef, const llvm::json::Value &)> read);
  bool string(const llvm::json::Value &value, std::string &into) const;
  bool boolean(const llvm::json::Value &value, bool &into) const;
  bool strings(const llvm::json::Value &value, std::vector<std::string> &into);

private:
  llvm::SMLoc place() const;

  llvm::StringRef text;
  Diagnostics &diags;
  llvm::SmallVector<std::string, 16> path;
};

} // namespace ashlar::devicemap
