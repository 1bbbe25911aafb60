/// The types that weights and caches are stored in. Sums are in f32 throughout.
#pragma once

#include "llvm/ADT/StringRef.h"

#include <cstdint>
#include <iterator>
#include <optional>

namespace ashlar {

/// Numbers of their own; then whole numbers that share a scale, which weights of products and, of
/// int8, caches are stored in (runtime/Step.h states how).
enum class DataType : uint8_t { F32, F16, BF16, Int8, Int4 };

inline constexpr DataType DataTypes[] = {DataType::F32, DataType::F16, DataType::BF16,
                                         DataType::Int8, DataType::Int4};
inline constexpr DataType NumberTypes[] = {DataType::F32, DataType::F16, DataType::BF16};

/// A value for each type.
template <class T> struct ByType {
  T values[std::size(DataTypes)] = {};
  T &operator[](DataType type) { return values[static_cast<size_t>(type)]; }
  const T &operator[](DataType type) const { return values[static_cast<size_t>(type)]; }
};

constexpr bool isQuantized(DataType type) {
  return type == DataType::Int8 || type == DataType::Int4;
}

/// Of a number that is not quantized.
inline uint64_t bytesOf(DataType type) { return type == DataType::F32 ? 4 : 2; }

/// "f32", "f16", "bf16", "int8", "int4": in specs, plans and options.
inline llvm::StringRef name(DataType type) {
  switch (type) {
  case DataType::F32:
    return "f32";
  case DataType::F16:
    return "f16";
  case DataType::BF16:
    return "bf16";
  case DataType::Int8:
    return "int8";
  case DataType::Int4:
    return "int4";
  }
  return "";
}

inline std::optional<DataType> parseDataType(llvm::StringRef text) {
  for (DataType type : DataTypes)
    if (text == name(type))
      return type;
  return std::nullopt;
}

} // namespace ashlar
