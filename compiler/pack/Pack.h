/// Writes the pack: each weight in the type and layout that the plan names, at the place that its
/// `load` schedule names. The weights pass through 4 MiB at a time, or 16 where they are stored
/// transposed; nothing is held whole.
#pragma once

#include "compiler/checkpoint/Checkpoint.h"
#include "compiler/pack/Panels.h"
#include "compiler/plan/Plan.h"

namespace ashlar {

struct PackContents {
  const plan::Plan &plan;
  const Checkpoint &checkpoint;
  llvm::StringRef tokenizer; // compiled; empty: none
};

struct QuantizedWeight {
  std::string name;
  DataType type = DataType::Int8;
  QuantizationError error;
};

/// Appends the pack to a file that is open for writing, from `base` (aligned to 4096) on. `name` is
/// the file's, for messages. Exit 4 when a weight file changed since its header was read. The
/// weights that were quantized become what is in `quantized`.
bool writePack(int file, uint64_t base, llvm::StringRef name, const PackContents &contents,
               std::vector<QuantizedWeight> &quantized, Diagnostics &diags);

/// Writes the pack into a file of its own, through a temporary file beside it.
bool writePackFile(const std::string &path, const PackContents &contents,
                   std::vector<QuantizedWeight> &quantized, Diagnostics &diags);

/// A line for each layer: how far its quantized weights are from the checkpoint's. Nothing where
/// none are.
void printAccuracy(const std::vector<QuantizedWeight> &weights, llvm::raw_ostream &out);

/// Whether a pack stands at the end of a file, and its index as text or JSON: `ashlar inspect`.
enum class Inspected : uint8_t { NoPack, Printed, Failed };
Inspected inspectPack(const std::string &path, bool json, llvm::raw_ostream &out,
                      Diagnostics &diags);

} // namespace ashlar
