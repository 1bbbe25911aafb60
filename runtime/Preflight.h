/// Compares the machine with what the plan was made for, before a byte is allocated.
#pragma once

#include "runtime/Failure.h"
#include "runtime/ModelInfo.h"

#include <string>
#include <vector>

namespace ashlar {

/// One row of the table of `app check`.
struct Finding {
  std::string what;    // "memory", "instructions"
  std::string planned; // "1234567 bytes"
  std::string found;
  ExitCode missing = ExitCode::Done; // Done: it is there
};

std::vector<Finding> preflight(const ModelInfo &model);

/// The table; a row that is not met says so.
std::string table(const std::vector<Finding> &findings);

/// A failure with the table when something is missing.
Failure refuse(const std::vector<Finding> &findings);

/// Bytes that this process may still take: available memory, or less where a control group says so.
uint64_t availableBytes();

} // namespace ashlar
