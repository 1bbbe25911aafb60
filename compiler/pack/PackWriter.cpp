#include "compiler/pack/Pack.h"
#include "compiler/pack/WeightRows.h"
#include "compiler/support/Files.h"

#include "runtime/Checksum.h"
#include "runtime/FileBytes.h"
#include "runtime/PackFormat.h"
#include "templates/cpu/panels.h"

#include "llvm/Support/FormatVariadic.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace ashlar {

static_assert(std::endian::native == std::endian::little, "packs are little-endian");

namespace {
/// Writes a file front to back, from a base on, with sums over what passes.
class Output {
public:
  Output(int file, uint64_t base, llvm::StringRef name, Diagnostics &diags)
      : file(file), base(base), name(name), diags(diags) {}

  uint64_t position() const { return at; }
  bool write(const void *data, uint64_t bytes) {
    if (!writeAt(file, data, bytes, base + at)) {
      diags.error(Exit::InputOutput, name,
                  llvm::formatv("cannot write at byte {0}: {1}", base + at, std::strerror(errno)));
      return false;
    }
    at += bytes;
    return true;
  }
  bool padTo(uint64_t position) {
    static constexpr char zeros[PackAlignment] = {};
    while (at < position)
      if (!write(zeros, std::min<uint64_t>(position - at, sizeof(zeros))))
        return false;
    return true;
  }
  /// The header's place was kept; now its numbers are known.
  bool rewriteHeader(const PackHeader &header) {
    at = 0;
    return write(&header, sizeof(header));
  }

private:
  int file;
  uint64_t base;
  llvm::StringRef name;
  Diagnostics &diags;
  uint64_t at = 0;
};

class Writer {
public:
  Writer(Output &out, const plan::Plan &plan, const Checkpoint &checkpoint, Diagnostics &diags)
      : out(out), plan(plan), checkpoint(checkpoint), diags(diags), source(checkpoint, diags) {}

  bool write(llvm::StringRef tokenizer);

private:
  bool weight(const plan::Weight &weight);
  template <class T> bool panels(const plan::Weight &weight, const Tensor &tensor);
  bool rows(const plan::Weight &weight, const Tensor &tensor);
  bool blob(PackKind kind, llvm::StringRef name, llvm::StringRef bytes);
  void entry(PackKind kind, llvm::StringRef name, uint64_t offset, uint64_t bytes, uint64_t sum);

  Output &out;
  const plan::Plan &plan;
  const Checkpoint &checkpoint;
  Diagnostics &diags;
  WeightRows source;
  std::vector<PackEntry> entries;
  std::string names;
};

} // namespace

void Writer::entry(PackKind kind, llvm::StringRef name, uint64_t offset, uint64_t bytes,
                   uint64_t sum) {
  PackEntry entry{};
  entry.nameOffset = names.size();
  entry.nameBytes = uint32_t(name.size());
  entry.kind = kind;
  entry.offset = offset;
  entry.bytes = bytes;
  entry.checksum = sum;
  entries.push_back(entry);
  names += name;
}

template <class T> bool Writer::panels(const plan::Weight &weight, const Tensor &tensor) {
  using Value = typename T::storage;
  std::vector<Value> panel(size_t(cpu::panelSize<T>(int64_t(weight.columns))));
  Checksum sum;
  uint64_t start = out.position();
  uint64_t step = alignUp(
      WeightRows::atATime(weight, std::max<uint64_t>(bitsOf(tensor.type) / 8, sizeof(Value))),
      host::PanelRows);
  for (uint64_t first = 0; first < weight.rows; first += step) {
    uint64_t loaded = std::min<uint64_t>(step, weight.rows - first);
    if (!source.load(weight, tensor, weight.type, first, loaded))
      return false;
    for (uint64_t part = 0; part < loaded; part += host::PanelRows) {
      uint64_t count = std::min<uint64_t>(host::PanelRows, loaded - part);
      const Value *pointers[host::PanelRows] = {};
      for (uint64_t row = 0; row < count; ++row)
        pointers[row] =
            reinterpret_cast<const Value *>(source.rows().data()) + (part + row) * weight.columns;
      cpu::packPanel<T>(pointers, int64_t(count), int64_t(weight.columns), panel.data());
      sum.add(panel.data(), panel.size() * sizeof(Value));
      if (!out.write(panel.data(), panel.size() * sizeof(Value)))
        return false;
    }
  }
  entry(PackKind::Weight, weight.name, start, out.position() - start, sum.value());
  return true;
}

