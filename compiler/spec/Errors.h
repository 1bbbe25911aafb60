/// Errors in a spec or in what it makes of a config, all with exit code 1. After 20 of them the
/// rest is silent: they would bury the first.
#pragma once

#include "compiler/support/Diagnostics.h"

namespace ashlar {

class Errors {
public:
  explicit Errors(Diagnostics &diags) : diags(diags) {}

  void error(llvm::SMLoc at, const llvm::Twine &text) {
    if (++count <= Max)
      diags.error(Exit::BadInput, at, text);
    else if (count == Max + 1)
      diags.note("there are more errors; the first 20 are shown");
  }
  /// Belong to the error before them.
  void note(llvm::SMLoc at, const llvm::Twine &text) {
    if (count <= Max)
      diags.note(at, text);
  }
  void note(const llvm::Twine &text) {
    if (count <= Max)
      diags.note(text);
  }

  bool any() const { return count != 0; }

private:
  static constexpr unsigned Max = 20;
  Diagnostics &diags;
  unsigned count = 0;
};

} // namespace ashlar
