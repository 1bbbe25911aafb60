/// The types that keys and values are stored in, and how large they are.
#pragma once

#include "compiler/support/DataType.h"
#include "compiler/support/Quantity.h"

namespace ashlar {

/// Numbers of their own; then whole numbers that share a scale in rows.
inline constexpr DataType CacheTypes[] = {DataType::F32, DataType::F16, DataType::BF16,
                                          DataType::Int8};

/// Of a row of `dim` numbers, with its scale; nothing where 64 bits do not hold it.
inline std::optional<uint64_t> cacheRowBytes(DataType type, uint64_t dim) {
  if (type == DataType::Int8)
    return checkedAdd(dim, sizeof(float));
  return checkedMul(dim, bytesOf(type));
}

} // namespace ashlar
