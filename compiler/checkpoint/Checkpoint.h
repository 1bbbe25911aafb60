/// A checkpoint as its files describe it: which tensors there are, of which type and shape, and at
/// which bytes of which file. Only headers are read here; the weights stay where they are until
/// the pack is written.
#pragma once

#include "compiler/support/Diagnostics.h"
#include "compiler/support/Quantity.h"

#include "llvm/ADT/ArrayRef.h"

#include <cstdint>
#include <ctime>
#include <optional>
#include <string>
#include <vector>

namespace ashlar {

/// Every type that a safetensors file may hold. What a model can use of them is bind's business.
enum class TensorType : uint8_t {
  Bool,
  U8,
  I8,
  F8E5M2,
  F8E4M3,
  F8E8M0,
  F8E4M3FNUZ,
  F8E5M2FNUZ,
  I16,
  U16,
  F16,
  BF16,
  I32,
  U32,
  F32,
  C64,
  F64,
  I64,
  U64,
  F4,
  F6E2M3,
  F6E3M2,
};
llvm::StringRef name(TensorType type); // "BF16"
uint64_t bitsOf(TensorType type);
std::optional<TensorType> parseTensorType(llvm::StringRef name);

/// "[128, 64]", as in messages and in `print`.
std::string shapeText(llvm::ArrayRef<uint64_t> shape);

/// In an order without padding between them: there may be a million.
struct Tensor {
  std::string name;
  std::vector<uint64_t> shape;
  uint64_t offset = 0; // from the start of the file
  Bytes bytes;
  uint32_t file = 0; // an index into Checkpoint::files
  TensorType type;
};

/// A file of weights, and what must still be true of it when the weights are read.
struct WeightFile {
  std::string path;
  uint64_t size = 0;
  int64_t changedNanos = 0; // of what the system calls its status, which nobody can set back
  std::string headerDigest;
};

/// Nanoseconds since 1970; of a time that 64 bits do not hold, some number that is always the same.
int64_t nanosOf(const timespec &time);

struct Checkpoint {
  std::string directory; // as the user wrote it; empty for a single file
  std::vector<WeightFile> files;
  std::vector<Tensor> tensors; // sorted by name
  Bytes bytes;                 // of all tensors
  const Tensor *find(llvm::StringRef name) const;
};

/// Reads the tensor table of a directory (an index when there is one, else model.safetensors, else
/// the only *.safetensors) or of one .safetensors file.
std::optional<Checkpoint> readCheckpoint(const std::string &path, Diagnostics &diags);

/// Says how to convert weights in another format; false where the name is of none.
bool refuseFormat(llvm::StringRef place, llvm::StringRef name, Diagnostics &diags);

/// Reads one file's header and appends its tensors: the rules of the format, every one checked
/// before a byte of it is trusted.
bool readSafetensors(const std::string &path, Checkpoint &into, Diagnostics &diags);

/// `name type [shape] file offset bytes`, a line a tensor, and totals: `--emit=tensors`.
void print(const Checkpoint &checkpoint, llvm::raw_ostream &out);
/// The same facts as JSON.
void printJson(const Checkpoint &checkpoint, llvm::raw_ostream &out);

} // namespace ashlar
