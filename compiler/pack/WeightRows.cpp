#include "compiler/pack/WeightRows.h"

#include "compiler/pack/Convert.h"

#include "runtime/FileBytes.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/FormatVariadic.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace ashlar {

/// Bytes that are read of a tensor at a time, however wide a row is.
static constexpr uint64_t ReadBytes = 4 << 20;
/// Of a transposed one, where a read of many rows is as many short ones of the file.
static constexpr uint64_t TurnedBytes = 16 << 20;

WeightSource::~WeightSource() {
  if (file >= 0)
    close(file);
}

bool WeightSource::open(const WeightFile &of, Diagnostics &diags) {
  description = &of;
  file = ::open(of.path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  return isUnchanged(diags);
}

bool WeightSource::isUnchanged(Diagnostics &diags) const {
  const WeightFile &of = *description;
  struct stat facts {};
  if (file < 0 || fstat(file, &facts) != 0) {
    diags.error(Exit::InputOutput, of.path,
                llvm::formatv("cannot read the weights: {0}", std::strerror(errno)));
    return false;
  }
  if (uint64_t(facts.st_size) == of.size && nanosOf(facts.st_ctim) == of.changedNanos)
    return true;
  diags.error(Exit::InputOutput, of.path, "the file changed after its header was read");
  diags.note("run the command again when nothing writes to the checkpoint");
  return false;
}

bool WeightSource::read(void *to, uint64_t bytes, uint64_t offset, Diagnostics &diags) const {
  if (readAt(file, to, bytes, offset))
    return true;
  diags.error(Exit::InputOutput, description->path,
              llvm::formatv("cannot read at byte {0}: {1}", offset,
                            errno ? std::strerror(errno) : "the file became shorter"));
  return false;
}

bool WeightRows::open() {
  sources.resize(checkpoint.files.size());
  for (auto [source, file] : llvm::zip_equal(sources, checkpoint.files))
    if (!source.open(file, diags))
      return false;
  return true;
}

bool WeightRows::areUnchanged() const {
  return llvm::all_of(sources, [&](auto &source) { return source.isUnchanged(diags); });
}

uint64_t WeightRows::atATime(const plan::Weight &weight, uint64_t width) {
  return std::max<uint64_t>(1, (weight.transposed ? TurnedBytes : ReadBytes) /
                                   (weight.columns * width));
}

bool WeightRows::convertRaw(const Tensor &tensor, DataType type, std::vector<char> &into) {
  uint64_t elements = raw.size() / (bitsOf(tensor.type) / 8);
  into.resize(elements * bytesOf(type));
  if (convert(raw.data(), tensor.type, into.data(), type, elements))
    return true;
  diags.error(Exit::BadInput, checkpoint.files[tensor.file].path,
              llvm::formatv("tensor \"{0}\" has numbers that are too large for {1}", tensor.name,
                            name(type)));
  diags.note("store the weights as bf16 or f32: --dtype bf16");
  return false;
}

bool WeightRows::load(const plan::Weight &weight, const Tensor &tensor, DataType type,
                      uint64_t first, uint64_t count) {
  if (weight.transposed)
    return loadTurned(weight, tensor, type, first, count);
  uint64_t row = weight.columns * (bitsOf(tensor.type) / 8);
  raw.resize(count * row);
  return sources[tensor.file].read(raw.data(), raw.size(), tensor.offset + first * row, diags) &&
         convertRaw(tensor, type, converted);
}

bool WeightRows::loadTurned(const plan::Weight &weight, const Tensor &tensor, DataType type,
                            uint64_t first, uint64_t count) {
  uint64_t width = bitsOf(tensor.type) / 8;
  raw.resize(weight.columns * count * width);
  for (uint64_t line = 0; line < weight.columns; ++line)
    if (!sources[tensor.file].read(raw.data() + line * count * width, count * width,
                                   tensor.offset + (line * weight.rows + first) * width, diags))
      return false;
  std::vector<char> lines;
  if (!convertRaw(tensor, type, lines))
    return false;
  converted.resize(lines.size());
  auto turn = [&](auto value) {
    using Value = decltype(value);
    const Value *from = reinterpret_cast<const Value *>(lines.data());
    Value *to = reinterpret_cast<Value *>(converted.data());
    constexpr uint64_t Tile = 64; // lines whose cache lines stay near
    for (uint64_t begin = 0; begin < weight.columns; begin += Tile)
      for (uint64_t row = 0; row < count; ++row)
        for (uint64_t line = begin; line < std::min(begin + Tile, weight.columns); ++line)
          to[row * weight.columns + line] = from[line * count + row];
  };
  if (type == DataType::F32)
    turn(float());
  else
    turn(uint16_t());
  return true;
}

} // namespace ashlar
