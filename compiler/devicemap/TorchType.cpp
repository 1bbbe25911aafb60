#include "compiler/devicemap/TorchType.h"

#include "llvm/ADT/ArrayRef.h"

namespace ashlar::devicemap {
namespace {

struct Entry {
  llvm::StringLiteral name;
  uint16_t countedBits; // Accelerate's: the digits that end the name, cut to whole bytes
  uint8_t storedBytes;
  bool neverCast = false;
};

// Accelerate reads the bits of a type from the end of its name and divides them by 8: so the names
// of packed types give 0. Only bool and its own types of the last rows are told apart.
constexpr Entry table[] = {
    {"float32", 32, 4},
    {"float16", 16, 2},
    {"bfloat16", 16, 2},
    {"float64", 64, 8},
    {"float8_e4m3fn", 8, 1},
    {"float8_e4m3fnuz", 8, 1},
    {"float8_e5m2", 8, 1},
    {"float8_e5m2fnuz", 8, 1},
    {"float8_e8m0fnu", 8, 1},
    {"float4_e2m1fn_x2", 0, 1},
    {"complex32", 32, 4},
    {"complex64", 64, 8},
    {"complex128", 128, 16},
    {"bool", 1, 1, true},
    {"int8", 8, 1, true},
    {"int16", 16, 2, true},
    {"int32", 32, 4, true},
    {"int64", 64, 8, true},
    {"uint8", 8, 1, true},
    {"uint16", 16, 2, true},
    {"uint32", 32, 4, true},
    {"uint64", 64, 8, true},
    {"int1", 0, 1, true},
    {"int2", 0, 1, true},
    {"int3", 0, 1, true},
    {"int4", 0, 1, true},
    {"int5", 0, 1, true},
    {"int6", 0, 1, true},
    {"int7", 0, 1, true},
    {"uint1", 0, 1, true},
    {"uint2", 0, 1, true},
    {"uint3", 0, 1, true},
    {"uint4", 0, 1, true},
    {"uint5", 0, 1, true},
    {"uint6", 0, 1, true},
    {"uint7", 0, 1, true},
    {"qint8", 8, 1},
    {"qint32", 32, 4},
    {"quint8", 8, 1},
    {"quint4x2", 0, 1},
    {"quint2x4", 0, 1},
    {"bits8", 8, 1},
    {"bits16", 16, 2},
    {"bits1x8", 8, 1},
    {"bits2x4", 0, 1},
    {"bits4x2", 0, 1},
    // Of plans only.
    {"INT2", 2, 1},
    {"INT4", 4, 1},
    {"FP8", 8, 1},
};
constexpr size_t OfTensors = std::size(table) - 3;

constexpr struct {
  llvm::StringLiteral alias, name;
} aliases[] = {
    {"float", "float32"},      {"half", "float16"},    {"double", "float64"},
    {"short", "int16"},        {"int", "int32"},       {"long", "int64"},
    {"bit", "uint1"},          {"chalf", "complex32"}, {"cfloat", "complex64"},
    {"cdouble", "complex128"}, {"f32", "float32"},     {"f16", "float16"},
    {"bf16", "bfloat16"},
};

const Entry &entry(TorchType type) { return table[static_cast<size_t>(type)]; }

std::optional<TorchType> find(llvm::StringRef name, size_t count) {
  name.consume_front("torch.");
  for (auto &[alias, meant] : aliases)
    if (name == alias)
      name = meant;
  for (size_t i = 0; i != count; ++i)
    if (table[i].name == name)
      return static_cast<TorchType>(i);
  return std::nullopt;
}

} // namespace

std::optional<TorchType> parseTorchType(llvm::StringRef name) { return find(name, OfTensors); }

std::optional<TorchType> parsePlannedType(llvm::StringRef name) {
  return find(name, std::size(table));
}

llvm::StringRef name(TorchType type) { return entry(type).name; }

bool isNeverCast(TorchType type) { return entry(type).neverCast; }

Number acceleratedBytes(TorchType type, Int elements) {
  unsigned bits = entry(type).countedBits;
  if (bits % 8 == 0)
    return Number(elements * (bits / 8));
  return Number::real(static_cast<double>(elements) * (bits / 8.0));
}

TorchType smaller(TorchType a, TorchType b) {
  return entry(b).countedBits < entry(a).countedBits ? b : a;
}

uint64_t storedBytes(TorchType type) { return entry(type).storedBytes; }

std::string knownTorchTypes() {
  std::string names;
  for (const Entry &known : llvm::ArrayRef(table).take_front(OfTensors))
    names += (names.empty() ? "" : ", ") + known.name.str();
  return names;
}

} // namespace ashlar::devicemap
