/// The streams of a model by the names that a spec gives them.
#pragma once

#include "compiler/spec/Model.h"

#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringSet.h"

#include <map>

namespace ashlar {

class Streams {
public:
  explicit Streams(Model &model) : model(model) {}

  /// What a name stands for at this point of the spec.
  std::optional<StreamId> find(llvm::StringRef name) const;
  StreamId add(llvm::StringRef name, uint64_t columns, bool lastOnly);
  /// Lets a name stand for another stream: one of this shape that it stood for before, which
  /// nothing can read any more, or one that is added. The input keeps its rows.
  StreamId renew(llvm::StringRef name, uint64_t columns, bool lastOnly);
  /// The nearest name that a block may read.
  llvm::StringRef nearestTo(llvm::StringRef name) const;

private:
  using Shape = std::pair<uint64_t, bool>;
  struct Named {
    StreamId now{};
    unsigned count = 1; // of the streams that it has stood for
    std::map<Shape, llvm::SmallVector<StreamId, 2>> free;
  };
  StreamId push(llvm::StringRef name, uint64_t columns, bool lastOnly, unsigned &count);

  Model &model;
  llvm::StringMap<Named> named;
  llvm::StringSet<> taken; // names of the model's streams
};

} // namespace ashlar
