/// Whether the numbers that an app computes are those of its plain form.
#pragma once

#include "runtime/Session.h"

namespace ashlar {

/// How far one form of a step is from its plain form, over all rows that were compared.
struct Comparison {
  const char *form; // "prefill", "decode", "batch", "forward"
  double allowed;
  uint64_t rows = 0;
  double squares = 0;           // of what the plain form gave
  double squaredDifference = 0; // infinite where something is no number
  double largest = 0;           // difference of two numbers
  uint64_t row = 0, column = 0; // where that is: a position in the sequence and a token id

  /// The length of all differences together, relative to that of all numbers.
  double difference() const;
};

/// Sums in another order differ by parts in a million. Where a key or value is rounded to 16 bits
/// on its way to the cache, some of them fall to the other side, which shows in a few rows.
/// Something that is computed wrongly shows in the first digits.
inline constexpr double AllowedDifference = 5e-3;
/// Where rows are rounded to bf16 before each product: a part in a thousand for each, and more of
/// them the more layers there are.
inline constexpr double AllowedOfRounded = 5e-2;

/// Runs some tokens, or rows, through the plain form and the others. The session must be open.
Failure comparePlain(Session &session, std::vector<Comparison> &into);

} // namespace ashlar
