#include "compiler/pack/Pack.h"
#include "compiler/pack/WeightRows.h"
#include "compiler/support/Files.h"
#include "compiler/support/PanelBytes.h"

#include "runtime/Checksum.h"
#include "runtime/FileBytes.h"
#include "runtime/PackFormat.h"
#include "templates/cpu/quantize.h"

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
  Writer(Output &out, const PackContents &contents, std::vector<QuantizedWeight> &quantized,
         Diagnostics &diags)
      : out(out), contents(contents), quantized(quantized), diags(diags),
        source(contents.checkpoint, diags) {}

  bool write();

private:
  bool weight(const plan::Weight &weight);
  bool pack(const plan::Weight &weight, const Tensor &tensor, uint64_t first, uint64_t count,
            QuantizationError &error);
  bool blob(PackKind kind, llvm::StringRef name, llvm::StringRef bytes);
  void entry(PackKind kind, llvm::StringRef name, uint64_t offset, uint64_t bytes, uint64_t sum);

  Output &out;
  const PackContents &contents;
  std::vector<QuantizedWeight> &quantized;
  Diagnostics &diags;
  WeightRows source;
  std::vector<char> packed;
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

/// Writes the rows' panels to `packed`.
bool Writer::pack(const plan::Weight &weight, const Tensor &tensor, uint64_t first, uint64_t count,
                  QuantizationError &error) {
  packed.resize(panelBytes(weight.type, count, weight.columns));
  std::optional<NoLevel> misfit =
      packPanels(weight.type, source.rows().data(), count, weight.columns, packed.data(), error);
  if (!misfit)
    return true;
  uint64_t row = first + misfit->row, column = misfit->column;
  if (weight.transposed)
    std::swap(row, column);
  diags.error(Exit::BadInput, contents.checkpoint.files[tensor.file].path,
              llvm::formatv("tensor \"{0}\" has a number at [{1}, {2}] that {3} cannot hold: it is "
                            "not finite, or larger than {4}",
                            tensor.name, row, column, name(weight.type), cpu::LargestWeight));
  diags.note("leave this weight as it is: --keep " + weight.name);
  return false;
}

bool Writer::weight(const plan::Weight &weight) {
  const Tensor *tensor = contents.checkpoint.find(weight.tensor);
  if (!tensor || bitsOf(tensor->type) * weight.rows * weight.columns != tensor->bytes.value * 8)
    internalError("weight " + weight.name + " of the plan has no tensor of its size");
  bool inPanels = weight.layout == plan::Layout::Panels;
  DataType loaded = isQuantized(weight.type) ? DataType::F32 : weight.type;
  uint64_t width = std::max<uint64_t>(bitsOf(tensor->type) / 8, bytesOf(loaded));
  uint64_t step = alignUp(WeightRows::atATime(weight, width), inPanels ? host::PanelRows : 1);
  Checksum sum;
  QuantizationError error;
  uint64_t start = out.position();
  for (uint64_t first = 0; first < weight.rows; first += step) {
    uint64_t count = std::min(step, weight.rows - first);
    if (!source.load(weight, *tensor, loaded, first, count) ||
        (inPanels && !pack(weight, *tensor, first, count, error)))
      return false;
    const std::vector<char> &bytes = inPanels ? packed : source.rows();
    sum.add(bytes.data(), bytes.size());
    if (!out.write(bytes.data(), bytes.size()))
      return false;
  }
  entry(PackKind::Weight, weight.name, start, out.position() - start, sum.value());
  entries.back().type = uint8_t(weight.type);
  entries.back().layout = uint8_t(weight.layout);
  if (entries.back().bytes != weight.size.value)
    internalError("weight " + weight.name + " takes other bytes in the pack than in the plan");
  if (isQuantized(weight.type))
    quantized.push_back({weight.name, weight.type, error});
  return true;
}

bool Writer::blob(PackKind kind, llvm::StringRef name, llvm::StringRef bytes) {
  uint64_t start = alignUp(out.position(), PackAlignment);
  if (!out.padTo(start) || !out.write(bytes.data(), bytes.size()))
    return false;
  entry(kind, name, start, bytes.size(), Checksum::of(bytes.data(), bytes.size()));
  return true;
}

bool Writer::write() {
  quantized.clear();
  const plan::Plan &plan = contents.plan;
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
  if (!source.areUnchanged())
    return false;
  std::string report;
  llvm::raw_string_ostream reportOut(report);
  plan::printReportJson(plan, reportOut);
  if (!blob(PackKind::Plan, "plan", planText) || !blob(PackKind::Report, "report", report) ||
      (!contents.tokenizer.empty() &&
       !blob(PackKind::Tokenizer, "tokenizer", contents.tokenizer)) ||
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

bool writePack(int file, uint64_t base, llvm::StringRef name, const PackContents &contents,
               std::vector<QuantizedWeight> &quantized, Diagnostics &diags) {
  Output out(file, base, name, diags);
  return Writer(out, contents, quantized, diags).write();
}

bool writePackFile(const std::string &path, const PackContents &contents,
                   std::vector<QuantizedWeight> &quantized, Diagnostics &diags) {
  return replaceFile(path, std::nullopt, diags, [&](int file) {
    return writePack(file, 0, path, contents, quantized, diags);
  });
}

} // namespace ashlar
