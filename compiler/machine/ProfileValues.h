/// Single values of a machine profile: names, numbers, bytes and rates.
#pragma once

#include "compiler/machine/Machine.h"
#include "compiler/machine/ProfileText.h"

namespace ashlar::profile {

/// Reads values and says what is wrong with them, each at its place or, where it was not given, at
/// its owner's. What cannot be read gets a value that does no harm, and `good` becomes false.
class ValueReader {
public:
  explicit ValueReader(Diagnostics &diags) : diags(diags) {}

  void error(llvm::SMLoc at, const llvm::Twine &message) {
    diags.error(Exit::BadInput, at, message);
    good = false;
  }
  /// An error when the value was not given.
  bool given(const Scalar &scalar, llvm::SMLoc owner, const char *key);
  /// A letter, and then letters, digits and `punctuation`.
  std::string readName(const Scalar &scalar, llvm::SMLoc owner, llvm::StringRef punctuation);
  uint64_t readNumber(const Scalar &scalar, llvm::SMLoc owner, const char *key, uint64_t most);
  /// "37.1e9 measured": the word after the value says where it comes from.
  Source readSource(const Scalar &scalar, llvm::StringRef &value);
  Bytes readBytes(const Scalar &scalar, llvm::StringRef value);
  ashlar::Rate readRate(const Scalar &scalar, llvm::SMLoc owner, const char *key);

  Diagnostics &diags;
  bool good = true;
};

} // namespace ashlar::profile
