/// Whether the numbers that an app computes are those of its plain form.
#pragma once

#include "runtime/Session.h"

namespace ashlar {

/// How far one form of a step is from its plain form, over all rows that were compared.
struct Comparison {
  const char *form; // "prefill", "decode", "forward"
  uint64_t rows = 0;
  double largest = 0; // difference, relative to the largest magnitude in the row; or infinite
  uint64_t row = 0, column = 0; // where that is: a position in the sequence and a token id
};

/// Sums in another order differ by parts in a million, and by more where a cache or an activation
/// is rounded in between; a product that is computed wrongly shows in the first digits.
inline constexpr double AllowedDifference = 1e-3;

/// Runs some tokens, or rows, through the plain form and the others. The session must be open.
Failure comparePlain(Session &session, std::vector<Comparison> &into);

} // namespace ashlar
