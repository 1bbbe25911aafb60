/// What the printer and the reader of plan text agree on: how names and strings are written, and
/// the facts that are printed although they follow from others, so that a person, a test or a cut
/// file shows them.
#pragma once

#include "compiler/plan/Plan.h"
#include "compiler/support/DiskHome.h"

namespace ashlar::plan {

inline constexpr llvm::StringLiteral Header = "ashlar plan 1";

/// The characters of names that are written without quotes.
bool isBare(char c);

/// A name as it is, or quoted where it holds other characters.
std::string nameText(llvm::StringRef name);
std::string quoted(llvm::StringRef string);

/// Capacity less what is taken; negative where a plan does not fit.
std::string slackText(const Memory &memory);

/// By how much the time exceeds the bound, in thousandths: "0.011"; "unknown" without a bound.
std::string gapText(const Prediction &prediction);

/// The numbers of the last line.
struct Totals {
  uint64_t units = 0, weights = 0, values = 0, steps = 0;
  uint64_t bytes = 0; // of all weights
};
Totals totals(const Plan &plan);

} // namespace ashlar::plan
