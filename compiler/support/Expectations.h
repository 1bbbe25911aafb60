/// Messages that a file says it expects, in its own comments (`--verify-diagnostics`):
///
///   weight q[H] = "q_proj.weight"  # expected-error {{linear takes a weight of two sizes}}
///
/// `expected-error`, `expected-warning` or `expected-note`, with `@+N` or `@-N` for a line below or
/// above and `@unknown` for a message that has no line; between the braces a part of its text.
#pragma once

#include "compiler/support/Diagnostics.h"

namespace ashlar {

/// Whether every error and warning that was collected is expected, and everything expected came.
/// The differences are printed. Notes need not be expected.
bool meetsExpectations(Diagnostics &diags, llvm::raw_ostream &out);

} // namespace ashlar
