/// Compares the machine with what the plan was made for, before a byte is allocated.
#pragma once

#include "runtime/Failure.h"
#include "runtime/ModelInfo.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace ashlar {

/// One row of the table of `app check`.
struct Finding {
  std::string what;    // "host memory", "instructions"
  std::string planned; // "1234567 bytes"
  std::string found;
  ExitCode missing = ExitCode::Done; // Done: it is there
  // Of what is counted: the numbers, and what the plan's is the sum of.
  std::optional<uint64_t> plannedCount = {}, foundCount = {};
  std::vector<std::pair<std::string, uint64_t>> parts = {};
};

/// `torchIsHere`: this process has LibTorch, and what that takes, already. `root`: of HostLimits.h.
std::vector<Finding> preflight(const ModelInfo &model, bool torchIsHere,
                               const std::string &root = "");

/// The table; a row that is not met says so, and one that is a sum has its parts below it if they
/// are wanted.
std::string table(const std::vector<Finding> &findings, bool withParts);

/// A failure with the table when something is missing.
Failure refuse(const std::vector<Finding> &findings);

} // namespace ashlar
