/// What the names of a spec stand for while it is checked. A name means one thing wherever it can
/// be seen: nothing hides anything else.
#pragma once

#include "compiler/spec/Errors.h"

#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Support/JSON.h"

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace ashlar {

/// A value that is known when the model is built. Integers are exact; the first is null; a list is
/// the config's, which outlives it.
using Constant =
    std::variant<std::monostate, bool, int64_t, double, std::string, const llvm::json::Array *>;
std::string show(const Constant &constant);
llvm::StringRef typeName(const Constant &constant);
/// Of an integer or a real number.
std::optional<double> asNumber(const Constant &constant);

struct Symbol {
  enum Kind : uint8_t { IsConstant, IsWeight, IsAbsentWeight, IsRope, IsValue };
  Kind kind;
  llvm::StringRef name; // where it was declared: points into the spec
  Constant constant = {};
  llvm::SmallVector<std::string, 1> keys = {}; // some config keys that a constant came from
  uint32_t id = 0;                             // of the weight, rope or value
  uint64_t heads = 0;                          // of a value that is seen as split into heads
};

class Symbols {
public:
  /// False, with an error, where the name stands for something already.
  bool define(Symbol symbol, Errors &errors);
  const Symbol *find(llvm::StringRef name) const;
  /// `unknown name "x"`, with the nearest name that is known.
  void reportUnknown(llvm::StringRef name, Errors &errors) const;
  llvm::StringRef nearestTo(llvm::StringRef name) const;

  /// Names defined after a mark go when it is released.
  size_t mark() const { return symbols.size(); }
  void release(size_t mark);

private:
  std::vector<Symbol> symbols;
  llvm::StringMap<uint32_t> byName;
};

} // namespace ashlar
