/// Time, measured so that a disturbance does not count.
#pragma once

#include "compiler/machine/Machine.h"

#include "llvm/ADT/STLFunctionalExtras.h"

namespace ashlar {

/// Of a clock that only goes forward.
double seconds();

/// The fastest of up to `repeats` calls, fewer when together they take longer than `budget`
/// seconds. What else runs on a machine only ever adds time: the median of a busy one says more
/// about its neighbours than about itself.
double fastestSeconds(unsigned repeats, double budget, llvm::function_ref<void()> body);

/// `amount` in `seconds`, to three digits: more were never measured.
Rate measured(double amount, double seconds);

} // namespace ashlar