bool Writer::rows(const plan::Weight &weight, const Tensor &tensor) {
  uint64_t step = WeightRows::atATime(weight, sizeof(float));
  Checksum sum;
  uint64_t start = out.position();
  for (uint64_t first = 0; first < weight.rows; first += step) {
    if (!source.load(weight, tensor, weight.type, first, std::min(step, weight.rows - first)))
      return false;
    const std::vector<char> &bytes = source.rows();
    sum.add(bytes.data(), bytes.size());
    if (!out.write(bytes.data(), bytes.size()))
      return false;
  }
  entry(PackKind::Weight, weight.name, start, out.position() - start, sum.value());
  return true;
}

bool Writer::weight(const plan::Weight &weight) {
  const Tensor *tensor = checkpoint.find(weight.tensor);
  if (!tensor || bitsOf(tensor->type) * weight.rows * weight.columns != tensor->bytes.value * 8)
    internalError("weight " + weight.name + " of the plan has no tensor of its size");
  bool written = false;
  if (weight.layout != plan::Layout::Panels)
    written = rows(weight, *tensor);
  else if (weight.type == DataType::F32)
    written = panels<F32>(weight, *tensor);
  else if (weight.type == DataType::F16)
    written = panels<F16>(weight, *tensor);
  else
    written = panels<BF16>(weight, *tensor);
  if (!written)
    return false;
  entries.back().type = uint8_t(weight.type);
  entries.back().layout = uint8_t(weight.layout);
  if (entries.back().bytes != weight.size.value)
    internalError("weight " + weight.name + " takes other bytes in the pack than in the plan");
  return true;
}

bool Writer::blob(PackKind kind, llvm::StringRef name, llvm::StringRef bytes) {
  uint64_t start = alignUp(out.position(), PackAlignment);
  if (!out.padTo(start) || !out.write(bytes.data(), bytes.size()))
    return false;
  entry(kind, name, start, bytes.size(), Checksum::of(bytes.data(), bytes.size()));
  return true;
}

bool Writer::write(llvm::StringRef tokenizer) {
  if (!source.open())
    return false;
  std::string planText = plan::text(plan);
  PackHeader header{};
  if (!out.write(&header, sizeof(header))) // its numbers come last
    return false;
  for (const plan::Step &step : plan.phase("load")->steps) {
    if (!out.padTo(step.packOffset))
      return false;
    for (const plan::Weight &w : plan.units[step.unit].weights)
      if (!out.padTo(step.packOffset + w.place.offset - step.to.offset) || !weight(w))
        return false;
    if (!out.padTo(step.packOffset + step.bytes.value))
      return false;
  }
  std::string report;
  llvm::raw_string_ostream reportOut(report);
  plan::printReportJson(plan, reportOut);
  if (!blob(PackKind::Plan, "plan", planText) || !blob(PackKind::Report, "report", report) ||
      (!tokenizer.empty() && !blob(PackKind::Tokenizer, "tokenizer", tokenizer)) ||
      !out.padTo(alignUp(out.position(), 64)))
    return false;

  std::memcpy(header.magic, PackMagic, sizeof(PackMagic));
  header.version = PackVersion;
  header.entries = uint32_t(entries.size());
  std::memcpy(header.planDigest, digest(planText).data(), sizeof(header.planDigest));
  std::memcpy(header.modelDigest, plan.modelDigest.data(), sizeof(header.modelDigest));
  header.indexOffset = out.position();
  header.namesOffset = header.indexOffset + entries.size() * sizeof(PackEntry);
  header.namesBytes = names.size();
  if (!out.write(entries.data(), entries.size() * sizeof(PackEntry)) ||
      !out.write(names.data(), names.size()) || !out.padTo(alignUp(out.position(), 64)))
    return false;

  Checksum sum;
  sum.add(&header, sizeof(header));
  sum.add(entries.data(), entries.size() * sizeof(PackEntry));
  sum.add(names.data(), names.size());
  PackTrailer trailer{};
  trailer.packBytes = out.position() + sizeof(trailer);
  trailer.indexChecksum = sum.value();
  std::memcpy(trailer.magic, PackEndMagic, sizeof(PackEndMagic));
  return out.write(&trailer, sizeof(trailer)) && out.rewriteHeader(header);
}

bool writePack(int file, uint64_t base, llvm::StringRef name, const plan::Plan &plan,
               const Checkpoint &checkpoint, llvm::StringRef tokenizer, Diagnostics &diags) {
  Output out(file, base, name, diags);
  return Writer(out, plan, checkpoint, diags).write(tokenizer);
}

bool writePackFile(const std::string &path, const plan::Plan &plan, const Checkpoint &checkpoint,
                   llvm::StringRef tokenizer, Diagnostics &diags) {
  return replaceFile(path, std::nullopt, diags, [&](int file) {
    return writePack(file, 0, path, plan, checkpoint, tokenizer, diags);
  });
}

} // namespace ashlar
