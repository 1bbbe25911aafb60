/// The kernel calls of a unit, and which of them must wait for others.
#pragma once

#include "compiler/emit/Names.h"

namespace ashlar::emission {

/// Bytes of a memory that a call reads or writes.
struct Access {
  uint32_t memory = 0;
  uint64_t begin = 0, end = 0;
};

/// One line of emitted code: a call of a kernel, with what it touches.
struct Call {
  std::string kernel;    // "linear", "rotate<6, 32>"
  std::string space;     // of the kernel: "torch"; empty: that of the unit's processor
  std::string arguments; // behind the step: "act::a, at.q, act::q"
  std::string comment;   // the shape of the result: "[T, 192]"
  bool lastOnly = false; // works on the one row whose logits are wanted
  bool rounds = false;   // a product that rounds the rows that it reads
  std::vector<Access> reads, writes;
};

/// What a step takes: one row, one of each sequence of a batch, or a chunk of several.
enum class StepRows : uint8_t { One, Batch, Chunk };

/// The calls of a unit in order.
std::vector<Call> callsOf(const Names &names, uint32_t unit, StepRows rows);

/// Puts calls that need not wait for each other side by side: each comes as early as what it reads
/// is written, and what it writes over is read; those for the row whose logits are wanted are the
/// last. Before the call at each of these indices all earlier ones must be done. Chunks of one call
/// touch places of their own, so an elementwise call may write over its input.
std::vector<bool> arrange(std::vector<Call> &calls);

} // namespace ashlar::emission
