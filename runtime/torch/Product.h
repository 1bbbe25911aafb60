/// How kernels ask LibTorch for a product.
#pragma once

#include "runtime/Step.h"
#include "runtime/torch/Operations.h"

namespace ashlar {

/// y = x w^T, by the LibTorch of the step, on this thread. What goes wrong there is told behind the
/// step.
void torchProduct(const StepState &step, AshlarTorchType type, const AshlarTorchMatrix &x,
                  const AshlarTorchMatrix &w, const AshlarTorchMatrix &y);

} // namespace ashlar
