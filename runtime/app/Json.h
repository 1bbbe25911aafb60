/// Writes JSON, or text as it stands, to standard output, in large pieces. Allocates nothing.
#pragma once

#include "runtime/Failure.h"

#include <cstdint>
#include <string_view>

namespace ashlar {

class JsonOutput {
public:
  /// As it stands: punctuation and keys.
  void raw(std::string_view text);
  /// A part of a string, of valid UTF-8, between quotes that are written as `raw`.
  void escaped(std::string_view text);
  void number(uint64_t value);
  void number(double value); // a finite one

  /// Writes what is left; the first failure of all writing.
  Failure finish();

private:
  void flush();

  Failure failure;
  uint32_t used = 0;
  char buffer[4096];
};

} // namespace ashlar
