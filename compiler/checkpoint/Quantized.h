/// Recognises quantised checkpoints: by what their config says, or by their tensors, where the
/// config says nothing. Their integers must never be read as weights.
#pragma once

#include "compiler/checkpoint/Checkpoint.h"

namespace ashlar {

struct Quantization {
  std::string method;   // as Transformers names it
  const Tensor *tensor; // that shows it
};

/// Looks at the tensors that no weight of the model is bound to, sorted by name.
std::optional<Quantization> quantizationOf(const Checkpoint &checkpoint,
                                           llvm::ArrayRef<std::string> unread);

} // namespace ashlar
