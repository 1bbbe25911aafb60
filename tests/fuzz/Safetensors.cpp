// Files of weights: what is read has every tensor within the file, side by side, under names that
// differ. An input that begins as a header does becomes one, before as much data as it describes:
// else hardly any would have the right length. Every other is a file as it is.
#include "tests/fuzz/Fuzz.h"

#include "compiler/checkpoint/Checkpoint.h"
#include "compiler/checkpoint/Safetensors.h"

#include "llvm/Support/Endian.h"

#include <algorithm>
#include <set>

using namespace ashlar;

static void checkTensors(const Checkpoint &checkpoint, uint64_t size) {
  std::vector<Tensor> tensors = checkpoint.tensors;
  std::sort(tensors.begin(), tensors.end(), [](const Tensor &a, const Tensor &b) {
    return std::pair(a.offset, a.bytes.value) < std::pair(b.offset, b.bytes.value);
  });
  uint64_t end = tensors.empty() ? size : tensors.front().offset;
  std::set<std::string> names;
  for (const Tensor &tensor : tensors) {
    fuzz::require(tensor.offset == end, "tensors are not side by side", tensor.name);
    fuzz::require(tensor.bytes.value <= size - end, "a tensor ends behind its file", tensor.name);
    fuzz::require(names.insert(tensor.name).second, "a name is there twice", tensor.name);
    end += tensor.bytes.value;
  }
  fuzz::require(end == size, "bytes are left over");
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static fuzz::File file;
  llvm::StringRef bytes = fuzz::input(data, size);
  std::string whole;
  uint64_t length = size;
  if (bytes.ltrim(" \n").starts_with("{")) {
    char prefix[8];
    llvm::support::endian::write64le(prefix, size);
    whole.assign(prefix, 8).append(bytes);
    bytes = whole;
    length = whole.size();
    std::vector<Tensor> tensors;
    fuzz::Quiet first;
    if (parseHeader("input", llvm::StringRef(whole).substr(8), tensors, first.diags))
      for (const Tensor &tensor : tensors)
        length = std::max(
            length, 8 + size + std::min(tensor.offset + tensor.bytes.value, uint64_t(1) << 62));
  }
  file.hold(bytes, length);
  Checkpoint checkpoint;
  fuzz::Quiet quiet;
  if (quiet.took(readSafetensors(file.path(), checkpoint, quiet.diags)))
    checkTensors(checkpoint, length);
  return 0;
}
