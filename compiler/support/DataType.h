/// The number types that weights and caches are stored in. All arithmetic is in f32.
#pragma once

#include "llvm/ADT/StringRef.h"

#include <cstdint>
#include <optional>

namespace ashlar {

enum class DataType : uint8_t { F32, F16, BF16 };

inline uint64_t bytesOf(DataType type) { return type == DataType::F32 ? 4 : 2; }

/// "f32", "f16", "bf16": in specs, plans and options.
inline llvm::StringRef name(DataType type) {
  switch (type) {
  case DataType::F32:
    return "f32";
  case DataType::F16:
    return "f16";
  case DataType::BF16:
    return "bf16";
  }
  return "";
}

inline std::optional<DataType> parseDataType(llvm::StringRef text) {
  for (DataType type : {DataType::F32, DataType::F16, DataType::BF16})
    if (text == name(type))
      return type;
  return std::nullopt;
}

} // namespace ashlar
