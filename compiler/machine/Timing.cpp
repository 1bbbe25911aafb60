#include "compiler/machine/Timing.h"

#include <algorithm>
#include <chrono>
#include <cmath>

namespace ashlar {

double seconds() {
  using namespace std::chrono;
  return duration<double>(steady_clock::now().time_since_epoch()).count();
}

double fastestSeconds(unsigned repeats, double budget, llvm::function_ref<void()> body) {
  double start = seconds(), now = start, fastest = HUGE_VAL;
  unsigned done = 0;
  do {
    double before = now;
    body();
    now = seconds();
    fastest = std::min(fastest, now - before);
  } while (++done < repeats && now - start < budget);
  return fastest;
}

Rate measured(double amount, double seconds) {
  double rate = amount / (seconds > 1e-9 ? seconds : 1e-9);
  double unit = std::pow(10, std::floor(std::log10(rate)) - 2);
  return {std::round(rate / unit) * unit, Source::Measured};
}

} // namespace ashlar
