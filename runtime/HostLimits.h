/// What the system lets this process have, by /proc and by the control groups that it is in: the
/// compiler plans with it, and an app compares its plan with it. Files are looked for below `root`,
/// which is empty but in tests.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace ashlar {

/// A text of the system; empty where it cannot be read. Of a very long one (/proc/cpuinfo on a
/// large machine) it is the first MiB.
std::string systemText(const std::string &path);

/// In bytes.
struct MemoryLimits {
  std::optional<uint64_t> total, available; // of the machine, where it says so
  uint64_t limit = UINT64_MAX;              // the least that a control group sets
  uint64_t left = UINT64_MAX;               // the least that a control group has left
};

MemoryLimits memoryLimits(const std::string &root = "");

/// Bytes that this process may still take, as far as can be told.
uint64_t availableBytes(const std::string &root = "");

/// Processors that this process may use all the time; at least one.
uint32_t usableCores(const std::string &root = "");

} // namespace ashlar
