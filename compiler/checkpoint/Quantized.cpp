#include "compiler/checkpoint/Quantized.h"

namespace ashlar {

namespace {
struct Sign {
  llvm::StringLiteral ending, method;
};
} // namespace

// Those that say one method, before those that several share.
static constexpr Sign signs[] = {
    {".weight_packed", "compressed-tensors"},
    {".weight_scale_inv", "fp8"},
    {".absmax", "bitsandbytes"},
    {".SCB", "bitsandbytes"},
    {".g_idx", "gptq"},
};

/// Another tensor of the same module or parameter.
static const Tensor *beside(const Checkpoint &checkpoint, llvm::StringRef name,
                            llvm::StringRef ending, llvm::StringRef other) {
  return checkpoint.find((name.drop_back(ending.size()) + other).str());
}

std::optional<Quantization> quantizationOf(const Checkpoint &checkpoint,
                                           llvm::ArrayRef<std::string> unread) {
  for (const Sign &sign : signs)
    for (llvm::StringRef name : unread)
      if (name.ends_with(sign.ending))
        return Quantization{sign.method.str(), checkpoint.find(name)};

  for (llvm::StringRef name : unread) {
    const Tensor *tensor = checkpoint.find(name);
    if (name.ends_with(".qweight")) {
      // Both pack eight numbers into one, gptq those of a column and awq those of a row.
      const Tensor *scales = beside(checkpoint, name, ".qweight", ".scales");
      bool alike = scales && !scales->shape.empty() && !tensor->shape.empty() &&
                   scales->shape.back() == tensor->shape.back();
      return Quantization{alike ? "gptq" : "awq", tensor};
    }
    if (name.ends_with("_blocks") && beside(checkpoint, name, "_blocks", "_scales"))
      return Quantization{"mxfp4", tensor};
    if (name.ends_with(".weight_scale")) {
      const Tensor *weight = beside(checkpoint, name, ".weight_scale", ".weight");
      bool integers = weight && weight->type == TensorType::I8;
      return Quantization{integers ? "compressed-tensors" : "fp8", tensor};
    }
  }
  return std::nullopt;
}

} // namespace ashlar
