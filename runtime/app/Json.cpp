#include "runtime/app/Json.h"

#include "runtime/app/Verbs.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstring>

namespace ashlar {

void JsonOutput::flush() {
  if (!failure)
    failure = put(STDOUT_FILENO, buffer, used, "standard output");
  used = 0;
}

void JsonOutput::raw(std::string_view text) {
  while (!text.empty()) {
    if (used == sizeof(buffer))
      flush();
    size_t part = std::min(text.size(), sizeof(buffer) - used);
    std::memcpy(buffer + used, text.data(), part);
    used += uint32_t(part);
    text.remove_prefix(part);
  }
}

void JsonOutput::escaped(std::string_view text) {
  for (const char &c : text) {
    char code[8];
    if (c == '"' || c == '\\')
      raw("\\");
    if (uint8_t(c) >= 0x20)
      raw({&c, 1});
    else if (c == '\n')
      raw("\\n");
    else
      raw({code, size_t(std::snprintf(code, sizeof(code), "\\u%04x", unsigned(c)))});
  }
}

void JsonOutput::number(uint64_t value) {
  char digits[24];
  raw({digits, size_t(std::snprintf(digits, sizeof(digits), "%llu", (unsigned long long)value))});
}

void JsonOutput::number(double value) {
  char digits[32];
  raw({digits, size_t(std::snprintf(digits, sizeof(digits), "%.9g", value))});
}

Failure JsonOutput::finish() {
  flush();
  return failure;
}

} // namespace ashlar
