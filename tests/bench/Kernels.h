/// The parts of the benchmark of kernels.
#pragma once

#include "tests/bench/Bench.h"

namespace bench {

void measureProducts(Bench &bench);
void measureAttention(Bench &bench);
void measureRows(Bench &bench);

} // namespace bench
