/// The kernel calls of a unit, and which of them must wait for others.
#pragma once

#include "compiler/emit/Names.h"

namespace ashlar::emission {

/// Bytes of a memory that a call reads or writes.
struct Access {
  uint32_t memory = 0;
  uint64_t begin = 0, end = 0;
};

/// Whether any bytes are in both.
bool meet(const std::vector<Access> &a, const std::vector<Access> &b);

/// How a call of one row can be joined with others: a norm with the products that read what it
/// makes, and products of the same row with each other.
struct Joint {
  enum Kind : uint8_t { Norm, Product, Gated } kind;
  ValueId row, result; // what it reads and makes
  size_t reads;        // of a norm's result, by the unit; of its row, by a product
  std::string made;    // by a norm: "rmsnormed(stream::x, at.n1, 1e-05f)"
  std::string given;   // to a product as its row: "act::a"
  std::string rest;    // of its arguments, behind the row: "at.q, act::q1"
  // Of a product's weights: only equal ones are multiplied in one call.
  DataType type = DataType::F32;
  plan::Layout layout = plan::Layout::Rows;
  bool normed = false; // its row has become a norm that it computes itself
};

/// One call of a kernel in emitted code, with what it touches.
struct Call {
  std::string kernel;    // "linear", "rotate<6, 32>"
  std::string space;     // of the kernel: "torch"; empty: that of the unit's processor
  std::string arguments; // behind the step: "act::a, at.q, act::q"
  std::string comment;   // the shape of the result: "[T, 192]"
  /// Of several products: what each is, "to(at.q, act::q)", and its comment.
  std::vector<std::pair<std::string, std::string>> parts;
  bool lastOnly = false; // works on the one row whose logits are wanted
  bool rounds = false;   // a product that rounds the rows that it reads
  std::vector<Access> reads, writes;
  std::optional<Joint> joint; // of one row
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

/// Of calls of one row that were arranged so, makes fewer: in a step of one row each call and each
/// wait counts, and more so where what one thread writes is far from the others. Products of the
/// same row become one; and each thread computes what a norm makes of it for itself. `processor` is
/// the namespace of the kernels.
void join(std::vector<Call> &calls, std::vector<bool> &waits, llvm::StringRef processor);

} // namespace ashlar::emission
